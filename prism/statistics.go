package prism

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Defaults and bounds of StatisticsOptions.
const (
	DefaultStatsInterval = 2 * time.Second
	MinStatsInterval     = 50 * time.Millisecond
	// MaxStatsInterval keeps a viewer's heartbeat from coming too late to
	// count; see ViewerTimeout.
	MaxStatsInterval       = 15 * time.Second
	DefaultStatsTimeout    = 5 * time.Second
	DefaultStatsLives      = 10_000
	DefaultStatsHeartbeats = 100_000
	DefaultStatsBatch      = 500
)

// maxStat is the largest number that Statistics takes. It leaves stores room
// to add, and the wire ends far below it.
const maxStat = 1 << 53

// maxID is the longest id that can travel to PRISM and back; see User.ID.
const maxID = 149

// StatisticsOptions describe a Statistics.
type StatisticsOptions struct {
	// Store gets what was collected. Required.
	Store StatsStore
	// Interval is the time between two writes: 2 s by default, 50 ms to 15 s.
	Interval time.Duration
	// Timeout bounds a write, and with it Close: 5 s by default, at least
	// MinStatsInterval.
	Timeout time.Duration
	// MaxLives is how many lives may have something new before it is written
	// at once: 10,000 by default. Nothing is dropped beyond it.
	MaxLives int
	// MaxHeartbeats is how many heartbeats may wait: 100,000 by default. When
	// half as many wait, they are written at once; those beyond it, while the
	// store is down, are dropped.
	MaxHeartbeats int
	// BatchSize is the most reports, or heartbeats, that one call of the store
	// gets: 500 by default, at most MaxStatsBatch.
	BatchSize int
	// Logger is told when the store fails and when it is back. nil is silent.
	Logger *zap.Logger
}

// Statistics collects the numbers of lives and the heartbeats of viewers in
// memory and writes them together, so that a viewer's click costs no write. It
// is safe for concurrent use. Every instance of a host has one of its own:
// increments and heartbeats of all of them add up in the store.
//
// What is given to a live is written as if each call had been written alone,
// in its order: increments add up, and a Set of a number replaces what was
// given of that number before. Between calls from several goroutines at once
// any order may come about.
//
// A write that fails loses nothing: it is tried again with what came in
// meanwhile. Numbers that are set and heartbeats may be written twice without
// harm. Increments are counted twice in one case only: when the store
// committed them and the answer was lost, so that the write looked failed.
// What was not written when the process dies is lost: at most what came in
// during one Interval.
//
// A heartbeat counts from when it is written. One that waited while the store
// was down counts the view, and a viewer for ViewerTimeout more.
type Statistics struct {
	opt    StatisticsOptions
	early  chan struct{} // a write is due before its time
	writer chan struct{} // held by the one who writes
	stop   context.CancelFunc
	loop   sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	pending pendingStats
	closed  bool
	// failing is set from a failed write to the next good one: what is new
	// then waits for its time, and is not logged again.
	failing bool
	dropped int // heartbeats since the store failed
}

// NewStatistics starts a Statistics. It reports every problem of its options
// at once, each naming the field. Close stops it.
func NewStatistics(opt StatisticsOptions) (*Statistics, error) {
	opt = opt.withDefaults()
	if err := opt.check(); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Statistics{
		opt:     opt,
		early:   make(chan struct{}, 1),
		writer:  make(chan struct{}, 1),
		stop:    stop,
		pending: newPendingStats(),
	}
	s.loop.Go(func() { s.run(ctx.Done()) })
	return s, nil
}

func (o StatisticsOptions) withDefaults() StatisticsOptions {
	if o.Interval == 0 {
		o.Interval = DefaultStatsInterval
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultStatsTimeout
	}
	if o.MaxLives == 0 {
		o.MaxLives = DefaultStatsLives
	}
	if o.MaxHeartbeats == 0 {
		o.MaxHeartbeats = DefaultStatsHeartbeats
	}
	if o.BatchSize == 0 {
		o.BatchSize = DefaultStatsBatch
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	return o
}

func (o StatisticsOptions) check() error {
	var errs []error
	problem := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("prism: StatisticsOptions."+field+" "+format, args...))
	}
	if o.Store == nil {
		problem("Store", "is missing: the ready stores are StatsStores")
	}
	if o.Interval < MinStatsInterval || o.Interval > MaxStatsInterval {
		problem("Interval", "is %v, want %v to %v", o.Interval, MinStatsInterval, MaxStatsInterval)
	}
	if o.Timeout < MinStatsInterval {
		problem("Timeout", "is %v, want at least %v", o.Timeout, MinStatsInterval)
	}
	if o.MaxLives < 0 {
		problem("MaxLives", "is %d, want 0 for the default or a positive number", o.MaxLives)
	}
	if o.MaxHeartbeats < 0 {
		problem("MaxHeartbeats", "is %d, want 0 for the default or a positive number", o.MaxHeartbeats)
	}
	if o.BatchSize < 0 || o.BatchSize > MaxStatsBatch {
		problem("BatchSize", "is %d, want 1 to %d", o.BatchSize, MaxStatsBatch)
	}
	return errors.Join(errs...)
}

