package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/b2bprism/b2bprism/prism"
)

// LiveStationLives is a prism.LiveStore and prism.LiveUpdater whose lives have
// the rtmpPath of the Live Station channel that carries their channel; all else
// is the inner store's. Set it as Config.Lives and Config.Update, so that all
// answers have the same path. It is safe for concurrent use if the inner store
// is.
//
// All lives of a channel have the same path, which serves because only one of
// them is on air. A live of a channel without a Live Station channel keeps its
// own path.
//
// An address that is known is used at once, however old. After 5 min it is
// asked for again in the background, and 30 s after a question that failed. The
// first question for a channel is waited for, at most 1 s: without an answer,
// reading and creating return an error that wraps prism.ErrUnavailable, while
// starting, ending and updating have the effect all the same and return the
// inner store's path.
type LiveStationLives struct {
	inner    prism.LiveStore
	channels LiveStationChannels
	paths    liveStationPaths
}

// NewLiveStationLives wraps a store. UpdateLive needs one that is a
// prism.LiveUpdater too, as the ready stores are.
func NewLiveStationLives(inner prism.LiveStore, station *LiveStation, channels LiveStationChannels) (*LiveStationLives, error) {
	if inner == nil || station == nil || channels == nil {
		return nil, errors.New("ingest: NewLiveStationLives: inner, station or channels is nil")
	}
	return &LiveStationLives{
		inner: inner, channels: channels,
		paths: liveStationPaths{station: station, paths: make(map[string]*liveStationPath)},
	}, nil
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
	path, err := l.path(ctx, live.ChannelID)
	if path != "" {
		live.RTMPPath = path
	}
	return live, err
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

// StartLive implements prism.LiveStore.
func (l *LiveStationLives) StartLive(ctx context.Context, userID, liveID string) (prism.StartResult, error) {
	result, err := l.inner.StartLive(ctx, userID, liveID)
	if err != nil {
		return result, err
	}
	if path := l.pathAfter(ctx, result.Live.ChannelID); path != "" {
		result.Live.RTMPPath = path
		if result.Ended != nil { // a live of the same channel
			ended := *result.Ended // the inner store may keep its own
			ended.RTMPPath = path
			result.Ended = &ended
		}
	}
	return result, nil
}

// EndLive implements prism.LiveStore.
func (l *LiveStationLives) EndLive(ctx context.Context, userID, liveID string, opt prism.EndOptions) (prism.EndResult, error) {
	result, err := l.inner.EndLive(ctx, userID, liveID, opt)
	if err != nil {
		return result, err
	}
	if path := l.pathAfter(ctx, result.Live.ChannelID); path != "" {
		result.Live.RTMPPath = path
	}
	return result, nil
}

// UpdateLive implements prism.LiveUpdater by the inner store. One that is no
// prism.LiveUpdater gives an error that wraps prism.ErrNotFound: use Updates if
// something else updates its lives, and leave Config.Update nil if nothing does.
func (l *LiveStationLives) UpdateLive(ctx context.Context, userID, liveID string, update prism.LiveUpdate) (prism.Live, error) {
	inner, ok := l.inner.(prism.LiveUpdater)
	if !ok {
		return prism.Live{}, fmt.Errorf("ingest: the inner store of LiveStationLives updates no lives: %w", prism.ErrNotFound)
	}
	return l.Updates(inner).UpdateLive(ctx, userID, liveID, update)
}

// Updates is a prism.LiveUpdater with the same paths, for Config.Update of a
// host whose lives are updated by something else than the inner store.
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
	if path := u.lives.pathAfter(ctx, live.ChannelID); path != "" {
		live.RTMPPath = path
	}
	return live, nil
}
