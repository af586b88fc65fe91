-- +goose Up

-- Each step changes nothing where it was done before: see 00002_operation.sql.

-- Who watches, or did: one row for each viewer of a live, with the latest
-- heartbeat. The end of a broadcast leaves the rows, since there can be very
-- many. They count for nothing from then on: a viewer who comes back to a later
-- broadcast is a new one, and the row moves to that. A sweep deletes the rest.
--   broadcast  the one that the heartbeat is of. All rows that are here now are
--              of the present one. 0, which no broadcast has, is written by
--              programs that do not know this column.
-- The current viewers of a live are counted in the new index, and a sweep finds
-- those of earlier broadcasts in it.
SET @prism_step = (SELECT IF(COUNT(*) > 0, 'DO 0', '
    ALTER TABLE prism_viewer
        ADD COLUMN broadcast BIGINT NOT NULL DEFAULT 0,
        ADD INDEX prism_viewer_by_broadcast (live_id, broadcast, seen_at),
        DROP INDEX prism_viewer_by_seen')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'prism_viewer' AND column_name = 'broadcast');
PREPARE prism_step FROM @prism_step;
EXECUTE prism_step;
DEALLOCATE PREPARE prism_step;
UPDATE prism_viewer
SET broadcast = (SELECT l.broadcast FROM prism_live l WHERE l.id = prism_viewer.live_id)
WHERE broadcast = 0;

-- +goose Down

-- The version before takes every row for one of the present broadcast.
SET @prism_step = (SELECT IF(COUNT(*) = 0, 'DO 0', '
    DELETE FROM prism_viewer WHERE NOT EXISTS (
        SELECT 1 FROM prism_live l
        WHERE l.id = prism_viewer.live_id AND l.status = ''ON_AIR'' AND l.broadcast = prism_viewer.broadcast)')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'prism_viewer' AND column_name = 'broadcast');
PREPARE prism_step FROM @prism_step;
EXECUTE prism_step;
DEALLOCATE PREPARE prism_step;
SET @prism_step = (SELECT IF(COUNT(*) = 0, 'DO 0', '
    ALTER TABLE prism_viewer
        ADD INDEX prism_viewer_by_seen (live_id, seen_at),
        DROP INDEX prism_viewer_by_broadcast,
        DROP COLUMN broadcast')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'prism_viewer' AND column_name = 'broadcast');
PREPARE prism_step FROM @prism_step;
EXECUTE prism_step;
DEALLOCATE PREPARE prism_step;
