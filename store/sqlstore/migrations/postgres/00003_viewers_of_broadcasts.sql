-- +goose Up

-- Who watches, or did: one row for each viewer of a live, with the latest
-- heartbeat. The end of a broadcast leaves the rows, since there can be very
-- many. They count for nothing from then on: a viewer who comes back to a later
-- broadcast is a new one, and the row moves to that. A sweep deletes the rest.
--   broadcast  the one that the heartbeat is of. All rows that are here now are
--              of the present one. 0, which no broadcast has, is written by
--              programs that do not know this column.
ALTER TABLE prism_viewer ADD COLUMN broadcast BIGINT NOT NULL DEFAULT 0;
UPDATE prism_viewer
SET broadcast = (SELECT l.broadcast FROM prism_live l WHERE l.id = prism_viewer.live_id);

-- The current viewers of a live are counted in this index, and a sweep finds
-- those of earlier broadcasts in it.
CREATE INDEX prism_viewer_by_broadcast ON prism_viewer (live_id, broadcast, seen_at);
DROP INDEX prism_viewer_by_seen;

-- +goose Down

-- The version before takes every row for one of the present broadcast.
DELETE FROM prism_viewer WHERE NOT EXISTS (
    SELECT 1 FROM prism_live l
    WHERE l.id = prism_viewer.live_id AND l.status = 'ON_AIR' AND l.broadcast = prism_viewer.broadcast);
CREATE INDEX prism_viewer_by_seen ON prism_viewer (live_id, seen_at);
DROP INDEX prism_viewer_by_broadcast;
ALTER TABLE prism_viewer DROP COLUMN broadcast;
