// Package station is the service's side of a media server in a test: lives in
// memory, hooks whose events are counted, and a log that is looked through.
package station

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// HookSecret is the secret of the hooks.
const HookSecret = "0123456789abcdef0123"

const owner = "u1"

// Station holds the lives of one streamer.
type Station struct {
	// T is the test, which ends where a method fails.
	T     *testing.T
	Store *memory.Store
	// RTMP is what stands before the stream key of every rtmpPath.
	RTMP string
	// Events are for the hooks.
	Events ingest.Events
	// Log is kept in Logs.
	Log  *zap.Logger
	Logs *observer.ObservedLogs
	// Kicker, if set, drops the publisher of a live that OnAir replaces.
	Kicker prism.PublisherKicker

	patience time.Duration
	mu       sync.Mutex
	counts   map[string]int // of events, by kind and key
}

// New makes a Station. patience is how long Until waits.
func New(t *testing.T, rtmpBase string, patience time.Duration) *Station {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	s := &Station{T: t, RTMP: rtmpBase, Log: zap.New(core), Logs: logs, patience: patience, counts: make(map[string]int)}
	var err error
	s.Store, err = memory.New(prism.StoreOptions{RTMPBase: rtmpBase})
	s.Must(err)
	s.Must(s.Store.PutUser(t.Context(), prism.User{ID: owner, Name: "Streamer"}))
	ready, err := ingest.NewEvents(s.Store, ingest.EventsOptions{})
	s.Must(err)
	s.Events = countedEvents{ready, s}
	return s
}

// Must ends the test on an error.
func (s *Station) Must(err error) {
	s.T.Helper()
	if err != nil {
		s.T.Fatal(err)
	}
}

// OnAir makes a live on a channel, which it makes too, and starts it.
func (s *Station) OnAir(channel string) prism.Live {
	s.T.Helper()
	s.Must(s.Store.PutChannel(s.T.Context(), owner, prism.Channel{ID: channel, Name: channel, Enabled: true}))
	live, err := s.Store.CreateLive(s.T.Context(), owner, channel, prism.NewLive{Title: "A live", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	s.Must(err)
	return s.Start(live)
}

// Start puts a live on air.
func (s *Station) Start(live prism.Live) prism.Live {
	s.T.Helper()
	started, err := s.Store.StartLive(s.T.Context(), owner, live.ID)
	s.Must(err)
	if started.Ended != nil && s.Kicker != nil {
		s.Must(s.Kicker.KickPublisher(s.T.Context(), *started.Ended))
	}
	return started.Live
}

// Stop ends a live as the streamer does.
func (s *Station) Stop(live prism.Live) {
	s.T.Helper()
	_, err := s.Store.EndLive(s.T.Context(), owner, live.ID, prism.EndOptions{})
	s.Must(err)
}

// End is ingest.WatcherOptions.End.
func (s *Station) End(ctx context.Context, liveID string, opt prism.EndOptions, _ prism.EndReason) (prism.EndResult, error) {
	opt.AsService = true
	return s.Store.EndLive(ctx, "", liveID, opt)
}

// Status is the state of a live.
func (s *Station) Status(live prism.Live) prism.Status {
	s.T.Helper()
	got, err := s.Store.Live(s.T.Context(), owner, live.ID)
	s.Must(err)
	return got.Status
}

// Until waits for something to happen.
func (s *Station) Until(what string, ok func() bool) {
	s.T.Helper()
	for deadline := time.Now().Add(s.patience); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			for _, entry := range s.Logs.All() {
				s.T.Log(entry.Time.Format(time.TimeOnly), entry.Message, entry.ContextMap())
			}
			s.T.Fatalf("waited %s in vain: %s", s.patience, what)
		}
	}
}

// NoKey looks for the key of a live in the log.
func (s *Station) NoKey(live prism.Live) {
	s.T.Helper()
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	for _, entry := range s.Logs.All() {
		line, err := encoder.EncodeEntry(entry.Entry, entry.Context)
		s.Must(err)
		if strings.Contains(line.String(), Key(s.T, live)) {
			s.T.Errorf("the log has the key: %s", line)
		}
	}
}

// Key is the stream key of a live.
func Key(t *testing.T, live prism.Live) string {
	t.Helper()
	_, key, err := prism.SplitRTMPPath(live.RTMPPath)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
