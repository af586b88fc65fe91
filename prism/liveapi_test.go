package prism_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

func replaceID(path, id string) string { return strings.ReplaceAll(path, "%s", id) }

const liveBase = "/prism/v1/service/live/"

func TestCreateLive(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *prism.Config) { c.Location = time.FixedZone("KST", 9*3600) })
	var got liveAnswer
	h.data(h.do("POST", "/prism/v1/service/channel/main/live",
		`{"title":"안녕 <b>","description":"d","scope":"PRIVATE","reservedAt":"2026-11-22T12:30:00.999Z"}`), &got)
	live := got.Live
	if got.ChannelID != "main" || live.Title != "안녕 <b>" || live.Description != "d" || live.Scope != "PRIVATE" ||
		live.Status != "RESERVED" || live.StartAt != nil || live.LiveLink != "https://example.com/watch/"+live.LiveID {
		t.Errorf("created %+v", got)
	}
	if want := "2026-11-22T21:30:00+09:00"; live.ReservedAt != want {
		t.Errorf("reservedAt = %q, want %q", live.ReservedAt, want)
	}
	if _, _, err := prism.SplitRTMPPath(live.RTMPPath); err != nil {
		t.Errorf("rtmpPath is not there before start: %v", err)
	}
	if want := map[string]int{"viewCount": 0, "viewerCount": 0, "likeCount": 0, "chatCount": 0}; fmt.Sprint(live.LiveStat) != fmt.Sprint(want) {
		t.Errorf("liveStat = %v, want %v", live.LiveStat, want)
	}
}

func TestCreateLiveDefaults(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	live := h.create("t")
	if live.Scope != "PUBLIC" || live.Description != "" || live.ReservedAt != "2026-11-22T12:00:00+00:00" {
		t.Errorf("created %+v, want scope PUBLIC, description \"\" and the reserved time in UTC", live)
	}
}

func TestCreateNeverRejectsASkewedReservedAt(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for _, at := range []string{"1999-01-01T00:00:00Z", "2026-11-22T12:00:20Z", "2050-01-01T00:00:00+0900"} {
		if a := h.do("POST", "/prism/v1/service/channel/main/live", `{"title":"t","reservedAt":"`+at+`"}`); a.Code != 200 {
			t.Errorf("reservedAt %s: %d", at, a.Code)
		}
	}
}

func TestDisabledChannelIs403(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.wantError(h.do("POST", "/prism/v1/service/channel/off/live", `{"title":"t","reservedAt":"2026-11-22T12:00:00Z"}`), prism.ErrChannelDisabled)
	live := h.create("t")
	if _, err := h.store.SetChannelEnabled(t.Context(), "main", false); err != nil {
		t.Fatal(err)
	}
	h.wantError(h.do("PUT", liveBase+live.LiveID+"/start", ""), prism.ErrChannelDisabled)
}

func TestLivesOfOthersAre404(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	live := h.create("t")
	for _, call := range []struct{ method, path, body string }{
		{"GET", "", ""}, {"PUT", "", `{"title":"x"}`}, {"PUT", "/start", ""}, {"PUT", "/stop", ""},
		{"POST", "/chat", `{"maxResults":1}`}, {"PUT", "/chat", `{"message":"m"}`}, {"DELETE", "/chat/1", ""},
		{"PUT", "/ban/alice", ""}, {"PUT", "/timedBan/alice", `{"banTime":1}`}, {"PUT", "/unban/alice", ""},
		{"PUT", "/mod/alice", ""}, {"PUT", "/unmod/alice", ""},
	} {
		foreign := h.do(call.method, liveBase+live.LiveID+call.path, call.body, "x-prism-access-token", "token-of-bob")
		missing := h.do(call.method, liveBase+"none"+call.path, call.body, "x-prism-access-token", "token-of-bob")
		h.wantError(foreign, prism.ErrNotFound)
		if string(foreign.body) != string(missing.body) {
			t.Errorf("%s %s: a foreign live answers %s, a missing one %s", call.method, call.path, foreign.body, missing.body)
		}
	}
	h.wantError(h.do("POST", "/prism/v1/service/channel/bobs/live", `{"title":"t","reservedAt":"2026-11-22T12:00:00Z"}`), prism.ErrNotFound)
}

