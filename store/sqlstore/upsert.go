package sqlstore

// What SQLite and PostgreSQL both write like this. See engine for
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
	upsertLease = `
		INSERT INTO prism_lease (job, holder, taken_at, until)
		VALUES (?, ?, ?, ?)
		ON CONFLICT (job) DO UPDATE SET
			holder = excluded.holder,
			taken_at = excluded.taken_at,
			until = excluded.until
		WHERE prism_lease.holder = excluded.holder OR prism_lease.until <= excluded.taken_at`
	sameTexts = `t.title = d.title AND t.description = d.description`
)

func updateStats(n int) string {
	return `
		WITH r (live_id, views, likes, chats, reported, reported_in) AS (
			VALUES ` + repeated(`(CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT))`, ", ", n) + `)
		UPDATE prism_live_stat AS n
		SET views = r.views, likes = r.likes, chats = r.chats, reported = r.reported, reported_in = r.reported_in
		FROM r
		WHERE n.live_id = r.live_id`
}

func upsertViewers(n int) string {
	return `
		INSERT INTO prism_viewer (live_id, viewer_id, broadcast, seen_at)
		VALUES ` + repeated("(?, ?, ?, ?)", ", ", n) + `
		ON CONFLICT (live_id, viewer_id) DO UPDATE SET broadcast = excluded.broadcast, seen_at = excluded.seen_at`
}

func selectViewers(n int) string {
	return `
		WITH h (live_id, viewer_id, broadcast) AS (
			VALUES ` + repeated(`(CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT))`, ", ", n) + `)
		SELECT v.live_id, v.viewer_id
		FROM h
		JOIN prism_viewer v ON v.live_id = h.live_id AND v.viewer_id = h.viewer_id AND v.broadcast = h.broadcast`
}
