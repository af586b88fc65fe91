-- +goose Up

-- Times are integers: microseconds since 1970-01-01 UTC. A time that can be
-- missing is NULL. Truth values are 0 and 1.
--
-- Ids, keys and states are VARBINARY: they compare by their bytes, trailing
-- spaces included, which no collation does on both MySQL and MariaDB. Text for
-- people is utf8mb4, and nothing compares it.
--
-- MySQL ends a transaction at every CREATE. So each statement is written to
-- change nothing where it was done before, and a step that failed half-way
-- can be run again.

-- The people who broadcast and chat, as the host put them.
CREATE TABLE IF NOT EXISTS prism_user (
    id            VARBINARY(255) NOT NULL PRIMARY KEY,
    name          MEDIUMTEXT     NOT NULL,
    thumbnail_url MEDIUMTEXT     NOT NULL,
    disabled      TINYINT        NOT NULL CHECK (disabled IN (0, 1))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The channels. The owner is the one user who may broadcast to a channel.
-- tags is a JSON array of strings. enabled is the channel's own switch: the
-- queries also look at the owner, since the channel of a user who is blocked
-- counts as disabled. The index has a user's channels in the order of the
-- list.
CREATE TABLE IF NOT EXISTS prism_channel (
    id             VARBINARY(255) NOT NULL PRIMARY KEY,
    owner_id       VARBINARY(255) NOT NULL,
    name           MEDIUMTEXT     NOT NULL,
    enabled        TINYINT        NOT NULL CHECK (enabled IN (0, 1)),
    link           MEDIUMTEXT     NOT NULL,
    description    MEDIUMTEXT     NOT NULL,
    tags           MEDIUMTEXT     NOT NULL,
    thumbnail_url  MEDIUMTEXT     NOT NULL,
    follower_count BIGINT         NOT NULL,
    modified_at    BIGINT         NOT NULL,
    created_at     BIGINT         NOT NULL,
    INDEX prism_channel_by_owner (owner_id, modified_at DESC, created_at DESC, id),
    CONSTRAINT prism_channel_owner FOREIGN KEY (owner_id) REFERENCES prism_user (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The lives. modified_at moves on create, update, start and end only, so what
-- changes while a live is on air (numbers, chat, ingest) stands in tables of
-- its own; that also keeps the frequent updates away from these wide rows.
--   stream_key   what the streamer publishes with. It must be shown again, so
--                it is kept; key_digest, its SHA-256, is for the look-up.
--   playback_id  under which viewers fetch the pictures.
--   chat_tag     begins the id of every message of the live, so that the id of
--                another live's message is never taken for one of this one.
--   broadcast    how often the live was started.
--   on_air_in    the channel while the live is on air, else NULL. Its unique
--                index is the rule that a channel has at most one live on air,
--                held by the database itself: whatever a program does, a
--                second one cannot be written.
-- prism_live_by_channel and prism_live_by_status have a channel's lives in the
-- order of the list: all, and those in one state. prism_live_on_air has the
-- lives on air of all channels, for the host's front page.
CREATE TABLE IF NOT EXISTS prism_live (
    id          VARBINARY(255) NOT NULL PRIMARY KEY,
    channel_id  VARBINARY(255) NOT NULL,
    title       MEDIUMTEXT     NOT NULL,
    description MEDIUMTEXT     NOT NULL,
    scope       VARBINARY(16)  NOT NULL CHECK (scope IN ('PUBLIC', 'LIMITED', 'PRIVATE')),
    status      VARBINARY(16)  NOT NULL CHECK (status IN ('RESERVED', 'ON_AIR', 'END')),
    broadcast   BIGINT         NOT NULL,
    stream_key  VARBINARY(255) NOT NULL,
    key_digest  BINARY(32)     NOT NULL,
    playback_id VARBINARY(255) NOT NULL,
    chat_tag    VARBINARY(255) NOT NULL,
    reserved_at BIGINT         NOT NULL,
    started_at  BIGINT,
    ended_at    BIGINT,
    modified_at BIGINT         NOT NULL,
    created_at  BIGINT         NOT NULL,
    on_air_in   VARBINARY(255) GENERATED ALWAYS AS (CASE WHEN status = 'ON_AIR' THEN channel_id END) VIRTUAL,
    UNIQUE INDEX prism_live_one_on_air (on_air_in),
    UNIQUE INDEX prism_live_by_key (key_digest),
    UNIQUE INDEX prism_live_by_playback (playback_id),
    INDEX prism_live_by_channel (channel_id, modified_at DESC, created_at DESC, id),
    INDEX prism_live_by_status (channel_id, status, modified_at DESC, created_at DESC, id),
    INDEX prism_live_on_air (status, started_at DESC, created_at DESC, id),
    CONSTRAINT prism_live_channel FOREIGN KEY (channel_id) REFERENCES prism_channel (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The numbers of a live, one row for each.
--   chats      the statistic that is shown.
--   chat_seq   the sequence number of the latest message. It never goes back,
--              so a reader who goes on from a number misses nothing.
--   chat_kept  how many rows prism_chat has of this live.
-- The current viewers are counted in prism_viewer.
CREATE TABLE IF NOT EXISTS prism_live_stat (
    live_id   VARBINARY(255) NOT NULL PRIMARY KEY,
    views     BIGINT         NOT NULL,
    likes     BIGINT         NOT NULL,
    chats     BIGINT         NOT NULL,
    chat_seq  BIGINT         NOT NULL,
    chat_kept BIGINT         NOT NULL,
    CONSTRAINT prism_live_stat_live FOREIGN KEY (live_id) REFERENCES prism_live (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Who watches: one row for each viewer of the present broadcast, with the
-- latest heartbeat. Step 3 says which rows of earlier ones are here too. The
-- current viewers of a live are counted in the index.
CREATE TABLE IF NOT EXISTS prism_viewer (
    live_id   VARBINARY(255) NOT NULL,
    viewer_id VARBINARY(255) NOT NULL,
    seen_at   BIGINT         NOT NULL,
    PRIMARY KEY (live_id, viewer_id),
    INDEX prism_viewer_by_seen (live_id, seen_at),
    CONSTRAINT prism_viewer_live FOREIGN KEY (live_id) REFERENCES prism_live (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Which publisher sends the pictures: one row for each live on air.
--   session  the media server's name of the connection; NULL if there is none.
--   seen_at  the last packet of this broadcast, or its start.
CREATE TABLE IF NOT EXISTS prism_ingest (
    live_id VARBINARY(255) NOT NULL PRIMARY KEY,
    session VARBINARY(255),
    seen_at BIGINT         NOT NULL,
    INDEX prism_ingest_by_seen (seen_at, live_id),
    CONSTRAINT prism_ingest_live FOREIGN KEY (live_id) REFERENCES prism_live (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The chat. seq is the message's number within its live, given in the
-- transaction that writes it. A deleted message leaves no row: that its number
-- is not above prism_live_stat.chat_seq tells that it existed.
CREATE TABLE IF NOT EXISTS prism_chat (
    live_id   VARBINARY(255) NOT NULL,
    seq       BIGINT         NOT NULL,
    at        BIGINT         NOT NULL,
    author_id VARBINARY(255) NOT NULL,
    text      MEDIUMTEXT     NOT NULL,
    PRIMARY KEY (live_id, seq),
    CONSTRAINT prism_chat_live FOREIGN KEY (live_id) REFERENCES prism_live (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Who may not chat in a channel. until is NULL for a ban without end.
CREATE TABLE IF NOT EXISTS prism_ban (
    channel_id VARBINARY(255) NOT NULL,
    user_id    VARBINARY(255) NOT NULL,
    until      BIGINT,
    PRIMARY KEY (channel_id, user_id),
    CONSTRAINT prism_ban_channel FOREIGN KEY (channel_id) REFERENCES prism_channel (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Who is a chat manager in a channel.
CREATE TABLE IF NOT EXISTS prism_manager (
    channel_id VARBINARY(255) NOT NULL,
    user_id    VARBINARY(255) NOT NULL,
    PRIMARY KEY (channel_id, user_id),
    CONSTRAINT prism_manager_channel FOREIGN KEY (channel_id) REFERENCES prism_channel (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Authorization codes, by SHA-256: no code stands here in the clear. A used
-- one stays until it is swept, so that a replay is known as one.
CREATE TABLE IF NOT EXISTS prism_oauth_code (
    digest       BINARY(32)     NOT NULL PRIMARY KEY,
    family_id    VARBINARY(255) NOT NULL,
    client_id    VARBINARY(255) NOT NULL,
    user_id      VARBINARY(255) NOT NULL,
    scope        MEDIUMTEXT     NOT NULL,
    redirect_uri MEDIUMTEXT     NOT NULL,
    challenge    VARBINARY(255) NOT NULL,
    expires_at   BIGINT         NOT NULL,
    used_at      BIGINT,
    INDEX prism_oauth_code_by_user (user_id),
    INDEX prism_oauth_code_by_expiry (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Families: one row for each sign-in, from which all its tokens descend.
-- tokens is how many rows prism_oauth_token has of it; at 0 the family can be
-- swept.
CREATE TABLE IF NOT EXISTS prism_oauth_family (
    id         VARBINARY(255) NOT NULL PRIMARY KEY,
    client_id  VARBINARY(255) NOT NULL,
    user_id    VARBINARY(255) NOT NULL,
    scope      MEDIUMTEXT     NOT NULL,
    created_at BIGINT         NOT NULL,
    expires_at BIGINT         NOT NULL,
    generation BIGINT         NOT NULL,
    rotated_at BIGINT         NOT NULL,
    pairs      BIGINT         NOT NULL,
    used       TINYINT        NOT NULL CHECK (used IN (0, 1)),
    revoked_at BIGINT,
    tokens     BIGINT         NOT NULL CHECK (tokens >= 0),
    INDEX prism_oauth_family_by_user (user_id, created_at DESC, id),
    INDEX prism_oauth_family_empty (tokens, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Access and refresh tokens, by SHA-256: no token stands here in the clear.
CREATE TABLE IF NOT EXISTS prism_oauth_token (
    digest     BINARY(32)     NOT NULL PRIMARY KEY,
    kind       VARBINARY(16)  NOT NULL CHECK (kind IN ('access', 'refresh')),
    family_id  VARBINARY(255) NOT NULL,
    generation BIGINT         NOT NULL,
    expires_at BIGINT         NOT NULL,
    INDEX prism_oauth_token_by_family (family_id),
    INDEX prism_oauth_token_by_expiry (expires_at),
    CONSTRAINT prism_oauth_token_family FOREIGN KEY (family_id) REFERENCES prism_oauth_family (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down

DROP TABLE IF EXISTS prism_oauth_token;
DROP TABLE IF EXISTS prism_oauth_family;
DROP TABLE IF EXISTS prism_oauth_code;
DROP TABLE IF EXISTS prism_manager;
DROP TABLE IF EXISTS prism_ban;
DROP TABLE IF EXISTS prism_chat;
DROP TABLE IF EXISTS prism_ingest;
DROP TABLE IF EXISTS prism_viewer;
DROP TABLE IF EXISTS prism_live_stat;
DROP TABLE IF EXISTS prism_live;
DROP TABLE IF EXISTS prism_channel;
DROP TABLE IF EXISTS prism_user;
