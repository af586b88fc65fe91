package prismtest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// soon is how long a call may take once its ctx is over. It is generous, as a
// test machine may be busy.
const soon = 5 * time.Second

// allCalls are all methods of the fixture, on a live.
func (k *kit) allCalls(live prism.Live) []userCall {
	calls := []userCall{
		{"User", func(ctx context.Context, u, _ string) error {
			_, err := k.Users.User(ctx, u)
			return err
		}},
		{"Channels", func(ctx context.Context, u, _ string) error {
			_, err := k.Channels.Channels(ctx, u)
			return err
		}},
		{"EndLive with AsService", func(ctx context.Context, _, id string) error {
			_, err := k.Lives.EndLive(ctx, "", id, prism.EndOptions{AsService: true})
			return err
		}},
	}
	for _, c := range k.channelCalls() {
		calls = append(calls, userCall{c.name, func(ctx context.Context, u, _ string) error {
			return c.do(ctx, u, k.EnabledChannel)
		}})
	}
	calls = append(calls, k.liveCalls("kit-no-message")...)
	if k.Ingest != nil {
		calls = append(calls, k.ingestCalls(live)...)
	}
	if k.Directory != nil {
		calls = append(calls, k.directoryCalls()...)
	}
	if k.Audience != nil {
		calls = append(calls, k.audienceCalls()...)
	}
	if k.Stats != nil {
		calls = append(calls, k.statsCalls()...)
	}
	if k.Sweep != nil {
		calls = append(calls, k.sweepCalls(live)...)
	}
	if k.Standings != nil {
		calls = append(calls, userCall{"Standing", func(ctx context.Context, u, id string) error {
			_, err := k.Standings.Standing(ctx, id, u)
			return err
		}})
	}
	return calls
}

func (k *kit) ingestCalls(live prism.Live) []userCall {
	return []userCall{
		{"LiveByStreamKey", func(ctx context.Context, _, _ string) error {
			_, err := k.Ingest.LiveByStreamKey(ctx, digestOf(live))
			return err
		}},
		{"IngestStarted", func(ctx context.Context, _, id string) error {
			return k.Ingest.IngestStarted(ctx, id, live.Broadcast, "kit-session")
		}},
		{"IngestSeen", func(ctx context.Context, _, id string) error {
			return k.Ingest.IngestSeen(ctx, id, "kit-session")
		}},
		{"IngestEnded", func(ctx context.Context, _, id string) error {
			return k.Ingest.IngestEnded(ctx, id, "kit-session")
		}},
		{"IdleLives", func(ctx context.Context, _, _ string) error {
			_, err := k.Ingest.IdleLives(ctx, live.CreatedAt, 10)
			return err
		}},
	}
}

func (k *kit) directoryCalls() []userCall {
	return []userCall{
		{"PutUser", func(ctx context.Context, _, _ string) error {
			return k.Directory.PutUser(ctx, prism.User{ID: "kit-cancelled", Name: "Cancelled"})
		}},
		{"PutChannel", func(ctx context.Context, u, _ string) error {
			return k.Directory.PutChannel(ctx, u, prism.Channel{ID: "kit-cancelled", Name: "Cancelled", Enabled: true})
		}},
		{"PutLive", func(ctx context.Context, _, _ string) error {
			return k.Directory.PutLive(ctx, prism.Live{ID: "kit-cancelled", ChannelID: k.EnabledChannel, Title: "Cancelled", Status: prism.StatusReserved, Scope: prism.ScopePublic})
		}},
		{"SetChannelEnabled", func(ctx context.Context, _, _ string) error {
			_, err := k.Directory.SetChannelEnabled(ctx, k.EnabledChannel, false)
			return err
		}},
	}
}

func (k *kit) audienceCalls() []userCall {
	return []userCall{
		{"WatchLive", func(ctx context.Context, _, id string) error {
			_, err := k.Audience.WatchLive(ctx, id)
			return err
		}},
		{"LivesOnAir", func(ctx context.Context, _, _ string) error {
			_, err := k.Audience.LivesOnAir(ctx, 10)
			return err
		}},
		{"LiveChat", func(ctx context.Context, _, id string) error {
			_, err := k.Audience.LiveChat(ctx, id, prism.ChatQuery{Limit: 10})
			return err
		}},
		{"PostChat", func(ctx context.Context, u, id string) error {
			return k.Audience.PostChat(ctx, id, u, "cancelled")
		}},
		{"ViewerSeen", func(ctx context.Context, _, id string) error {
			return k.Audience.ViewerSeen(ctx, id, "kit-viewer")
		}},
		{"AddLikes", func(ctx context.Context, _, id string) error {
			return k.Audience.AddLikes(ctx, id, 1)
		}},
	}
}

