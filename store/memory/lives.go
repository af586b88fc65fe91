package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// liveRecord is a live with its chat, its viewers and its publisher.
type liveRecord struct {
	// live holds what is stored. ForUser, Link and Stats.Viewers are worked
	// out when it is read.
	live     prism.Live
	key      [32]byte // the digest by which keys has it
	channel  *channelRecord
	chat     chatLog
	audience viewerSet
	reported int64 // viewers that the host counts elsewhere
	ingest   ingestSession
}

// Lives implements prism.LiveStore.
func (s *Store) Lives(ctx context.Context, userID, channelID string, filter prism.LiveFilter) ([]prism.Live, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	c, err := s.channelOf(userID, channelID)
	if err != nil {
		return nil, err
	}
	match := make([]*liveRecord, 0, len(c.lives))
	for _, l := range c.lives {
		if filter.Status == "" || l.live.Status == filter.Status {
			match = append(match, l)
		}
	}
	slices.SortFunc(match, func(a, b *liveRecord) int {
		return byNewest(a.live.ModifiedAt, b.live.ModifiedAt, a.live.CreatedAt, b.live.CreatedAt, a.live.ID, b.live.ID)
	})
	list := make([]prism.Live, 0, len(match))
	for i, l := range match {
		if filter.Limit <= 0 || i < filter.Limit || l.live.Status != prism.StatusEnd {
			list = append(list, s.liveView(l))
		}
	}
	return list, nil
}

// Live implements prism.LiveStore.
func (s *Store) Live(ctx context.Context, userID, liveID string) (prism.Live, error) {
	if err := s.lock(ctx); err != nil {
		return prism.Live{}, err
	}
	defer s.mu.Unlock()
	l, err := s.liveOf(userID, liveID)
	if err != nil {
		return prism.Live{}, err
	}
	return s.liveView(l), nil
}

// CreateLive implements prism.LiveStore.
func (s *Store) CreateLive(ctx context.Context, userID, channelID string, live prism.NewLive) (prism.Live, error) {
	if err := s.lock(ctx); err != nil {
		return prism.Live{}, err
	}
	defer s.mu.Unlock()
	c, err := s.channelOf(userID, channelID)
	if err != nil {
		return prism.Live{}, err
	}
	if !s.enabled(c) {
		return prism.Live{}, channelDisabled()
	}
	now := s.now()
	l := s.addLive(c, prism.Live{
		ID:          newID(now),
		Title:       live.Title,
		Description: live.Description,
		Status:      prism.StatusReserved,
		Scope:       live.Scope,
		ReservedAt:  live.ReservedAt,
		ModifiedAt:  now,
		CreatedAt:   now,
	})
	return s.liveView(l), nil
}

// UpdateLive implements prism.LiveUpdater. An update without any field moves
// ModifiedAt as well. An empty scope is PUBLIC, an unknown one
// prism.ErrInvalid.
func (s *Store) UpdateLive(ctx context.Context, userID, liveID string, update prism.LiveUpdate) (prism.Live, error) {
	if update.Scope != nil && *update.Scope != "" && !update.Scope.Valid() {
		return prism.Live{}, prism.InvalidField("LiveUpdate.Scope", "is not a scope")
	}
	if err := s.lock(ctx); err != nil {
		return prism.Live{}, err
	}
	defer s.mu.Unlock()
	l, err := s.liveOf(userID, liveID)
	if err != nil {
		return prism.Live{}, err
	}
	if update.Title != nil {
		l.live.Title = *update.Title
	}
	if update.Description != nil {
		l.live.Description = *update.Description
	}
	if update.Scope != nil {
		l.live.Scope = cmp.Or(*update.Scope, prism.ScopePublic)
	}
	if update.ReservedAt != nil {
		l.live.ReservedAt = update.ReservedAt.Round(0)
	}
	l.live.ModifiedAt = s.now()
	return s.liveView(l), nil
}

