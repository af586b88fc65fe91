-- The tables of a live-commerce site, as they were before it met PRISM.

CREATE TABLE members (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	login         text        NOT NULL UNIQUE,
	password_hash text        NOT NULL,
	nickname      text        NOT NULL,
	avatar_path   text,
	joined_at     timestamptz NOT NULL DEFAULT now(),
	suspended_at  timestamptz,
	left_at       timestamptz -- members are never deleted
);

CREATE TABLE studios (
	id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	slug      text        NOT NULL UNIQUE,
	title     text        NOT NULL,
	about     text,
	labels    text[]      NOT NULL DEFAULT '{}',
	logo_path text,
	followers integer     NOT NULL DEFAULT 0,
	opened_at timestamptz NOT NULL DEFAULT now(),
	edited_at timestamptz NOT NULL DEFAULT now(),
	paused_at timestamptz, -- may not broadcast for now
	closed_at timestamptz  -- gone for good
);

CREATE TYPE studio_role AS ENUM ('owner', 'host', 'moderator', 'packer');

CREATE TABLE studio_members (
	studio_id uuid        NOT NULL REFERENCES studios,
	member_id bigint      NOT NULL REFERENCES members,
	role      studio_role NOT NULL,
	PRIMARY KEY (studio_id, member_id)
);
CREATE INDEX studio_members_by_member ON studio_members (member_id);
CREATE UNIQUE INDEX studio_members_one_owner ON studio_members (studio_id) WHERE role = 'owner';

CREATE TABLE broadcasts (
	id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	studio_id   uuid        NOT NULL REFERENCES studios,
	headline    text        NOT NULL,
	notes       text,
	state       smallint    NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),    -- planned, live, over
	audience    smallint    NOT NULL DEFAULT 0 CHECK (audience BETWEEN 0 AND 2), -- everyone, who has the link, staff
	planned_for timestamptz,
	live_since  timestamptz,
	over_since  timestamptz,
	created_at  timestamptz NOT NULL DEFAULT now(),
	edited_at   timestamptz NOT NULL DEFAULT now(),
	removed_at  timestamptz
);
CREATE INDEX broadcasts_by_studio ON broadcasts (studio_id, edited_at DESC, created_at DESC);

CREATE TABLE stream_keys (
	broadcast_id uuid PRIMARY KEY REFERENCES broadcasts,
	secret       text        NOT NULL UNIQUE,
	issued_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE broadcast_counters ( -- written by the player's heartbeat and the like button
	broadcast_id uuid PRIMARY KEY REFERENCES broadcasts,
	views        bigint  NOT NULL DEFAULT 0,
	watching     integer NOT NULL DEFAULT 0,
	hearts       bigint  NOT NULL DEFAULT 0
);

CREATE TABLE comments (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	broadcast_id uuid        NOT NULL REFERENCES broadcasts,
	author_id    bigint      NOT NULL REFERENCES members,
	body         text        NOT NULL,
	created_at   timestamptz NOT NULL DEFAULT now(),
	hidden_at    timestamptz
);

CREATE TABLE blocked_members (
	studio_id uuid   NOT NULL REFERENCES studios,
	member_id bigint NOT NULL REFERENCES members,
	until     timestamptz, -- NULL is for ever
	PRIMARY KEY (studio_id, member_id)
);

CREATE TABLE products (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	studio_id    uuid    NOT NULL REFERENCES studios,
	name         text    NOT NULL,
	price_won    integer NOT NULL,
	stock        integer NOT NULL,
	pinned_in    uuid REFERENCES broadcasts
);
