-- +goose Up

-- The viewers whom the host counts elsewhere and reports. They come on top of
-- those in prism_viewer.
--   reported     how many there are.
--   reported_in  the broadcast that the report is about: it counts while that
--                one runs, so that a start or an end need not touch this row.
ALTER TABLE prism_live_stat ADD COLUMN reported INTEGER NOT NULL DEFAULT 0;
ALTER TABLE prism_live_stat ADD COLUMN reported_in INTEGER NOT NULL DEFAULT 0;

-- Who does a job that one instance at a time may do. The lease is over at
-- until, whether the row is still there or not.
--   taken_at  when the holder last asked for it.
CREATE TABLE prism_lease (
    job      TEXT    NOT NULL PRIMARY KEY,
    holder   TEXT    NOT NULL,
    taken_at INTEGER NOT NULL,
    until    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The bans that end, in the order of their ends, for the sweep.
CREATE INDEX prism_ban_by_end ON prism_ban (until) WHERE until IS NOT NULL;

-- The lives that never began, oldest first: among them are those that PRISM
-- made when a create timed out. The second index finds the other try.
CREATE INDEX prism_live_unused
    ON prism_live (created_at, id) WHERE status = 'RESERVED' AND broadcast = 0;
CREATE INDEX prism_live_by_creation ON prism_live (channel_id, created_at);

-- +goose Down

DROP INDEX prism_live_by_creation;
DROP INDEX prism_live_unused;
DROP INDEX prism_ban_by_end;
DROP TABLE prism_lease;
ALTER TABLE prism_live_stat DROP COLUMN reported_in;
ALTER TABLE prism_live_stat DROP COLUMN reported;
