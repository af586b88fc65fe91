package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	defaultLiveStationInterval = 10 * time.Second
	// maxLiveStationCalls is how many channels are asked for at once.
	maxLiveStationCalls = 8
)

// LiveStationChannels is the host's table of which Live Station channel carries
// which of its channels, one to one. It must be safe for concurrent use and
// honour ctx.
type LiveStationChannels interface {
	// StationOf returns the id of the Live Station channel that carries a
	// channel of the host, or an error that wraps prism.ErrNotFound.
	StationOf(ctx context.Context, channelID string) (stationID string, err error)
	// ChannelOf is the way back.
	ChannelOf(ctx context.Context, stationID string) (channelID string, err error)
}

// LiveStationIngestOptions describe a LiveStationIngest.
type LiveStationIngestOptions struct {
	// Station, Channels and Store are required.
	Station  *LiveStation
	Channels LiveStationChannels
	Store    prism.IngestStore
	// Secret is the first path segment of the callback URL, because Live
	// Station signs nothing: at least MinHookSecret letters, digits, "_" and
	// "-". Required.
	Secret string
	// Hold is how long a publish waits for its live to go on air: 3 s by
	// default, at most MaxHold. Negative means no wait.
	Hold time.Duration
	// Interval is the time between two looks at the channels of lives on air:
	// 10 s by default, at least 10 ms. A Watcher's timeout must be longer.
	Interval time.Duration
	// Logger gets failures, without keys. nil is silent.
	Logger *zap.Logger
}

// LiveStationIngest records in a store which Live Station channels have a
// publisher. As a handler it takes Live Station's callbacks at /{secret}/callback.
// A callback is only a hint, because its events are not documented in full and
// nothing proves who sent it: each one, and every Interval each channel of a
// live on air, leads to a signed question for the channel's status.
//
// While a channel cannot be asked there are no heartbeats of its live: a
// LiveStationIngest is the Source that keeps a Watcher from taking the live for
// idle then. Set it in WatcherOptions.Sources.
//
// Live Station itself decides by the key who may publish, and has no documented
// call that drops a publisher.
type LiveStationIngest struct {
	opt    LiveStationIngestOptions
	secret hookSecret
	cancel context.CancelFunc
	done   chan struct{}
	calls  chan struct{}

	mu sync.Mutex
	// watched are the lives on air of the last look, by id.
	watched map[string]watchedTime
}