// flatAnswer is the data of start and stop: nested and flat.
type flatAnswer struct {
	ChannelID string
	Live      liveJSON
	liveJSON
}

func TestStartAndStop(t *testing.T) {
	t.Parallel()
	var changes changeLog
	h := newHost(t, changes.observe)
	live := h.create("t")
	h.clock.Advance(time.Minute)

	var started, again, stopped, stoppedAgain, restarted flatAnswer
	h.data(h.do("PUT", liveBase+live.LiveID+"/start", ""), &started)
	if started.Live.Status != "ON_AIR" || *started.Live.StartAt != "2026-11-22T12:01:01+00:00" || started.Live.RTMPPath != live.RTMPPath {
		t.Errorf("started %+v", started.Live)
	}
	if started.LiveID != live.LiveID || started.Status != "ON_AIR" || started.Title != "t" || started.ChannelID != "main" {
		t.Errorf("the flat fields %+v differ from the nested live", started.liveJSON)
	}
	h.clock.Advance(time.Minute)
	h.data(h.do("PUT", liveBase+live.LiveID+"/start", "{}"), &again)
	if *again.Live.StartAt != *started.Live.StartAt {
		t.Error("start while on air changed startAt")
	}
	h.data(h.do("PUT", liveBase+live.LiveID+"/stop", ""), &stopped)
	h.data(h.do("PUT", liveBase+live.LiveID+"/stop", ""), &stoppedAgain)
	if stopped.Live.Status != "END" || stoppedAgain.Live.Status != "END" || stopped.Status != "END" {
		t.Errorf("stopped %q, again %q", stopped.Live.Status, stoppedAgain.Live.Status)
	}
	h.data(h.do("PUT", liveBase+live.LiveID+"/start", ""), &restarted)
	if restarted.Live.Status != "ON_AIR" || *restarted.Live.StartAt == *started.Live.StartAt || restarted.Live.RTMPPath != live.RTMPPath {
		t.Errorf("restarted %+v, want ON_AIR, a new startAt and the same key", restarted.Live)
	}
	changes.want(t, "created", "started", "ended streamer", "started")
}

func TestStopOfALiveThatIsNotOnAirIs200(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	live := h.create("t")
	var stopped flatAnswer
	h.data(h.do("PUT", liveBase+live.LiveID+"/stop", ""), &stopped)
	if stopped.Live.Status != "RESERVED" {
		t.Errorf("status %q, want the live as it is", stopped.Live.Status)
	}
}

// changeLog records Trace.LiveChanged.
type changeLog struct {
	mu   sync.Mutex
	seen []string
	keys bool
}

func (l *changeLog) observe(c *prism.Config) {
	c.Trace.LiveChanged = func(_ context.Context, change prism.LiveChange) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.seen = append(l.seen, strings.TrimSpace(string(change.Event)+" "+string(change.Reason)))
		l.keys = l.keys || change.Live.RTMPPath != ""
	}
}

func (l *changeLog) want(t *testing.T, want ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if strings.Join(l.seen, "; ") != strings.Join(want, "; ") {
		t.Errorf("changes %q, want %q", l.seen, want)
	}
	if l.keys {
		t.Error("a Trace saw a stream key")
	}
}

// kicks records KickPublisher.
type kicks struct {
	lives []string
	err   error
}

func (k *kicks) KickPublisher(_ context.Context, live prism.Live) error {
	k.lives = append(k.lives, live.ID)
	return k.err
}

