-- +goose Up

-- MySQL, unlike MariaDB, has no ADD COLUMN IF NOT EXISTS. So that each step
-- changes nothing where it was done before, a statement is made of what the
-- schema has by now. An ALTER TABLE is done as a whole or not at all.

-- The viewers whom the host counts elsewhere and reports. They come on top of
-- those in prism_viewer.
--   reported     how many there are.
--   reported_in  the broadcast that the report is about: it counts while that
--                one runs, so that a start or an end need not touch this row.
SET @prism_step = (SELECT IF(COUNT(*) > 0, 'DO 0', '
    ALTER TABLE prism_live_stat
        ADD COLUMN reported    BIGINT NOT NULL DEFAULT 0,
        ADD COLUMN reported_in BIGINT NOT NULL DEFAULT 0')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'prism_live_stat' AND column_name = 'reported');
PREPARE prism_step FROM @prism_step;
EXECUTE prism_step;
DEALLOCATE PREPARE prism_step;

-- Who does a job that one instance at a time may do. The lease is over at
-- until, whether the row is still there or not.
--   taken_at  when the holder last asked for it.
CREATE TABLE IF NOT EXISTS prism_lease (
    job      VARBINARY(255) NOT NULL PRIMARY KEY,
    holder   VARBINARY(255) NOT NULL,
    taken_at BIGINT         NOT NULL,
    until    BIGINT         NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The bans that end, in the order of their ends, for the sweep.
SET @prism_step = (SELECT IF(COUNT(*) > 0, 'DO 0', '
    ALTER TABLE prism_ban
        ADD INDEX prism_ban_by_end (until)')
    FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'prism_ban' AND index_name = 'prism_ban_by_end');
PREPARE prism_step FROM @prism_step;
EXECUTE prism_step;
DEALLOCATE PREPARE prism_step;

-- The lives that never began, oldest first: among them are those that PRISM
-- made when a create timed out. The second index finds the other try.
SET @prism_step = (SELECT IF(COUNT(*) > 0, 'DO 0', '
    ALTER TABLE prism_live
        ADD INDEX prism_live_unused (status, broadcast, created_at, id),
        ADD INDEX prism_live_by_creation (channel_id, created_at)')
    FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'prism_live' AND index_name = 'prism_live_unused');
PREPARE prism_step FROM @prism_step;
EXECUTE prism_step;
DEALLOCATE PREPARE prism_step;

-- +goose Down

SET @prism_step = (SELECT IF(COUNT(*) = 0, 'DO 0', '
    ALTER TABLE prism_live
        DROP INDEX prism_live_by_creation,
        DROP INDEX prism_live_unused')
    FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'prism_live' AND index_name = 'prism_live_unused');
PREPARE prism_step FROM @prism_step;
EXECUTE prism_step;
DEALLOCATE PREPARE prism_step;
SET @prism_step = (SELECT IF(COUNT(*) = 0, 'DO 0', '
    ALTER TABLE prism_ban
        DROP INDEX prism_ban_by_end')
    FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'prism_ban' AND index_name = 'prism_ban_by_end');
PREPARE prism_step FROM @prism_step;
EXECUTE prism_step;
DEALLOCATE PREPARE prism_step;
DROP TABLE IF EXISTS prism_lease;
SET @prism_step = (SELECT IF(COUNT(*) = 0, 'DO 0', '
    ALTER TABLE prism_live_stat
        DROP COLUMN reported_in,
        DROP COLUMN reported')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'prism_live_stat' AND column_name = 'reported');
PREPARE prism_step FROM @prism_step;
EXECUTE prism_step;
DEALLOCATE PREPARE prism_step;
