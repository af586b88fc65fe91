package memory

import (
	"context"
	"fmt"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// StartLive implements prism.LiveStore.
func (s *Store) StartLive(ctx context.Context, userID, liveID string) (prism.StartResult, error) {
	if err := s.lock(ctx); err != nil {
		return prism.StartResult{}, err
	}
	defer s.mu.Unlock()
	l, err := s.liveOf(userID, liveID)
	if err != nil {
		return prism.StartResult{}, err
	}
	if !s.enabled(l.channel) {
		return prism.StartResult{}, channelDisabled()
	}
	if l.live.Status == prism.StatusOnAir {
		return prism.StartResult{Live: s.liveView(l)}, nil
	}

	now := s.now()
	result := prism.StartResult{Changed: true}
	if other := l.channel.onAir; other != nil {
		other.end(now)
		ended := s.liveView(other)
		result.Ended = &ended
	}
	l.start(now)
	result.Live = s.liveView(l)
	return result, nil
}

// EndLive implements prism.LiveStore.
func (s *Store) EndLive(ctx context.Context, userID, liveID string, opt prism.EndOptions) (prism.EndResult, error) {
	if err := s.lock(ctx); err != nil {
		return prism.EndResult{}, err
	}
	defer s.mu.Unlock()
	find := func() (*liveRecord, error) { return s.liveOf(userID, liveID) }
	if opt.AsService {
		find = func() (*liveRecord, error) { return s.anyLive(liveID) }
	}
	l, err := find()
	if err != nil {
		return prism.EndResult{}, err
	}
	running := l.live.Status == prism.StatusOnAir &&
		(opt.OnlyBroadcast == 0 || opt.OnlyBroadcast == l.live.Broadcast) &&
		(opt.IdleBefore.IsZero() || l.activeAt().Before(opt.IdleBefore))
	if running {
		l.end(s.now())
	}
	return prism.EndResult{Live: s.liveView(l), Changed: running}, nil
}

// start begins a broadcast. The channel must have no other live on air.
func (l *liveRecord) start(now time.Time) {
	l.live.Status = prism.StatusOnAir
	l.live.Broadcast++
	l.live.StartedAt = now
	l.live.ModifiedAt = now
	l.audience, l.reported = newViewerSet(), 0
	l.ingest = ingestSession{}
	l.channel.onAir = l
}

// end ends the broadcast of a live that is on air.
func (l *liveRecord) end(now time.Time) {
	l.live.Status = prism.StatusEnd
	l.live.EndedAt = now
	l.live.ModifiedAt = now
	l.audience, l.reported = newViewerSet(), 0
	l.ingest = ingestSession{}
	l.channel.onAir = nil
}

func channelDisabled() error { return fmt.Errorf("memory: %w", prism.ErrChannelDisabled) }

func conflict(why string) error { return fmt.Errorf("memory: %s: %w", why, prism.ErrConflict) }
