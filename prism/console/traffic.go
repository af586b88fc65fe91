package console

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// trafficView is the first view of the page.
type trafficView struct {
	Tiles   []tile
	Latency plot
	Errors  plot
	// Chosen is the API of the plots, "" for all.
	Chosen  string
	AllLink string
	APIs    []apiRow
	Lives   livesView
	// Failed and Refused are the latest failures of either kind.
	Failed, Refused []failureRow
	Tokens          []countRow
	Refusals        []refusalRow
	BadData         []countRow
}

// tile is one figure at the top of the page. State is "good", "warn", "bad" or
// "".
type tile struct{ Label, Value, Note, State string }

// apiRow is one API of the last hour.
type apiRow struct {
	Name, Call, Link                                    string
	Chosen                                              bool
	Requests, P50, P95, P99, Slow, Lost, Failed, Refuse string
	// Speed and Health are states, as of a tile.
	Speed, Health string
	requests      uint64
}

// countRow is a number of events in the last hour.
type countRow struct{ Label, Count, Note, State string }

type refusalRow struct{ Endpoint, Code, Reason, Count string }

type failureRow struct {
	When                                       stamp
	Call, Status, Code, Request, User, Live, D string
	Failed                                     bool
}

func (c *Console) traffic(ctx context.Context, v *view) *trafficView {
	w := v.words
	t := &trafficView{AllLink: v.link("api", "")}
	var total, plotted hour
	known := c.requests.known()
	for call, s := range known {
		var h hour
		h.add(s, v.minute)
		if h.sum.requests > 0 {
			t.APIs = append(t.APIs, v.apiRow(call, &h))
		}
		total.add(s, v.minute)
		if v.api == call.method+" "+call.route {
			t.Chosen = v.callName(call)
			plotted = h
		}
	}
	total.add(&c.requests.rest, v.minute)
	if t.Chosen == "" {
		plotted = total
	}
	slices.SortFunc(t.APIs, func(a, b apiRow) int {
		return cmp.Or(cmp.Compare(b.requests, a.requests), strings.Compare(a.Call, b.Call))
	})
	t.Latency, t.Errors = v.latencyPlot(&plotted), v.errorPlot(&plotted)
	t.Lives = c.lives(ctx, v)
	t.Tiles = []tile{v.requestTile(&total.sum), v.speedTile(&total.sum), v.errorTile(&total.sum), v.liveTile(t.Lives), c.tokenTile(v)}
	t.Failed, t.Refused = v.failures(&c.failed), v.failures(&c.refused)
	c.tokenRows(v, t)
	for data, n := range c.badData.known() {
		if sum := n.sum(v.minute); sum > 0 {
			t.BadData = append(t.BadData, countRow{Label: data.Field, Note: data.Adapter, Count: w.count(sum)})
		}
	}
	slices.SortFunc(t.BadData, func(a, b countRow) int { return strings.Compare(a.Label+a.Note, b.Label+b.Note) })
	return t
}

// speed is the state of a share of slow answers.
func speed(f *figures) string {
	switch l := &f.latencies; {
	case f.requests == 0:
		return ""
	case l.percentile(.99) > lostAfter:
		return stateBad
	case l.percentile(.99) > slowAfter:
		return stateWarn
	}
	return stateGood
}

// The states of a figure.
const (
	stateGood = "good"
	stateWarn = "warn"
	stateBad  = "bad"
)

// health is the state of a share of failed answers: one in a thousand is
// looked at, one in a hundred hurts.
func health(f *figures) string {
	switch {
	case f.requests == 0:
		return ""
	case f.failed*100 >= f.requests:
		return stateBad
	case f.failed > 0:
		return stateWarn
	}
	return stateGood
}

func (v *view) requestTile(f *figures) tile {
	since := min(v.now.Sub(v.started), time.Hour)
	return tile{Label: v.words.text("tile.requests"), Value: v.words.count(f.requests), Note: v.words.text("tile.requests.note", v.words.span(since))}
}

func (v *view) speedTile(f *figures) tile {
	t := tile{Label: v.words.text("tile.speed"), Value: "–", Note: v.words.text("tile.none"), State: speed(f)}
	if f.requests > 0 {
		t.Value = v.words.took(f.latencies.percentile(.99))
		t.Note = v.words.text("tile.speed." + t.State)
	}
	return t
}

func (v *view) errorTile(f *figures) tile {
	t := tile{Label: v.words.text("tile.errors"), Value: "–", Note: v.words.text("tile.none"), State: health(f)}
	if f.requests > 0 {
		t.Value = v.words.share(f.failed, f.requests)
		t.Note = v.words.text("tile.errors.note", v.words.count(f.failed), v.words.count(f.refused))
	}
	return t
}