func TestNewestLiveWins(t *testing.T) {
	t.Parallel()
	var changes changeLog
	kicked := &kicks{err: fmt.Errorf("media server is down")}
	h := newHost(t, changes.observe, func(c *prism.Config) { c.Ingest = kicked })
	first, second := h.create("first"), h.create("second")
	h.do("PUT", liveBase+first.LiveID+"/start", "")
	if a := h.do("PUT", liveBase+second.LiveID+"/start", ""); a.Code != 200 {
		t.Fatalf("start of the second: %d, want 200: a kick that fails changes nothing", a.Code)
	}
	var got liveAnswer
	h.data(h.do("GET", liveBase+first.LiveID, ""), &got)
	if got.Live.Status != "END" {
		t.Errorf("the first live is %s", got.Live.Status)
	}
	if fmt.Sprint(kicked.lives) != fmt.Sprint([]string{first.LiveID}) {
		t.Errorf("kicked %v, want the first live's publisher", kicked.lives)
	}
	changes.want(t, "created", "created", "started", "ended newer_live", "started")
}

func TestEndLiveByTheHost(t *testing.T) {
	t.Parallel()
	var changes changeLog
	kicked := &kicks{}
	h := newHost(t, changes.observe, func(c *prism.Config) { c.Ingest = kicked })
	live := h.create("t")
	h.do("PUT", liveBase+live.LiveID+"/start", "")

	late, err := h.svc.EndBroadcast(t.Context(), live.LiveID, prism.EndOptions{OnlyBroadcast: 7}, prism.EndedByIngestTimeout)
	if err != nil || late.Changed {
		t.Errorf("a late end of another broadcast: %+v, %v", late, err)
	}
	result, err := h.svc.EndLive(t.Context(), live.LiveID, prism.EndedByHost)
	if err != nil || !result.Changed || result.Live.Status != prism.StatusEnd {
		t.Errorf("EndLive = %+v, %v", result, err)
	}
	again, err := h.svc.EndLive(t.Context(), live.LiveID, prism.EndedByHost)
	if err != nil || again.Changed {
		t.Errorf("the second EndLive = %+v, %v", again, err)
	}
	if _, err := h.svc.EndLive(t.Context(), "none", prism.EndedByHost); !isNotFound(err) {
		t.Errorf("EndLive of no live: %v", err)
	}
	if len(kicked.lives) != 1 {
		t.Errorf("kicked %v, want one", kicked.lives)
	}
	changes.want(t, "created", "started", "ended host")
}

func TestLiveListFilter(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	reserved := h.create("reserved")
	h.clock.Advance(time.Second)
	ended, onAir := h.create("ended"), h.create("onair")
	h.do("PUT", liveBase+ended.LiveID+"/start", "")
	h.clock.Advance(time.Second)
	h.do("PUT", liveBase+onAir.LiveID+"/start", "")
	for _, tt := range []struct{ query, want string }{
		{"", "onair ended reserved"},
		{"?status=", "onair ended reserved"},
		{"?status=ALL", "onair ended reserved"},
		{"?status=ALL&x=y", "onair ended reserved"},
		{"?status=RESERVED", "reserved"},
		{"?status=ON_AIR", "onair"},
		{"?status=ONAIR", "onair"},
		{"?status=END", "ended"},
	} {
		var got struct {
			ChannelID string
			Lives     []liveJSON
		}
		h.data(h.do("GET", "/prism/v1/service/channel/main/lives"+tt.query, ""), &got)
		var titles []string
		for _, live := range got.Lives {
			titles = append(titles, live.Title)
		}
		// Those modified in the same instant may come in either order.
		if joined := strings.Join(titles, " "); joined != tt.want && joined != strings.Replace(tt.want, "onair ended", "ended onair", 1) {
			t.Errorf("lives%s = %q, want %q", tt.query, joined, tt.want)
		}
		if got.ChannelID != "main" {
			t.Errorf("channelId = %q", got.ChannelID)
		}
	}
	for _, query := range []string{"?status=all", "?status=LIVE", "?status=END&status=END", "?status=%zz", "?status=END;x"} {
		h.wantError(h.do("GET", "/prism/v1/service/channel/main/lives"+query, ""), prism.ErrInvalid)
	}
	_ = reserved
}

func TestLiveListLimit(t *testing.T) {
	t.Parallel()
	got := &filterSeen{}
	h := newHost(t, func(c *prism.Config) { c.Lives = got })
	h.do("GET", "/prism/v1/service/channel/main/lives?status=END", "")
	if got.filter != (prism.LiveFilter{Status: prism.StatusEnd, Limit: 200}) {
		t.Errorf("the store was asked %+v, want END and the default limit", got.filter)
	}
}

