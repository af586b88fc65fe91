package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// liveStationPathAge is how long the publish address of a channel is kept.
const liveStationPathAge = 5 * time.Minute

// LiveStationLives is a prism.LiveStore whose lives have the rtmpPath of the
// Live Station channel that carries their channel; all else is the inner
// store's. All lives of a channel have the same path, which serves because only
// one of them is on air. A live of a channel without a Live Station channel
// keeps its own path. Addresses are kept for 5 min, and longer while Live
// Station does not answer.
type LiveStationLives struct {
	inner    prism.LiveStore
	station  *LiveStation
	channels LiveStationChannels

	mu    sync.Mutex
	paths map[string]liveStationPath // by Live Station channel
}

type liveStationPath struct {
	path string
	at   time.Time
}

// NewLiveStationLives wraps a store.
func NewLiveStationLives(inner prism.LiveStore, station *LiveStation, channels LiveStationChannels) (*LiveStationLives, error) {
	if inner == nil || station == nil || channels == nil {
		return nil, errors.New("ingest: NewLiveStationLives: inner, station or channels is nil")
	}
	return &LiveStationLives{inner: inner, station: station, channels: channels, paths: make(map[string]liveStationPath)}, nil
}

// Lives implements prism.LiveStore.
func (l *LiveStationLives) Lives(ctx context.Context, userID, channelID string, filter prism.LiveFilter) ([]prism.Live, error) {
	lives, err := l.inner.Lives(ctx, userID, channelID, filter)
	if err != nil || len(lives) == 0 {
		return lives, err
	}
	path, err := l.path(ctx, channelID)
	if err != nil {
		return nil, err
	}
	if path == "" {
		return lives, nil
	}
	lives = slices.Clone(lives) // the inner store may keep its own
	for i := range lives {
		lives[i].RTMPPath = path
	}
	return lives, nil
}

// Live implements prism.LiveStore.
func (l *LiveStationLives) Live(ctx context.Context, userID, liveID string) (prism.Live, error) {
	live, err := l.inner.Live(ctx, userID, liveID)
	if err != nil {
		return live, err
	}
	return live, l.put(ctx, &live)
}

// CreateLive implements prism.LiveStore. It asks for the address first, so that
// no live is stored when Live Station does not answer.
func (l *LiveStationLives) CreateLive(ctx context.Context, userID, channelID string, live prism.NewLive) (prism.Live, error) {
	path, err := l.path(ctx, channelID)
	if err != nil {
		return prism.Live{}, err
	}
	created, err := l.inner.CreateLive(ctx, userID, channelID, live)
	if err == nil && path != "" {
		created.RTMPPath = path
	}
	return created, err
}

// StartLive implements prism.LiveStore. The change has happened whether or not
// Live Station answers, so the path is put on only when it is at hand.
func (l *LiveStationLives) StartLive(ctx context.Context, userID, liveID string) (prism.StartResult, error) {
	result, err := l.inner.StartLive(ctx, userID, liveID)
	if err != nil {
		return result, err
	}
	_ = l.put(ctx, &result.Live) // see above
	if result.Ended != nil {
		_ = l.put(ctx, result.Ended) // see above
	}
	return result, nil
}

// EndLive implements prism.LiveStore.
func (l *LiveStationLives) EndLive(ctx context.Context, userID, liveID string, opt prism.EndOptions) (prism.EndResult, error) {
	result, err := l.inner.EndLive(ctx, userID, liveID, opt)
	if err != nil {
		return result, err
	}
	_ = l.put(ctx, &result.Live) // as in StartLive
	return result, nil
}

// Updates is the prism.LiveUpdater of the inner store with the same paths, for
// prism.Config.Update.
func (l *LiveStationLives) Updates(inner prism.LiveUpdater) prism.LiveUpdater {
	return liveStationUpdates{inner, l}
}

type liveStationUpdates struct {
	inner prism.LiveUpdater
	lives *LiveStationLives
}

func (u liveStationUpdates) UpdateLive(ctx context.Context, userID, liveID string, update prism.LiveUpdate) (prism.Live, error) {
	live, err := u.inner.UpdateLive(ctx, userID, liveID, update)
	if err != nil {
		return live, err
	}
	_ = u.lives.put(ctx, &live) // as in StartLive
	return live, nil
}

// put sets the path of one live.
func (l *LiveStationLives) put(ctx context.Context, live *prism.Live) error {
	path, err := l.path(ctx, live.ChannelID)
	if err == nil && path != "" {
		live.RTMPPath = path
	}
	return err
}

// path returns the rtmpPath of a channel, "" for one that Live Station does not
// carry.
func (l *LiveStationLives) path(ctx context.Context, channelID string) (string, error) {
	station, err := l.channels.StationOf(ctx, channelID)
	if errors.Is(err, prism.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("ingest: Live Station channel of channel %q: %w", channelID, err)
	}
	now := l.station.opt.Now()
	l.mu.Lock()
	kept, ok := l.paths[station]
	l.mu.Unlock()
	if ok && now.Sub(kept.at) < liveStationPathAge {
		return kept.path, nil
	}
	c, err := l.station.Channel(ctx, station)
	if err == nil {
		kept.path, err = c.RTMPPath()
	}
	switch {
	case err == nil:
	case ok && errors.Is(err, prism.ErrUnavailable):
		return kept.path, nil
	default:
		// To the caller it is one thing that there is no address now, whether
		// the channel is still being created, is gone, or cannot be asked.
		return "", fmt.Errorf("ingest: rtmpPath of channel %q: %w: %s", channelID, prism.ErrUnavailable, err.Error())
	}
	l.mu.Lock()
	l.paths[station] = liveStationPath{kept.path, now}
	l.mu.Unlock()
	return kept.path, nil
}