// Add adds to the numbers of a live, for example LiveStats{Likes: 1}. Give ids
// of lives that exist: others are kept until the next write, which leaves them
// out. It returns ErrInvalid, which names the field, for an id that is empty
// or longer than 149 bytes, a number that is negative or over 2^53, and for
// Viewers, which are reported with Set. It returns ErrUnavailable after Close.
func (s *Statistics) Add(liveID string, add LiveStats) error {
	if err := checkPending(liveID, &add.Views, nil, &add.Likes, &add.Chats); err != nil {
		return err
	}
	if add.Viewers != 0 {
		return InvalidField("Viewers", "cannot be added: report them with Set")
	}
	return s.take(liveID, pendingLive{
		views: pendingCount{add: add.Views},
		likes: pendingCount{add: add.Likes},
		chats: pendingCount{add: add.Chats},
	})
}

// Set replaces the numbers of a live that are not nil. It is for a host that
// counts by itself; Views that are set replace those counted by ViewerSeen as
// well. It returns the errors that Add does.
func (s *Statistics) Set(liveID string, values StatsValues) error {
	if err := checkPending(liveID, values.Views, values.Viewers, values.Likes, values.Chats); err != nil {
		return err
	}
	return s.take(liveID, pendingLive{
		views: setCount(values.Views), viewers: setCount(values.Viewers),
		likes: setCount(values.Likes), chats: setCount(values.Chats),
	})
}

func (s *Statistics) take(liveID string, news pendingLive) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errStatisticsClosed()
	}
	s.pending.live(liveID).then(news)
	if len(s.pending.lives) >= s.opt.MaxLives {
		s.hurry()
	}
	return nil
}

// ViewerSeen is the heartbeat of a viewer of a live; see Audience.ViewerSeen.
// The watch page should send one every 20 s or so. Any number of them from one
// viewer is one until it is written. One that is over
// StatisticsOptions.MaxHeartbeats is dropped without an error: the next one
// makes up for it. It returns ErrInvalid for ids that are empty or too long
// (149 bytes of a live's, MaxViewerID of a viewer's), and ErrUnavailable after
// Close.
func (s *Statistics) ViewerSeen(liveID, viewerID string) error {
	if err := checkPendingID("liveID", liveID, maxID); err != nil {
		return err
	}
	if err := checkPendingID("viewerID", viewerID, MaxViewerID); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errStatisticsClosed()
	}
	if !s.pending.seen(ViewerHeartbeat{LiveID: liveID, ViewerID: viewerID}, s.opt.MaxHeartbeats) {
		s.drop(1)
	}
	if 2*len(s.pending.viewers) >= s.opt.MaxHeartbeats {
		s.hurry()
	}
	return nil
}

// hurry asks for a write now. While the store fails it would be one after
// another. The lock must be held.
func (s *Statistics) hurry() {
	if s.failing {
		return
	}
	select {
	case s.early <- struct{}{}:
	default:
	}
}

// drop counts heartbeats that are lost. The lock must be held.
func (s *Statistics) drop(n int) {
	if n > 0 && s.dropped == 0 {
		s.opt.Logger.Warn("prism: too many heartbeats of viewers wait to be written, so some are dropped",
			zap.Int("limit", s.opt.MaxHeartbeats))
	}
	s.dropped += n
}

func checkPending(liveID string, views, viewers, likes, chats *int64) error {
	if err := checkPendingID("liveID", liveID, maxID); err != nil {
		return err
	}
	for _, n := range [...]struct {
		field string
		value *int64
	}{{"Views", views}, {"Viewers", viewers}, {"Likes", likes}, {"Chats", chats}} {
		switch {
		case n.value == nil:
		case *n.value < 0:
			return InvalidField(n.field, "is negative")
		case *n.value > maxStat:
			return InvalidField(n.field, "is over 2^53")
		}
	}
	return nil
}

func checkPendingID(field, id string, longest int) error {
	switch {
	case id == "":
		return InvalidField(field, "is empty")
	case len(id) > longest:
		return InvalidField(field, fmt.Sprintf("is longer than %d bytes", longest))
	}
	return nil
}

func errStatisticsClosed() error {
	return fmt.Errorf("prism: Statistics is closed: %w", ErrUnavailable)
}
