package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// demoMembers are the members of a new credentials.json.
func demoMembers() []memberEntry {
	return []memberEntry{
		{Login: "haneul", Password: newPassword(), UserID: "user-haneul", Channels: []channelEntry{
			{ChannelID: "channel-haneul", Enabled: true},
			{ChannelID: "channel-haneul-archive", Enabled: false},
		}},
		{Login: "bada", Password: newPassword(), UserID: "user-bada", Channels: []channelEntry{
			{ChannelID: "channel-bada", Enabled: true},
		}},
		{Login: "viewer", Password: newPassword(), UserID: "user-viewer", Channels: []channelEntry{}},
	}
}

// demoText is how the demo's users and channels are called.
type demoText struct {
	name, about string
	tags        []string
	followers   int64
	// onAir is the title of the channel's live on air.
	onAir string
}

var demoTexts = map[string]demoText{
	"user-haneul":            {name: "Haneul Kim"},
	"user-bada":              {name: "Bada Park"},
	"user-viewer":            {name: "Minji the viewer"},
	"channel-haneul":         {"Haneul cooks", "Home cooking from a small kitchen in Mangwon.", []string{"food", "cooking", "korean"}, 12840, "Kimchi stew, step by step"},
	"channel-haneul-archive": {"Haneul travels (closed)", "This channel is closed. Thank you for watching.", []string{"travel"}, 310, ""},
	"channel-bada":           {"Bada plays", "Piano, synths, and requests from the chat.", []string{"music", "piano"}, 4521, "Piano requests"},
}

// seedLease is how long others wait for an instance that died while it seeded.
const seedLease = 10 * time.Second

