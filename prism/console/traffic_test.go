package console

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

func traffic(t *testing.T, c *Console, query string) *trafficView {
	t.Helper()
	return c.traffic(t.Context(), c.view(request(t, query)))
}

func TestTokenHealth(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := newTestConsole(t, testConfig(now))
	trace, ctx := c.OAuthTrace(), context.Background()
	events := func() {
		trace.TokenIssued(ctx, oauth.TokenEvent{GrantType: "authorization_code"})
		trace.TokenIssued(ctx, oauth.TokenEvent{GrantType: "refresh_token"})
		trace.TokenIssued(ctx, oauth.TokenEvent{GrantType: "refresh_token"})
		trace.TokenIssued(ctx, oauth.TokenEvent{GrantType: "refresh_token", Sibling: true})
		trace.TokenRefused(ctx, oauth.RefusedEvent{Endpoint: "token", Code: "invalid_grant", Reason: "code expired"})
		trace.TokenRefused(ctx, oauth.RefusedEvent{Endpoint: "token", Code: "invalid_client", Reason: "client unknown or secret wrong"})
		trace.TokenRefused(ctx, oauth.RefusedEvent{Endpoint: "token", Code: "invalid_client", Reason: "client unknown or secret wrong"})
		trace.ReuseDetected(ctx, oauth.ReuseEvent{What: "code"})
		trace.LoginFailed(ctx, oauth.LoginEvent{})
		trace.LoginFailed(ctx, oauth.LoginEvent{Limited: true})
		trace.LoginFailed(ctx, oauth.LoginEvent{})
	}
	counts := func(rows []countRow) (all []string) {
		for _, r := range rows {
			all = append(all, r.Label+" "+r.Count+r.State)
		}
		return all
	}
	events()
	now.advance(59 * time.Minute)
	events()
	view := traffic(t, c, "")
	if diff := cmp.Diff([]string{"Sign-ins 2", "Refreshed 4", "Refreshed again 2", "Reuse detected 2bad", "Wrong passwords 4", "Sign-ins limited 2warn"}, counts(view.Tokens)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]refusalRow{
		{"token", "invalid_client", "client unknown or secret wrong", "4"}, {"token", "invalid_grant", "code expired", "2"},
	}, view.Refusals); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if tile := view.Tiles[4]; tile.Value != "8" || tile.State != stateBad {
		t.Errorf("the tile is %+v", tile)
	}
	now.advance(time.Minute) // the first events are over an hour old
	if got := counts(traffic(t, c, "").Tokens); got[1] != "Refreshed 2" {
		t.Errorf("a minute later: %v", got)
	}
	now.advance(time.Hour)
	view = traffic(t, c, "")
	if got := counts(view.Tokens); got[3] != "Reuse detected 0" || len(view.Refusals) != 0 {
		t.Errorf("an hour later: %v, %v", got, view.Refusals)
	}
}

func TestAPITable(t *testing.T) {
	t.Parallel()
	c := newTestConsole(t, testConfig(newClock()))
	play := func(n int, method, route string, status int, d time.Duration) {
		for range n {
			call(c, method, route, prism.RequestResult{Status: status, Duration: d})
		}
	}
	play(98, http.MethodGet, liveRoute, 200, 10*time.Millisecond)
	play(2, http.MethodGet, liveRoute, 503, 3500*time.Millisecond)
	play(9, http.MethodGet, "/v1/service/user", 200, time.Millisecond)
	play(1, http.MethodGet, "/v1/service/user", 401, 2*time.Second)
	play(3, http.MethodGet, "/v1/service/other", 200, time.Millisecond)
	type row struct{ Name, Call, Requests, Slow, Lost, Failed, Refused, Speed, Health string }
	var got []row
	view := traffic(t, c, "")
	for _, r := range view.APIs {
		got = append(got, row{r.Name, r.Call, r.Requests, r.Slow, r.Lost, r.Failed, r.Refuse, r.Speed, r.Health})
	}
	if diff := cmp.Diff([]row{
		{"Live", "GET /live/{liveId}", "100", "2", "2", "2%", "0%", stateBad, stateBad},
		{"User", "GET /user", "10", "1", "0", "0%", "10%", stateWarn, stateGood},
		{"GET /other", "GET /other", "3", "0", "0", "0%", "0%", stateGood, stateGood},
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p := view.APIs[0]; !strings.HasPrefix(p.P50, "10.") && !strings.HasPrefix(p.P50, "9.") || p.P99 != "3.50"+unitSpace+"s" {
		t.Errorf("p50 %s, p99 %s", p.P50, p.P99)
	}
	// The link of an API leads to its plots.
	chosen := traffic(t, c, view.APIs[1].Link)
	if chosen.Chosen != "User" || !strings.HasPrefix(chosen.Latency.Summary, "10 requests") || chosen.AllLink != "?" {
		t.Errorf("chosen %q: %s; all at %s", chosen.Chosen, chosen.Latency.Summary, chosen.AllLink)
	}
	for _, query := range []string{"", "?api=none", "?api=" + strings.Repeat("x", 1000)} {
		if all := traffic(t, c, query); all.Chosen != "" || !strings.HasPrefix(all.Latency.Summary, "113 requests") {
			t.Errorf("%.20s: chosen %q: %s", query, all.Chosen, all.Latency.Summary)
		}
	}
}

func TestFailureTable(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := newTestConsole(t, testConfig(now))
	call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: 500, ErrorCode: 50000, UserID: "user1", LiveID: "live1", Duration: 12 * time.Millisecond})
	now.advance(time.Second)
	call(c, http.MethodGet, liveRoute, prism.RequestResult{})
	now.advance(time.Second)
	call(c, http.MethodGet, "unknown", prism.RequestResult{Status: 404, ErrorCode: prism.ErrNoSuchAPI.Code})
	view := traffic(t, c, "")
	stamped := func(s string) stamp { return stamp{Human: s} }
	want := []failureRow{
		{When: stamped("10:00:31"), Call: "GET /live/{liveId}", Status: "no answer", Request: "req1", D: "0.00" + unitSpace + "ms", Failed: true},
		{When: stamped("10:00:30"), Call: "GET /live/{liveId}", Status: "500", Code: "50000", Request: "req1", User: "user1", Live: "live1", D: "12.0" + unitSpace + "ms", Failed: true},
	}
	ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Machine" || p.Last().String() == ".Ago" }, cmp.Ignore())
	if diff := cmp.Diff(want, view.Failed, ignore); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(view.Refused) != 1 || view.Refused[0].Call != "No API (unknown path or method)" || view.Refused[0].Failed {
		t.Errorf("refused: %+v", view.Refused)
	}
	now.advance(time.Hour)
	if view := traffic(t, c, ""); len(view.Failed)+len(view.Refused) != 0 {
		t.Error("failures of more than an hour ago are told")
	}
}