// NewLiveStationIngest starts one. Close stops it.
func NewLiveStationIngest(opt LiveStationIngestOptions) (*LiveStationIngest, error) {
	switch {
	case opt.Hold == 0:
		opt.Hold = DefaultHold
	case opt.Hold < 0:
		opt.Hold = 0
	}
	if opt.Interval == 0 {
		opt.Interval = defaultLiveStationInterval
	}
	if opt.Logger == nil {
		opt.Logger = zap.NewNop()
	}
	var errs []error
	if opt.Station == nil || opt.Channels == nil || opt.Store == nil {
		errs = append(errs, errors.New("ingest: LiveStationIngestOptions: Station, Channels or Store is nil"))
	}
	secret, err := newHookSecret("LiveStationIngestOptions.Secret", opt.Secret)
	errs = append(errs, err)
	if opt.Hold > MaxHold {
		errs = append(errs, fmt.Errorf("ingest: LiveStationIngestOptions.Hold: %s is over %s", opt.Hold, MaxHold))
	}
	if opt.Interval < 10*time.Millisecond {
		errs = append(errs, fmt.Errorf("ingest: LiveStationIngestOptions.Interval: %s is under 10ms", opt.Interval))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &LiveStationIngest{opt: opt, secret: secret, cancel: cancel, done: make(chan struct{}), calls: make(chan struct{}, maxLiveStationCalls)}
	go l.run(ctx)
	return l, nil
}

// Close stops the looks at channels and waits for one that runs. It may be
// called again. A LiveStationIngest that is closed watches nothing.
func (l *LiveStationIngest) Close() error {
	l.cancel()
	<-l.done
	l.watchOnly(nil)
	return nil
}

func (l *LiveStationIngest) run(ctx context.Context) {
	defer close(l.done)
	ticker := time.NewTicker(l.opt.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := l.Check(ctx); err != nil && ctx.Err() == nil {
			l.opt.Logger.Error("the look at Live Station failed", zap.Error(err))
		}
	}
}

// ServeHTTP takes a callback: 204 when the status of its channel was recorded
// or the channel is none of ours, 400 for a body that is no callback, and 503
// when the status could not be had.
func (l *LiveStationIngest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, _, ok := l.secret.route(r.URL.Path, "livestation", "callback"); !ok {
		http.NotFound(w, r)
		return
	}
	if !onlyPOST(w, r) {
		return
	}
	body, err := readHook(w, r)
	var station string
	if err == nil {
		station, err = parseLiveStation(body)
	}
	ctx, cancel := context.WithTimeout(r.Context(), hookTimeout)
	defer cancel()
	if err == nil {
		err = l.hint(ctx, station)
	}
	switch {
	case err == nil || errors.Is(err, prism.ErrNotFound):
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, errHook):
		w.WriteHeader(http.StatusBadRequest)
	default:
		l.opt.Logger.Warn("a callback of Live Station was not followed", zap.String("station", station), zap.Error(err))
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// hint asks for the status of one channel and records it.
func (l *LiveStationIngest) hint(ctx context.Context, station string) error {
	channel, err := l.opt.Channels.ChannelOf(ctx, station)
	if err != nil {
		return fmt.Errorf("ingest: channel of a Live Station channel: %w", err)
	}
	c, err := l.ask(ctx, station)
	if err != nil {
		return err
	}
	// The client may push a moment before the start of its live is stored.
	over := time.NewTimer(l.opt.Hold)
	defer over.Stop()
	for {
		lives, err := l.onAir(ctx)
		if err != nil {
			return err
		}
		for _, live := range lives {
			if live.ChannelID == channel {
				return l.record(ctx, live, c)
			}
		}
		if !c.Publishing() {
			return nil
		}
		again := time.NewTimer(DefaultPoll)
		select {
		case <-again.C:
		case <-over.C:
			again.Stop()
			return nil // a publish that belongs to no live
		case <-ctx.Done():
			again.Stop()
			return ctx.Err()
		}
	}
}

// Check makes one pass over the channels of all lives on air. A channel whose
// status cannot be had does not keep the others; the errors come back joined.
func (l *LiveStationIngest) Check(ctx context.Context) error {
	lives, err := l.onAir(ctx)
	l.watchOnly(lives)
	if err != nil {
		return err
	}
	errs := make([]error, len(lives))
	var wg sync.WaitGroup
	for i, live := range lives {
		wg.Go(func() {
			var good bool
			good, errs[i] = l.look(ctx, live)
			l.looked(live, good)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// look asks for the channel of one live and records its status. It reports
// whether a publisher, if there is one, was recorded.
func (l *LiveStationIngest) look(ctx context.Context, live prism.Live) (bool, error) {
	station, err := l.opt.Channels.StationOf(ctx, live.ChannelID)
	if errors.Is(err, prism.ErrNotFound) {
		return true, nil // carried elsewhere
	}
	if err != nil {
		return false, fmt.Errorf("ingest: Live Station channel of channel %q: %w", live.ChannelID, err)
	}
	c, err := l.ask(ctx, station)
	if err != nil {
		return errors.Is(err, prism.ErrNotFound), err // nobody publishes to a channel that is gone
	}
	err = l.record(ctx, live, c)
	return err == nil, err
}

// Watched implements Source, each live by itself: it is true if, since the
// given time, every look at the channel of the live was answered and recorded.
// A live that Live Station does not carry is watched from the first look on.
func (l *LiveStationIngest) Watched(live prism.Live, since time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.watched[live.ID].covers(since)
}

// watchOnly forgets the lives that are not on air any more.
func (l *LiveStationIngest) watchOnly(lives []prism.Live) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.watched
	l.watched = make(map[string]watchedTime, len(lives))
	for _, live := range lives {
		if w, ok := before[live.ID]; ok {
			l.watched[live.ID] = w
		}
	}
}

// looked records whether a look at a live was a good one.
func (l *LiveStationIngest) looked(live prism.Live, good bool) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if good {
		l.watched[live.ID] = l.watched[live.ID].goesOn(now)
	} else {
		delete(l.watched, live.ID)
	}
}

// ask gets the status of a channel, a few at a time.
func (l *LiveStationIngest) ask(ctx context.Context, station string) (LiveStationChannel, error) {
	select {
	case l.calls <- struct{}{}:
		defer func() { <-l.calls }()
	case <-ctx.Done():
		return LiveStationChannel{}, fmt.Errorf("ingest: Live Station: %w", ctx.Err())
	}
	return l.opt.Station.Channel(ctx, station)
}

func (l *LiveStationIngest) onAir(ctx context.Context) ([]prism.Live, error) {
	// Every live on air was active before a time that is still to come.
	lives, err := l.opt.Store.IdleLives(ctx, time.Now().Add(24*time.Hour), maxOnAir)
	if err != nil {
		return nil, fmt.Errorf("ingest: lives on air: %w", err)
	}
	return lives, nil
}

// record stores what the status of a channel means for the live it carries.
func (l *LiveStationIngest) record(ctx context.Context, live prism.Live, c LiveStationChannel) error {
	name, err := session("livestation:"+c.ID, "p"+c.RecentPublish)
	if err != nil {
		return err
	}
	if !c.Publishing() {
		err = l.opt.Store.IngestEnded(ctx, live.ID, name)
	} else if err = l.opt.Store.IngestSeen(ctx, live.ID, name); errors.Is(err, prism.ErrConflict) {
		// A publish that is new to this broadcast.
		err = l.opt.Store.IngestStarted(ctx, live.ID, live.Broadcast, name)
		if errors.Is(err, prism.ErrConflict) {
			return nil // the live ended meanwhile
		}
	}
	if err != nil {
		return fmt.Errorf("ingest: status of Live Station for live %q: %w", live.ID, err)
	}
	return nil
}

// parseLiveStation reads which channel a callback is about. The rest of it is
// not used: see LiveStationIngest.
func parseLiveStation(body []byte) (string, error) {
	object, err := parseHook(body)
	if err != nil {
		return "", err
	}
	id, err := object.text("channelId")
	if err != nil {
		return "", err
	}
	if _, err := channelPath(id); err != nil {
		return "", fmt.Errorf("%w: channelId is missing or has other characters", errHook)
	}
	return id, nil
}