// seedInTurn seeds while no other instance does: they would all find nothing,
// and put everything there.
func (a *app) seedInTurn(ctx context.Context, demo bool) (err error) {
	const job = "quickstart seed"
	holder := rand.Text()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		held, err := a.store.Lease(ctx, job, holder, seedLease)
		if err != nil {
			return fmt.Errorf("seed: %w", err)
		}
		if held {
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer func() { err = errors.Join(err, a.store.Release(context.WithoutCancel(ctx), job, holder)) }()
	return a.seed(ctx, demo)
}

// seed puts the members and channels of credentials.json into the store and,
// with demo, lives in every state. What is there stays, whatever the operator
// or the streamers did with it; only addresses follow this start. So it can run
// at every start, on any number of instances.
func (a *app) seed(ctx context.Context, demo bool) error {
	for _, m := range a.creds.Users {
		disabled, err := a.seedUser(ctx, m)
		if err != nil {
			return fmt.Errorf("seed user: %w", err)
		}
		if disabled {
			continue // their channels read as disabled and must not be saved so
		}
		for i, ch := range m.Channels {
			if err := a.seedChannel(ctx, m, ch, i); err != nil {
				return fmt.Errorf("seed channel: %w", err)
			}
		}
	}
	if !demo {
		return nil
	}
	for _, m := range a.creds.Users {
		for _, ch := range m.Channels {
			if err := a.seedLives(ctx, m, ch); err != nil && !errors.Is(err, prism.ErrNotFound) {
				return fmt.Errorf("seed live: %w", err)
			}
		}
	}
	return nil
}

func (a *app) seedUser(ctx context.Context, m memberEntry) (disabled bool, err error) {
	user, err := a.store.User(ctx, m.UserID)
	if errors.Is(err, prism.ErrNotFound) {
		user, err = prism.User{ID: m.UserID, Name: demoTexts[m.UserID].name}, nil
		if user.Name == "" {
			user.Name = m.Login
		}
	}
	if err != nil {
		return false, err
	}
	picture := avatarURL(a.origin, m.UserID)
	if user.ThumbnailURL == picture {
		return user.Disabled, nil
	}
	user.ThumbnailURL = picture
	return user.Disabled, a.store.PutUser(ctx, user)
}

func (a *app) seedChannel(ctx context.Context, m memberEntry, entry channelEntry, position int) error {
	ch, err := a.store.Channel(ctx, m.UserID, entry.ChannelID)
	if errors.Is(err, prism.ErrNotFound) {
		text := demoTexts[entry.ChannelID]
		if text.name == "" {
			text.name = entry.ChannelID
		}
		// The first channel of the file shall be the first in PRISM's list.
		at := a.now().Add(-time.Duration(position+1) * time.Minute)
		ch, err = prism.Channel{
			ID: entry.ChannelID, Name: text.name, Enabled: entry.Enabled, Description: text.about,
			Tags: text.tags, FollowerCount: text.followers, CreatedAt: at, ModifiedAt: at,
		}, nil
	}
	if err != nil {
		return err
	}
	link, picture := a.origin+"/channel/"+url.PathEscape(ch.ID), avatarURL(a.origin, ch.ID)
	if ch.Link == link && ch.ThumbnailURL == picture {
		return nil
	}
	ch.Link, ch.ThumbnailURL = link, picture
	return a.store.PutChannel(ctx, m.UserID, ch)
}

// demoLive is one live of a channel of the demo.
type demoLive struct {
	suffix, title, about string
	status               prism.Status
	scope                prism.Scope
	// begins is the reserved time from now, length how long it was on air.
	begins, length time.Duration
	stats          prism.LiveStats
}

var demoLives = []demoLive{
	{"ended-1", "Last week's live", "Thank you for coming. See you at the next one.", prism.StatusEnd, prism.ScopePublic,
		-7 * 24 * time.Hour, 90 * time.Minute, prism.LiveStats{Views: 1893, Likes: 240}},
	{"ended-2", "Rehearsal", "A test of light and sound.", prism.StatusEnd, prism.ScopePrivate,
		-26 * time.Hour, 12 * time.Minute, prism.LiveStats{Views: 2}},
	{"reserved-1", "Evening live: ask me anything", "Bring your questions, we answer in the chat.", prism.StatusReserved, prism.ScopePublic,
		2 * 24 * time.Hour, 0, prism.LiveStats{}},
	{"reserved-2", "For members, by link", "Only for those who have the link.", prism.StatusReserved, prism.ScopeLimited,
		5 * 24 * time.Hour, 0, prism.LiveStats{}},
	// Nobody publishes to this one, so it ends after -ingest-timeout, as any
	// live on air without pictures does.
	{"on-air-1", "On air now", "On air since the first start of this demo.", prism.StatusOnAir, prism.ScopePublic,
		0, 0, prism.LiveStats{Views: 37, Likes: 12}},
}

// demoChat is a conversation: the streamer has the last word.
var demoChat = []string{"Hello everyone!", "안녕하세요, sound is good here.", "When is the next one?", "The day after tomorrow, it is on the channel page."}

func (a *app) seedLives(ctx context.Context, m memberEntry, ch channelEntry) error {
	for _, d := range demoLives {
		if d.status != prism.StatusEnd && !ch.Enabled {
			continue // a closed channel has a past only
		}
		id := ch.ChannelID + "-" + d.suffix
		if _, err := a.store.WatchLive(ctx, id); err == nil {
			continue
		} else if !errors.Is(err, prism.ErrNotFound) {
			return err
		}
		live := d.live(id, ch.ChannelID, a.now())
		if title := demoTexts[ch.ChannelID].onAir; d.status == prism.StatusOnAir && title != "" {
			live.Title = title
		}
		err := a.store.PutLive(ctx, live)
		if errors.Is(err, prism.ErrConflict) {
			continue // a real live is on air
		}
		if err != nil {
			return err
		}
		if d.status == prism.StatusReserved || d.scope == prism.ScopePrivate {
			continue
		}
		if err := a.seedChat(ctx, id, m.UserID); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) seedChat(ctx context.Context, liveID, owner string) error {
	var guests []string
	for _, m := range a.creds.Users {
		if m.UserID != owner {
			guests = append(guests, m.UserID)
		}
	}
	for i, text := range demoChat {
		author := owner
		if i < len(demoChat)-1 && len(guests) > 0 {
			author = guests[i%len(guests)]
		}
		if err := a.store.PostChat(ctx, liveID, author, text); err != nil && !errors.Is(err, prism.ErrForbidden) {
			return err
		}
	}
	return nil
}

func (d demoLive) live(id, channelID string, now time.Time) prism.Live {
	l := prism.Live{
		ID: id, ChannelID: channelID, Title: d.title, Description: d.about,
		Status: d.status, Scope: d.scope, Stats: d.stats,
		ReservedAt: now.Add(d.begins).Truncate(time.Minute), CreatedAt: now.Add(min(d.begins, 0) - 24*time.Hour),
	}
	switch d.status {
	case prism.StatusEnd:
		l.StartedAt, l.EndedAt = l.ReservedAt, l.ReservedAt.Add(d.length)
		l.Broadcast, l.ModifiedAt = 1, l.EndedAt
	case prism.StatusOnAir:
		l.StartedAt, l.ModifiedAt, l.Broadcast = now, now, 1
	default:
		l.ModifiedAt = l.CreatedAt
	}
	return l
}