func TestPlots(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := newTestConsole(t, testConfig(now))
	empty := traffic(t, c, "")
	if empty.Latency.Empty == "" || empty.Latency.Summary != "" || empty.Errors.Empty == "" || len(empty.Errors.Bars) != 0 {
		t.Errorf("without requests: %+v, %+v", empty.Latency, empty.Errors)
	}
	at := func(minutes int, status int, d time.Duration) {
		now.advance(time.Duration(minutes) * time.Minute)
		call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: status, Duration: d})
	}
	at(0, 200, 10*time.Second)
	at(1, 200, 100*time.Microsecond)
	at(2, 500, time.Minute) // beyond the scale
	now.advance(time.Minute)
	view := traffic(t, c, "")
	// Minutes 55, 56 and 58 of the hour; the scale goes from 100 at the
	// bottom to 0 at the top.
	if diff := cmp.Diff("M55.5 0L56.5 100M58.25 0L58.75 0", view.Latency.Lines[2].Path); diff != "" {
		t.Errorf("p99 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]plotBar{{"failed", "58.1", "0", "0.8", "100"}}, view.Errors.Bars); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	if m := view.Latency.Minutes; len(m) != 3 || m[0].X != 55 || !strings.HasPrefix(m[0].Text, "10:00  1 requests") {
		t.Errorf("minutes: %+v", m)
	}
	var grid []string
	for _, line := range view.Errors.Grid {
		grid = append(grid, line.Label)
	}
	if diff := cmp.Diff([]string{"0%", "50%", "100%"}, grid); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A share of errors of a minute may be small: the plot grows to it.
func TestErrorPlotScale(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		good, failed, refused int
		top, height           string
	}{
		{199, 1, 0, "1%", "50"}, {95, 5, 0, "5%", "100"}, {90, 4, 6, "10%", "40"}, {1, 1, 0, "50%", "100"}, {10, 9, 1, "50%", "90"}, {0, 1, 3, "100%", "25"},
	} {
		c := newTestConsole(t, testConfig(newClock()))
		for status, n := range map[int]int{200: test.good, 500: test.failed, 404: test.refused} {
			for range n {
				call(c, http.MethodGet, liveRoute, prism.RequestResult{Status: status})
			}
		}
		p := traffic(t, c, "").Errors
		if p.Grid[2].Label != test.top || p.Bars[0].H != test.height {
			t.Errorf("%+v: the top is %s, the bar %s high", test, p.Grid[2].Label, p.Bars[0].H)
		}
	}
}

func TestBadData(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := newTestConsole(t, testConfig(now))
	for range 3 {
		c.Trace().BadData(t.Context(), prism.BadData{Adapter: "*host.Store", Field: "Live.RTMPPath"})
	}
	if diff := cmp.Diff([]countRow{{Label: "Live.RTMPPath", Note: "*host.Store", Count: "3"}}, traffic(t, c, "").BadData); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	now.advance(time.Hour)
	if got := traffic(t, c, "").BadData; len(got) != 0 {
		t.Errorf("an hour later: %v", got)
	}
}

// The labels of a plot stand where its lines are.
func TestPlotLabels(t *testing.T) {
	t.Parallel()
	style := string(assets["console.css"].data)
	view := traffic(t, newTestConsole(t, testConfig(newClock())), "")
	for _, line := range append(view.Latency.Grid, view.Errors.Grid...) {
		if !strings.Contains(style, ".scale ."+line.Place+" { top: "+line.Y+"%;") {
			t.Errorf("the style sheet does not put .scale .%s at %s%%", line.Place, line.Y)
		}
	}
}
