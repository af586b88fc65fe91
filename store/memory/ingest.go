package memory

import (
	"context"
	"slices"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// ingestSession is the publisher of a broadcast. It begins anew with each.
type ingestSession struct {
	publishing bool
	session    string
	seenAt     time.Time // of the last packet; zero before the first
}

// LiveByStreamKey implements prism.IngestStore.
func (s *Store) LiveByStreamKey(ctx context.Context, digest [32]byte) (prism.Live, error) {
	if err := s.lock(ctx); err != nil {
		return prism.Live{}, err
	}
	defer s.mu.Unlock()
	l, ok := s.keys[digest]
	if !ok {
		return prism.Live{}, notFound("live of the stream key")
	}
	return s.liveView(l), nil
}

// IngestStarted implements prism.IngestStore.
func (s *Store) IngestStarted(ctx context.Context, liveID string, broadcast int, session string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	l, err := s.anyLive(liveID)
	if err != nil {
		return err
	}
	if l.live.Status != prism.StatusOnAir || l.live.Broadcast != broadcast {
		return conflict("the live is not on air with this broadcast")
	}
	l.ingest = ingestSession{publishing: true, session: session, seenAt: s.now()}
	return nil
}

// IngestSeen implements prism.IngestStore.
func (s *Store) IngestSeen(ctx context.Context, liveID, session string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	l, err := s.anyLive(liveID)
	if err != nil {
		return err
	}
	if l.live.Status != prism.StatusOnAir || !l.ingest.publishing || l.ingest.session != session {
		return conflict("the session is not the publisher's")
	}
	l.ingest.seenAt = s.now()
	return nil
}

// IngestEnded implements prism.IngestStore.
func (s *Store) IngestEnded(ctx context.Context, liveID, session string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	l, err := s.anyLive(liveID)
	if err != nil {
		return err
	}
	if l.ingest.session == session {
		l.ingest.publishing = false
	}
	return nil
}

// IdleLives implements prism.IngestStore.
func (s *Store) IdleLives(ctx context.Context, before time.Time, limit int) ([]prism.Live, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var idle []*liveRecord
	for _, c := range s.channels {
		if c.onAir != nil && c.onAir.activeAt().Before(before) {
			idle = append(idle, c.onAir)
		}
	}
	slices.SortFunc(idle, func(a, b *liveRecord) int { return a.activeAt().Compare(b.activeAt()) })
	return s.liveViews(idle, limit), nil
}

// activeAt is when the last packet of the broadcast came in, or its start.
func (l *liveRecord) activeAt() time.Time { return timeOr(l.ingest.seenAt, l.live.StartedAt) }

// liveViews returns the first lives up to limit. The lock must be held.
func (s *Store) liveViews(lives []*liveRecord, limit int) []prism.Live {
	lives = lives[:min(len(lives), max(limit, 0))]
	list := make([]prism.Live, len(lives))
	for i, l := range lives {
		list[i] = s.liveView(l)
	}
	return list
}
