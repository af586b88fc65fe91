// Package seed fills a database of store/sqlstore with broadcasts, as many as a
// measurement needs. It writes the rows itself, thousands at a time, since the
// store's own methods write one transaction each.
//
// Ids and tokens follow from their numbers and the Plan's Secret, so that
// whoever has the Plan can make the requests.
package seed

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// Plan says how much there is to be.
type Plan struct {
	// Secret makes the tokens of this database differ from those of others.
	Secret string
	// ClientID is the OAuth client that all tokens belong to.
	ClientID string
	// Broadcasts is how many users there are. Each has one channel with one
	// live on air and one reserved.
	Broadcasts int
	// SignIns is how often each user has signed in; each has two tokens. At
	// least 1.
	SignIns int
	// Messages is how many chat messages each live on air has.
	Messages int
	// Now is when all of it happened.
	Now time.Time
}

// tokenLife is how long the tokens are good.
const tokenLife = 24 * time.Hour

// UserID is the user of broadcast i.
func UserID(i int) string { return fmt.Sprintf("load-user-%07d", i) }

// ChannelID is the channel of broadcast i.
func ChannelID(i int) string { return fmt.Sprintf("load-channel-%07d", i) }

// OnAirID is the live of broadcast i that is on air.
func OnAirID(i int) string { return fmt.Sprintf("load-live-%07d", i) }

// ReservedID is the live of broadcast i that has not begun.
func ReservedID(i int) string { return fmt.Sprintf("load-next-%07d", i) }

// AccessToken is the access token of the given sign-in of broadcast i's user.
func (p Plan) AccessToken(i, signIn int) string { return p.token("access", i, signIn) }

// RefreshToken is the refresh token beside AccessToken.
func (p Plan) RefreshToken(i, signIn int) string { return p.token("refresh", i, signIn) }

// token has the form of the real ones: 32 bytes in base64url.
func (p Plan) token(kind string, i, signIn int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %d", p.Secret, kind, i, signIn))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// familyID is spread over all of the table, as the random ids of the server are.
func familyID(i, signIn int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "family %d %d", i, signIn))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// Fill writes what the plan says into a database whose tables are there and
// have none of it yet. It takes the DSN that sqlstore.Open takes, of SQLite or
// PostgreSQL, and is one transaction.
func (p Plan) Fill(ctx context.Context, dsn string) error {
	w, err := open(ctx, dsn)
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	err = w.finish(ctx, p.fill(ctx, w))
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return nil
}

func (p Plan) fill(ctx context.Context, w *writer) error {
	now := p.Now.UnixMicro()
	signIns := max(p.SignIns, 1)
	for _, t := range []table{
		{"prism_user", "id, name, thumbnail_url, disabled", p.Broadcasts, func(i int) []any {
			return []any{UserID(i), fmt.Sprintf("Streamer %d", i), "https://example.com/picture.png", 0}
		}},
		{"prism_channel", "id, owner_id, name, enabled, link, description, tags, thumbnail_url, follower_count, modified_at, created_at",
			p.Broadcasts, func(i int) []any {
				return []any{ChannelID(i), UserID(i), fmt.Sprintf("Channel %d", i), 1, "https://example.com/channel/" + ChannelID(i),
					"A channel of the load.", `["load"]`, "", 0, now, now}
			}},
		{"prism_live", "id, channel_id, title, description, scope, status, broadcast, stream_key, key_digest, playback_id, chat_tag, " +
			"reserved_at, started_at, ended_at, modified_at, created_at", 2 * p.Broadcasts, func(i int) []any { return p.live(i/2, i%2 == 0) }},
		{"prism_live_stat", "live_id, views, likes, chats, chat_seq, chat_kept", 2 * p.Broadcasts, func(i int) []any {
			if i%2 == 0 {
				return []any{OnAirID(i / 2), 1200, 34, p.Messages, p.Messages, p.Messages}
			}
			return []any{ReservedID(i / 2), 0, 0, 0, 0, 0}
		}},
		{"prism_ingest", "live_id, session, seen_at", p.Broadcasts, func(i int) []any { return []any{OnAirID(i), nil, now} }},
		{"prism_chat", "live_id, seq, at, author_id, text", p.Broadcasts * p.Messages, func(i int) []any {
			return []any{OnAirID(i / p.Messages), i%p.Messages + 1, now, UserID(i / p.Messages), "Hello everyone, this is a message of the chat."}
		}},
		{"prism_oauth_family", "id, client_id, user_id, scope, created_at, expires_at, generation, rotated_at, pairs, used, revoked_at, tokens",
			p.Broadcasts * signIns, func(i int) []any {
				return []any{familyID(i/signIns, i%signIns), p.ClientID, UserID(i / signIns), "", now, now + (365 * 24 * time.Hour).Microseconds(),
					1, now, 1, 1, nil, 2}
			}},
		{"prism_oauth_token", "digest, kind, family_id, generation, expires_at", 2 * p.Broadcasts * signIns, func(i int) []any {
			signIn := i / 2
			kind, token := "access", p.AccessToken(signIn/signIns, signIn%signIns)
			if i%2 == 1 {
				kind, token = "refresh", p.RefreshToken(signIn/signIns, signIn%signIns)
			}
			digest := oauth.DigestOf(token)
			return []any{digest[:], kind, familyID(signIn/signIns, signIn%signIns), 1, now + tokenLife.Microseconds()}
		}},
	} {
		if err := w.insert(ctx, t); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

func (p Plan) live(i int, onAir bool) []any {
	now, key := p.Now.UnixMicro(), prism.NewStreamKey()
	digest := prism.KeyDigest(key)
	id, status, broadcast, started := ReservedID(i), prism.StatusReserved, 0, any(nil)
	if onAir {
		id, status, broadcast, started = OnAirID(i), prism.StatusOnAir, 1, now
	}
	return []any{id, ChannelID(i), fmt.Sprintf("Live %d", i), "A live of the load.", string(prism.ScopePublic), string(status), broadcast,
		key, digest[:], "play-" + id, "chat-" + id, now, started, nil, now, now}
}
