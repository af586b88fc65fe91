package sqlstore

// Insert or overwrite, as SQLite and PostgreSQL both write it. See engine for
// the arguments.
const (
	upsertUser = `
		INSERT INTO prism_user (id, name, thumbnail_url, disabled)
		VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET
			name = excluded.name,
			thumbnail_url = excluded.thumbnail_url,
			disabled = excluded.disabled`
	upsertChannel = `
		INSERT INTO prism_channel (id, owner_id, name, enabled, link, description, tags,
			thumbnail_url, follower_count, modified_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET
			owner_id = excluded.owner_id,
			name = excluded.name,
			enabled = excluded.enabled,
			link = excluded.link,
			description = excluded.description,
			tags = excluded.tags,
			thumbnail_url = excluded.thumbnail_url,
			follower_count = excluded.follower_count,
			modified_at = COALESCE(?, prism_channel.modified_at),
			created_at = COALESCE(?, prism_channel.created_at)`
	upsertBan = `
		INSERT INTO prism_ban (channel_id, user_id, until)
		VALUES (?, ?, ?)
		ON CONFLICT (channel_id, user_id) DO UPDATE SET until = excluded.until`
	insertManagerOnce = `
		INSERT INTO prism_manager (channel_id, user_id)
		VALUES (?, ?)
		ON CONFLICT (channel_id, user_id) DO NOTHING`
)