func (s *suite) context() {
	s.rule("a call whose ctx is over returns soon with its error, and changes nothing", func(k *kit) {
		k.silence()
		onAir := k.onAir("on air")
		lives := len(k.list(prism.LiveFilter{}))
		cancelled, cancel := context.WithCancel(k.ctx)
		cancel()
		expired, cancel := context.WithDeadline(k.ctx, time.Unix(0, 0))
		defer cancel()
		for _, c := range k.allCalls(onAir) {
			for _, ctx := range []context.Context{cancelled, expired} {
				err, returned := inTime(func() error { return c.do(ctx, k.Owner, onAir.ID) })
				switch {
				case !returned:
					k.t.Fatalf("%s did not return within %v of a ctx that was over: pass ctx to the driver", c.name, soon)
				case err == nil:
					k.t.Errorf("%s succeeded though its ctx was over (%v): pass ctx to the driver, or check ctx.Err() first", c.name, ctx.Err())
				case !errors.Is(err, ctx.Err()) && !errors.Is(err, prism.ErrUnavailable):
					k.t.Errorf("%s: got error %q; the contract demands one that wraps ctx.Err() (%v) or prism's UNAVAILABLE", c.name, err, ctx.Err())
				}
				k.unchanged(c.name+" with a ctx that is over", onAir)
			}
		}
		if got := len(k.list(prism.LiveFilter{})); got != lives {
			k.t.Errorf("the channel has %d lives after calls whose ctx was over, want %d as before", got, lives)
		}
		if k.Chat != nil {
			if got := len(k.latest(onAir.ID, 10).Messages); got != 0 {
				k.t.Errorf("the chat has %d messages after calls whose ctx was over, want none", got)
			}
		}
		if k.Sweep != nil {
			k.wantLease("after calls whose ctx was over, of a job that nobody has", k.Sweep, cancelledJob, unique("holder"), true)
			k.noError("Release", k.Sweep.Release(k.ctx, cancelledJob, "kit-cancelled"))
		}
		if k.Directory != nil {
			_, err := k.Users.User(k.ctx, "kit-cancelled")
			k.wantError("User after a PutUser whose ctx was over", err, prism.ErrNotFound)
		}
	})
	s.rule("calls whose ctx ends midway return soon and leave a sound state", func(k *kit) {
		k.silence()
		lives := []prism.Live{k.create("a"), k.create("b"), k.create("c")}
		var wg sync.WaitGroup
		failures := make(chan string, 256)
		for worker := range 8 {
			wg.Go(func() {
				for i := range 8 {
					ctx, cancel := context.WithTimeout(k.ctx, time.Duration(worker*i)*50*time.Microsecond)
					id := lives[(worker+i)%len(lives)].ID
					err, returned := inTime(func() error {
						if i%3 == 2 {
							_, err := k.Lives.EndLive(ctx, k.Owner, id, prism.EndOptions{})
							return err
						}
						_, err := k.Lives.StartLive(ctx, k.Owner, id)
						return err
					})
					if !returned {
						failures <- "a call did not return after its ctx had ended"
					} else if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, prism.ErrUnavailable) {
						failures <- "a call whose ctx ended midway returned an error that wraps neither ctx.Err() nor prism's UNAVAILABLE: " + err.Error()
					}
					cancel()
				}
			})
		}
		wg.Wait()
		close(failures)
		for f := range failures {
			k.t.Errorf("%s", f)
		}
		onAir := k.list(prism.LiveFilter{Status: prism.StatusOnAir})
		if len(onAir) > 1 {
			k.t.Errorf("%d lives of the channel are on air, want at most 1: start and end in one transaction that a lost ctx rolls back", len(onAir))
		}
		if r := k.start(lives[0].ID); r.Live.Status != prism.StatusOnAir {
			k.t.Errorf("StartLive after that returned status %s, want ON_AIR", r.Live.Status)
		}
	})
}

// inTime runs a call, and gives up on it when it takes too long.
func inTime(call func() error) (err error, returned bool) {
	done := make(chan error, 1)
	go func() { done <- call() }()
	timer := time.NewTimer(soon)
	defer timer.Stop()
	select {
	case err := <-done:
		return err, true
	case <-timer.C:
		return nil, false
	}
}
