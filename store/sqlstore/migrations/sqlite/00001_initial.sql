-- +goose Up

-- Times are integers: microseconds since 1970-01-01 UTC. A time that can be
-- missing is NULL. Truth values are 0 and 1.

-- The people who broadcast and chat, as the host put them.
CREATE TABLE prism_user (
    id            TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,
    thumbnail_url TEXT    NOT NULL,
    disabled      INTEGER NOT NULL CHECK (disabled IN (0, 1))
) STRICT;

-- The channels. The owner is the one user who may broadcast to a channel.
-- tags is a JSON array of strings. enabled is the channel's own switch: the
-- queries also look at the owner, since the channel of a user who is blocked
-- counts as disabled.
CREATE TABLE prism_channel (
    id             TEXT    NOT NULL PRIMARY KEY,
    owner_id       TEXT    NOT NULL REFERENCES prism_user (id),
    name           TEXT    NOT NULL,
    enabled        INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    link           TEXT    NOT NULL,
    description    TEXT    NOT NULL,
    tags           TEXT    NOT NULL,
    thumbnail_url  TEXT    NOT NULL,
    follower_count INTEGER NOT NULL,
    modified_at    INTEGER NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;

-- A user's channels in the order of the list.
CREATE INDEX prism_channel_by_owner
    ON prism_channel (owner_id, modified_at DESC, created_at DESC, id);

-- The lives. modified_at moves on create, update, start and end only, so what
-- changes while a live is on air (numbers, chat, ingest) stands in tables of
-- its own; that also keeps the frequent updates away from these wide rows.
--   stream_key   what the streamer publishes with. It must be shown again, so
--                it is kept; key_digest, its SHA-256, is for the look-up.
--   playback_id  under which viewers fetch the pictures.
--   chat_tag     begins the id of every message of the live, so that the id of
--                another live's message is never taken for one of this one.
--   broadcast    how often the live was started.
CREATE TABLE prism_live (
    id          TEXT    NOT NULL PRIMARY KEY,
    channel_id  TEXT    NOT NULL REFERENCES prism_channel (id) ON DELETE CASCADE,
    title       TEXT    NOT NULL,
    description TEXT    NOT NULL,
    scope       TEXT    NOT NULL CHECK (scope IN ('PUBLIC', 'LIMITED', 'PRIVATE')),
    status      TEXT    NOT NULL CHECK (status IN ('RESERVED', 'ON_AIR', 'END')),
    broadcast   INTEGER NOT NULL,
    stream_key  TEXT    NOT NULL,
    key_digest  BLOB    NOT NULL,
    playback_id TEXT    NOT NULL,
    chat_tag    TEXT    NOT NULL,
    reserved_at INTEGER NOT NULL,
    started_at  INTEGER,
    ended_at    INTEGER,
    modified_at INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

-- The rule that a channel has at most one live on air, held by the database
-- itself: whatever a program does, a second one cannot be written.
CREATE UNIQUE INDEX prism_live_one_on_air
    ON prism_live (channel_id) WHERE status = 'ON_AIR';

CREATE UNIQUE INDEX prism_live_by_key ON prism_live (key_digest);
CREATE UNIQUE INDEX prism_live_by_playback ON prism_live (playback_id);

-- A channel's lives in the order of the list: all, and those in one state.
CREATE INDEX prism_live_by_channel
    ON prism_live (channel_id, modified_at DESC, created_at DESC, id);
CREATE INDEX prism_live_by_status
    ON prism_live (channel_id, status, modified_at DESC, created_at DESC, id);

-- The lives on air of all channels, for the host's front page.
CREATE INDEX prism_live_on_air
    ON prism_live (started_at DESC, created_at DESC, id) WHERE status = 'ON_AIR';

-- The numbers of a live, one row for each.
--   chats      the statistic that is shown.
--   chat_seq   the sequence number of the latest message. It never goes back,
--              so a reader who goes on from a number misses nothing.
--   chat_kept  how many rows prism_chat has of this live.
-- The current viewers are counted in prism_viewer.
CREATE TABLE prism_live_stat (
    live_id   TEXT    NOT NULL PRIMARY KEY REFERENCES prism_live (id) ON DELETE CASCADE,
    views     INTEGER NOT NULL,
    likes     INTEGER NOT NULL,
    chats     INTEGER NOT NULL,
    chat_seq  INTEGER NOT NULL,
    chat_kept INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who watches: one row for each viewer of the present broadcast, with the
-- latest heartbeat. Step 3 says which rows of earlier ones are here too.
CREATE TABLE prism_viewer (
    live_id   TEXT    NOT NULL REFERENCES prism_live (id) ON DELETE CASCADE,
    viewer_id TEXT    NOT NULL,
    seen_at   INTEGER NOT NULL,
    PRIMARY KEY (live_id, viewer_id)
) STRICT, WITHOUT ROWID;

-- The current viewers of a live are counted in this index.
CREATE INDEX prism_viewer_by_seen ON prism_viewer (live_id, seen_at);

-- Which publisher sends the pictures: one row for each live on air.
--   session  the media server's name of the connection; NULL if there is none.
--   seen_at  the last packet of this broadcast, or its start.
CREATE TABLE prism_ingest (
    live_id TEXT    NOT NULL PRIMARY KEY REFERENCES prism_live (id) ON DELETE CASCADE,
    session TEXT,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX prism_ingest_by_seen ON prism_ingest (seen_at);

-- The chat. seq is the message's number within its live, given in the
-- transaction that writes it. A deleted message leaves no row: that its number
-- is not above prism_live_stat.chat_seq tells that it existed.
CREATE TABLE prism_chat (
    live_id   TEXT    NOT NULL REFERENCES prism_live (id) ON DELETE CASCADE,
    seq       INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    author_id TEXT    NOT NULL,
    text      TEXT    NOT NULL,
    PRIMARY KEY (live_id, seq)
) STRICT, WITHOUT ROWID;

-- Who may not chat in a channel. until is NULL for a ban without end.
CREATE TABLE prism_ban (
    channel_id TEXT    NOT NULL REFERENCES prism_channel (id) ON DELETE CASCADE,
    user_id    TEXT    NOT NULL,
    until      INTEGER,
    PRIMARY KEY (channel_id, user_id)
) STRICT, WITHOUT ROWID;

-- Who is a chat manager in a channel.
CREATE TABLE prism_manager (
    channel_id TEXT NOT NULL REFERENCES prism_channel (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL,
    PRIMARY KEY (channel_id, user_id)
) STRICT, WITHOUT ROWID;

-- Authorization codes, by SHA-256: no code stands here in the clear. A used
-- one stays until it is swept, so that a replay is known as one.
CREATE TABLE prism_oauth_code (
    digest       BLOB    NOT NULL PRIMARY KEY,
    family_id    TEXT    NOT NULL,
    client_id    TEXT    NOT NULL,
    user_id      TEXT    NOT NULL,
    scope        TEXT    NOT NULL,
    redirect_uri TEXT    NOT NULL,
    challenge    TEXT    NOT NULL,
    expires_at   INTEGER NOT NULL,
    used_at      INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX prism_oauth_code_by_user ON prism_oauth_code (user_id);
CREATE INDEX prism_oauth_code_by_expiry ON prism_oauth_code (expires_at);

-- Families: one row for each sign-in, from which all its tokens descend.
-- tokens is how many rows prism_oauth_token has of it; at 0 the family can be
-- swept.
CREATE TABLE prism_oauth_family (
    id         TEXT    NOT NULL PRIMARY KEY,
    client_id  TEXT    NOT NULL,
    user_id    TEXT    NOT NULL,
    scope      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,
    pairs      INTEGER NOT NULL,
    used       INTEGER NOT NULL CHECK (used IN (0, 1)),
    revoked_at INTEGER,
    tokens     INTEGER NOT NULL CHECK (tokens >= 0)
) STRICT;

CREATE INDEX prism_oauth_family_by_user
    ON prism_oauth_family (user_id, created_at DESC, id);
CREATE INDEX prism_oauth_family_empty ON prism_oauth_family (id) WHERE tokens = 0;

-- Access and refresh tokens, by SHA-256: no token stands here in the clear.
CREATE TABLE prism_oauth_token (
    digest     BLOB    NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('access', 'refresh')),
    family_id  TEXT    NOT NULL REFERENCES prism_oauth_family (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX prism_oauth_token_by_family ON prism_oauth_token (family_id);
CREATE INDEX prism_oauth_token_by_expiry ON prism_oauth_token (expires_at);

-- +goose Down

DROP TABLE prism_oauth_token;
DROP TABLE prism_oauth_family;
DROP TABLE prism_oauth_code;
DROP TABLE prism_manager;
DROP TABLE prism_ban;
DROP TABLE prism_chat;
DROP TABLE prism_ingest;
DROP TABLE prism_viewer;
DROP TABLE prism_live_stat;
DROP TABLE prism_live;
DROP TABLE prism_channel;
DROP TABLE prism_user;
