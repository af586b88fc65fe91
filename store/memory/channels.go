package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// channelRecord is a channel with all that hangs on it.
type channelRecord struct {
	channel  prism.Channel // ForUser is empty: the owner stands beside it
	owner    string
	lives    map[string]*liveRecord
	onAir    *liveRecord          // the one live on air, or nil
	bans     map[string]time.Time // by user; the zero time is for ever
	managers map[string]struct{}
}

// Channels implements prism.ChannelStore.
func (s *Store) Channels(ctx context.Context, userID string) ([]prism.Channel, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	list := make([]prism.Channel, 0, len(s.owned[userID]))
	for _, c := range s.owned[userID] {
		list = append(list, s.channelView(c))
	}
	slices.SortFunc(list, func(a, b prism.Channel) int {
		return byNewest(a.ModifiedAt, b.ModifiedAt, a.CreatedAt, b.CreatedAt, a.ID, b.ID)
	})
	return list, nil
}

// Channel implements prism.ChannelStore.
func (s *Store) Channel(ctx context.Context, userID, channelID string) (prism.Channel, error) {
	if err := s.lock(ctx); err != nil {
		return prism.Channel{}, err
	}
	defer s.mu.Unlock()
	c, err := s.channelOf(userID, channelID)
	if err != nil {
		return prism.Channel{}, err
	}
	return s.channelView(c), nil
}

// PutChannel implements prism.Directory. The owner must be a user of the
// store, else it returns prism.ErrNotFound. A channel may change its owner.
func (s *Store) PutChannel(ctx context.Context, ownerID string, channel prism.Channel) error {
	if err := checkID("Channel.ID", channel.ID); err != nil {
		return err
	}
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if _, ok := s.users[ownerID]; !ok {
		return notFound("owner of the channel")
	}

	c, known := s.channels[channel.ID]
	if !known {
		c = &channelRecord{
			lives:    make(map[string]*liveRecord),
			bans:     make(map[string]time.Time),
			managers: make(map[string]struct{}),
		}
		now := s.now()
		c.channel.CreatedAt, c.channel.ModifiedAt = now, now
		s.channels[channel.ID] = c
	}
	channel.ForUser = ""
	channel.Tags = slices.Clone(channel.Tags)
	channel.CreatedAt = timeOr(channel.CreatedAt, c.channel.CreatedAt)
	channel.ModifiedAt = timeOr(channel.ModifiedAt, c.channel.ModifiedAt)
	c.channel = channel

	delete(s.owned[c.owner], channel.ID)
	c.owner = ownerID
	delete(c.bans, ownerID) // an owner cannot be banned
	if s.owned[ownerID] == nil {
		s.owned[ownerID] = make(map[string]*channelRecord)
	}
	s.owned[ownerID][channel.ID] = c
	return nil
}

// SetChannelEnabled implements prism.Directory. ForUser of the live that comes
// back is the owner of the channel. It returns prism.ErrNotFound for an
// unknown channel.
func (s *Store) SetChannelEnabled(ctx context.Context, channelID string, enabled bool) (*prism.Live, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	c, ok := s.channels[channelID]
	if !ok {
		return nil, notFound("channel")
	}
	now := s.now()
	if c.channel.Enabled != enabled {
		c.channel.Enabled = enabled
		c.channel.ModifiedAt = now
	}
	if enabled || c.onAir == nil {
		return nil, nil
	}
	l := c.onAir
	l.end(now)
	ended := s.liveView(l)
	return &ended, nil
}

// channelOf finds a channel that the user may use. The lock must be held.
func (s *Store) channelOf(userID, channelID string) (*channelRecord, error) {
	c, ok := s.channels[channelID]
	if !ok || c.owner != userID {
		return nil, notFound("channel")
	}
	return c, nil
}

// enabled reports whether a broadcast can start. The lock must be held.
func (s *Store) enabled(c *channelRecord) bool {
	return c.channel.Enabled && !s.users[c.owner].Disabled
}

func (s *Store) channelView(c *channelRecord) prism.Channel {
	v := c.channel
	v.ForUser = c.owner
	v.Enabled = s.enabled(c)
	v.Tags = slices.Clone(v.Tags)
	return v
}

// byNewest is the order of lists. The id decides last, so that the order of
// equal times is stable.
func byNewest(modifiedA, modifiedB, createdA, createdB time.Time, idA, idB string) int {
	return cmp.Or(modifiedB.Compare(modifiedA), createdB.Compare(createdA), cmp.Compare(idA, idB))
}