type filterSeen struct {
	stubHost
	filter prism.LiveFilter
}

func (f *filterSeen) Lives(_ context.Context, _, _ string, filter prism.LiveFilter) ([]prism.Live, error) {
	f.filter = filter
	return nil, nil
}

func TestUpdateLive(t *testing.T) {
	t.Parallel()
	var changes changeLog
	h := newHost(t, changes.observe)
	live := h.create("before")
	var got liveAnswer
	h.data(h.do("PUT", liveBase+live.LiveID,
		`{"title":"after","description":"new","scope":"LIMITED","reservedAt":"`+live.ReservedAt+`"}`), &got)
	if got.ChannelID != "main" || got.Live.Title != "after" || got.Live.Description != "new" || got.Live.Scope != "LIMITED" ||
		got.Live.ReservedAt != live.ReservedAt || got.Live.RTMPPath != live.RTMPPath {
		t.Errorf("updated %+v", got)
	}
	h.data(h.do("PUT", liveBase+live.LiveID, `{"title":"again","description":"","scope":"PUBLIC","reservedAt":""}`), &got)
	if got.Live.ReservedAt != live.ReservedAt || got.Live.Description != "" {
		t.Errorf("updated %+v, want the stored reservedAt and an empty description", got.Live)
	}
	if message := h.wantError(h.do("PUT", liveBase+live.LiveID, `{"title":""}`), prism.ErrInvalid); !strings.HasPrefix(message, "title: ") {
		t.Errorf("message %q does not name the field", message)
	}
	changes.want(t, "created", "updated", "updated")
}

func TestLegacyOnAir(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *prism.Config) { c.LegacyOnAir = true })
	live := h.create("t")
	var got flatAnswer
	h.data(h.do("PUT", liveBase+live.LiveID+"/start", ""), &got)
	if got.Live.Status != "ONAIR" {
		t.Errorf("status %q", got.Live.Status)
	}
}

func TestPublisherIsKickedThoughTheCallerWentAway(t *testing.T) {
	t.Parallel()
	ctx, goAway := context.WithCancel(t.Context())
	kicked := 0
	h := newHost(t, func(c *prism.Config) {
		c.Lives = endsLast{c.Lives, goAway}
		c.Ingest = kickFunc(func(ctx context.Context, _ prism.Live) error { kicked++; return ctx.Err() })
	})
	live := h.create("t")
	h.do("PUT", liveBase+live.LiveID+"/start", "")
	if result, err := h.svc.EndLive(ctx, live.LiveID, prism.EndedByHost); err != nil || !result.Changed {
		t.Fatalf("%+v, %v", result, err)
	}
	if kicked != 1 || h.log.FilterMessageSnippet("was not dropped").Len() != 0 {
		t.Errorf("%d kicks, log %+v, want one with a context of its own", kicked, h.log.All())
	}
}

// endsLast is a LiveStore whose caller goes away when the end is stored.
type endsLast struct {
	prism.LiveStore
	goAway func()
}

func (e endsLast) EndLive(ctx context.Context, userID, liveID string, opt prism.EndOptions) (prism.EndResult, error) {
	result, err := e.LiveStore.EndLive(ctx, userID, liveID, opt)
	e.goAway()
	return result, err
}

type kickFunc func(context.Context, prism.Live) error

func (f kickFunc) KickPublisher(ctx context.Context, live prism.Live) error { return f(ctx, live) }

func TestEndLiveTimesOut(t *testing.T) {
	t.Parallel()
	for _, isolate := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			stub := &stubHost{before: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
			h := newHost(t, stub.use, func(c *prism.Config) { c.Isolate = isolate })
			if _, err := h.svc.EndLive(t.Context(), "live", prism.EndedByHost); !errors.Is(err, prism.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("isolate %v: %v, want ErrTimeout", isolate, err)
			}
		})
	}
}
