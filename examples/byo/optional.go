package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/b2bprism/b2bprism/prism"
)

func (m *market) UpdateLive(ctx context.Context, userID, liveID string, update prism.LiveUpdate) (prism.Live, error) {
	return get[prism.Live](ctx, m.pool, `
		WITH b AS (
			UPDATE broadcasts SET headline = COALESCE(@headline, headline), notes = COALESCE(@notes, notes),
				audience = COALESCE(array_position(`+audiences+`, @scope) - 1, audience),
				planned_for = COALESCE(`+planned+`, planned_for), edited_at = statement_timestamp()
			WHERE id = (SELECT b.id`+accessLive+`) RETURNING *)`+writtenLive,
		m.args(userID, liveID, pgx.NamedArgs{"headline": update.Title, "notes": update.Description,
			"scope": (*string)(update.Scope), "planned": update.ReservedAt}))
}

func (m *market) DeleteMessage(ctx context.Context, userID, liveID, messageID string) error {
	_, err := get[int64](ctx, m.pool, `
		UPDATE comments SET hidden_at = COALESCE(hidden_at, now())
		WHERE id = @message AND broadcast_id = (SELECT b.id`+accessLive+`) RETURNING id`,
		m.args(userID, liveID, pgx.NamedArgs{"message": known(number, messageID)}))
	return err
}

// BanUser writes what the site's own pages look at before they take a comment.
func (m *market) BanUser(ctx context.Context, userID, liveID, targetID string, d time.Duration) error {
	return m.moderate(ctx, userID, liveID, targetID, d, `
		INSERT INTO blocked_members SELECT *, now() + NULLIF(@seconds, 0.0) * interval '1 second' FROM target
		ON CONFLICT (studio_id, member_id) DO UPDATE SET until = excluded.until`)
}

func (m *market) UnbanUser(ctx context.Context, userID, liveID, targetID string) error {
	return m.moderate(ctx, userID, liveID, targetID, 0, `
		DELETE FROM blocked_members WHERE (studio_id, member_id) IN (SELECT * FROM target)`)
}

func (m *market) AddManager(ctx context.Context, userID, liveID, targetID string) error {
	return m.moderate(ctx, userID, liveID, targetID, 0, `
		INSERT INTO studio_members SELECT *, 'moderator' FROM target ON CONFLICT DO NOTHING`)
}

func (m *market) RemoveManager(ctx context.Context, userID, liveID, targetID string) error {
	return m.moderate(ctx, userID, liveID, targetID, 0, `
		DELETE FROM studio_members WHERE role = 'moderator' AND (studio_id, member_id) IN (SELECT * FROM target)`)
}

// moderate answers that there are such a live and such a member, whether or not
// there was something to do.
func (m *market) moderate(ctx context.Context, userID, liveID, targetID string, d time.Duration, sql string) error {
	_, err := get[bool](ctx, m.pool, `
		WITH target AS (SELECT s.id, t.id`+accessLive+` JOIN members t ON t.id = @target AND t.left_at IS NULL),
		done AS (`+sql+`)
		SELECT true FROM target`,
		m.args(userID, liveID, pgx.NamedArgs{"target": known(number, targetID), "seconds": d.Seconds()}))
	return err
}