func (v *view) liveTile(l livesView) tile {
	t := tile{Label: v.words.text("tile.lives"), Value: "–", Note: v.words.text("lives.unknown")}
	if l.Known {
		t.Value, t.Note = strconv.Itoa(len(l.Rows)), v.words.text("tile.lives.note")
		if l.More {
			t.Value += "+"
		}
		if l.Quiet > 0 {
			t.State, t.Note = stateWarn, v.words.text("tile.lives.quiet", strconv.Itoa(l.Quiet))
		}
	}
	return t
}

func (c *Console) tokenTile(v *view) tile {
	w := v.words
	t := tile{Label: w.text("tile.tokens"), Note: w.text("tile.tokens.note")}
	t.Value = w.count(c.tokens.issued.sum(v.minute) + c.tokens.refreshed.sum(v.minute) + c.tokens.siblings.sum(v.minute))
	if n := c.tokens.reused.sum(v.minute); n > 0 {
		t.State, t.Note = stateBad, w.text("tile.tokens.reuse", w.count(n))
	}
	return t
}

func (v *view) apiRow(call api, h *hour) apiRow {
	w, f := v.words, &h.sum
	id := call.method + " " + call.route
	return apiRow{
		Name: v.callName(call), Call: callText(call), Link: v.link("api", id), Chosen: v.api == id,
		Requests: w.count(f.requests), P50: w.took(f.latencies.percentile(.5)), P95: w.took(f.latencies.percentile(.95)),
		P99: w.took(f.latencies.percentile(.99)), Slow: w.count(f.slow), Lost: w.count(f.lost),
		Failed: w.share(f.failed, f.requests), Refuse: w.share(f.refused, f.requests),
		Speed: speed(f), Health: health(f), requests: f.requests,
	}
}

// callText is the call as the reader knows it from the documentation, without
// the part that all have.
func callText(call api) string {
	if call.method == "" {
		return ""
	}
	return call.method + " " + strings.TrimPrefix(call.route, "/v1/service")
}

// callName is the name of a call that has one; the call itself for others.
func (v *view) callName(call api) string {
	if call == unmatched {
		return v.words.text("api.unknown")
	}
	if key := "api." + callText(call); v.words.has(key) {
		return v.words.text(key)
	}
	return callText(call)
}

// link is the address of this page with one parameter changed.
func (v *view) link(name, value string) string {
	query := url.Values{}
	for _, each := range [][2]string{{"lang", v.asked}, {"view", v.name}, {"api", v.api}} {
		if each[0] == name {
			each[1] = value
		}
		if each[1] != "" {
			query.Set(each[0], each[1])
		}
	}
	return "?" + query.Encode()
}

func (v *view) failures(ring *failureRing) []failureRow {
	recent := ring.since(v.now.Add(-time.Hour))
	rows := make([]failureRow, 0, len(recent))
	for _, f := range recent {
		row := failureRow{
			When: v.stamp(f.at), Call: callText(f.api), Status: strconv.Itoa(f.status), Request: f.requestID, User: f.userID,
			Live: f.liveID, D: v.words.took(f.took), Failed: isFailure(f.status) || f.took > lostAfter,
		}
		if f.api == unmatched {
			row.Call = v.words.text("api.unknown")
		}
		if f.status == 0 {
			row.Status = v.words.text("failures.noAnswer")
		}
		if f.errorCode != 0 {
			row.Code = strconv.Itoa(f.errorCode)
		}
		rows = append(rows, row)
	}
	return rows
}

func (c *Console) tokenRows(v *view, t *trafficView) {
	w := v.words
	row := func(key string, n uint64, state string) {
		if n == 0 {
			state = ""
		}
		t.Tokens = append(t.Tokens, countRow{Label: w.text(key), Note: w.text(key + ".note"), Count: w.count(n), State: state})
	}
	tokens := &c.tokens
	row("tokens.issued", tokens.issued.sum(v.minute), "")
	row("tokens.refreshed", tokens.refreshed.sum(v.minute), "")
	row("tokens.siblings", tokens.siblings.sum(v.minute), "")
	row("tokens.reused", tokens.reused.sum(v.minute), stateBad)
	row("tokens.loginsFailed", tokens.loginsFailed.sum(v.minute), "")
	row("tokens.loginsLimited", tokens.loginsLimited.sum(v.minute), stateWarn)

	type counted struct {
		refusal
		n uint64
	}
	refusals := make([]counted, 0, maxRefusals+1)
	for r, n := range tokens.refused.known() {
		refusals = append(refusals, counted{r, n.sum(v.minute)})
	}
	refusals = append(refusals, counted{refusal{reason: w.text("tokens.otherReasons")}, tokens.refused.rest.sum(v.minute)})
	slices.SortFunc(refusals, func(a, b counted) int {
		return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.code, b.code), strings.Compare(a.reason, b.reason), strings.Compare(a.endpoint, b.endpoint))
	})
	for _, r := range refusals {
		if r.n > 0 {
			t.Refusals = append(t.Refusals, refusalRow{r.endpoint, r.code, r.reason, w.count(r.n)})
		}
	}
}