// PutLive implements prism.Directory. It returns prism.ErrNotFound for a live
// of an unknown channel, prism.ErrInvalid for an unknown status or scope, and
// prism.ErrConflict for a live on air while another of its channel is. An
// empty status is RESERVED. Only times that the status calls for are filled:
// a live on air without StartedAt began now. A live that has begun has a
// Broadcast of 1 or more. Stats.Viewers is not taken over: viewers count by
// their heartbeats.
func (s *Store) PutLive(ctx context.Context, live prism.Live) error {
	if err := checkID("Live.ID", live.ID); err != nil {
		return err
	}
	if live.Status == "" {
		live.Status = prism.StatusReserved
	}
	if live.Scope == "" {
		live.Scope = prism.ScopePublic
	}
	if !live.Status.Valid() {
		return prism.InvalidField("Live.Status", "is not a status")
	}
	if !live.Scope.Valid() {
		return prism.InvalidField("Live.Scope", "is not a scope")
	}
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if _, ok := s.lives[live.ID]; ok {
		return nil
	}
	c, ok := s.channels[live.ChannelID]
	if !ok {
		return notFound("channel of the live")
	}
	if live.Status == prism.StatusOnAir && c.onAir != nil {
		return conflict("another live of the channel is on air")
	}

	now := s.now()
	live.CreatedAt = timeOr(live.CreatedAt, now)
	live.ModifiedAt = timeOr(live.ModifiedAt, now)
	live.ReservedAt = timeOr(live.ReservedAt, live.CreatedAt)
	if live.Status != prism.StatusReserved {
		live.StartedAt = timeOr(live.StartedAt, now)
		live.Broadcast = max(live.Broadcast, 1)
	}
	if live.Status == prism.StatusEnd {
		live.EndedAt = timeOr(live.EndedAt, now)
	}
	s.addLive(c, live)
	return nil
}

// addLive gives the live its key and files it. The lock must be held.
func (s *Store) addLive(c *channelRecord, live prism.Live) *liveRecord {
	live.ChannelID = c.channel.ID
	key := prism.NewStreamKey()
	live.ForUser, live.RTMPPath, live.Link = "", prism.RTMPPath(s.base, key), ""
	live.PlaybackID = newPlaybackID()
	live.Stats.Viewers = 0
	live.ReservedAt = live.ReservedAt.Round(0)
	if live.Scope == "" {
		live.Scope = prism.ScopePublic
	}
	l := &liveRecord{live: live, key: prism.KeyDigest(key), channel: c, chat: newChatLog(), audience: newViewerSet()}
	s.lives[live.ID] = l
	s.keys[l.key] = l
	c.lives[live.ID] = l
	if live.Status == prism.StatusOnAir {
		c.onAir = l
	}
	return l
}

// liveOf finds a live that the user may use. The lock must be held.
func (s *Store) liveOf(userID, liveID string) (*liveRecord, error) {
	l, ok := s.lives[liveID]
	if !ok || l.channel.owner != userID {
		return nil, notFound("live")
	}
	return l, nil
}

// anyLive finds a live whoever asks. The lock must be held.
func (s *Store) anyLive(liveID string) (*liveRecord, error) {
	l, ok := s.lives[liveID]
	if !ok {
		return nil, notFound("live")
	}
	return l, nil
}

// liveView is the live as its owner sees it. The lock must be held.
func (s *Store) liveView(l *liveRecord) prism.Live {
	v := l.live
	v.ForUser = l.channel.owner
	if s.liveLink != nil {
		v.Link = s.liveLink(v.ID)
	}
	if v.Link == "" {
		v.Link = l.channel.channel.Link
	}
	if v.Status == prism.StatusOnAir {
		v.Stats.Viewers = addCount(l.reported, l.audience.watching(s.now().Add(-prism.ViewerTimeout)))
	}
	return v
}

// timeOr returns t without its monotonic part, or other when t is zero.
func timeOr(t, other time.Time) time.Time {
	if t.IsZero() {
		return other
	}
	return t.Round(0)
}
