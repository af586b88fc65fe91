package console

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// A plot is 60 units wide, one for each minute, and 100 high. The page
// stretches it; its texts stand beside the stretched part.
const plotHeight = 100

// The scale of the latency plot is logarithmic and always the same, so that
// the lines of 1 s and 3 s keep their place.
const (
	plotFastest = 100 * time.Microsecond
	plotSlowest = 10 * time.Second
)

// plot is what the template draws.
type plot struct {
	ID, Title, Summary string
	Grid               []gridLine
	Lines              []plotLine
	Bars               []plotBar
	Minutes            []plotMinute
	Empty              string
}

// gridLine is a horizontal line with its value. Y is in percent; the label
// stands there by its place, which the style sheet knows.
type gridLine struct{ Y, Label, Place string }

// plotLine is a path, and what the legend says of it.
type plotLine struct{ Kind, Label, Path string }

// plotBar is one minute of a bar plot: two parts, one on the other.
type plotBar struct {
	Kind       string
	X, Y, W, H string
}

// plotMinute is the text of a minute, for the pointer that rests on it.
type plotMinute struct {
	X    int
	Text string
}

// latencyY is where a duration stands, 0 at the top.
func latencyY(d time.Duration) float64 {
	d = min(max(d, plotFastest), plotSlowest)
	return plotHeight * (1 - math.Log(float64(d)/float64(plotFastest))/math.Log(float64(plotSlowest)/float64(plotFastest)))
}

func coordinate(v float64) string { return trimZeros(fmt.Sprintf("%.2f", v)) }

// path joins the minutes that have requests. A minute between two without is a
// short stroke.
func path(h *hour, p float64) string {
	var d strings.Builder
	has := func(i int) bool { return i >= 0 && i < minutesKept && h.minutes[i].requests > 0 }
	for i := range h.minutes {
		if !has(i) {
			continue
		}
		x, y := float64(i), coordinate(latencyY(h.minutes[i].latencies.percentile(p)))
		switch {
		case has(i - 1):
			fmt.Fprintf(&d, "L%s %s", coordinate(x+.5), y)
		case has(i + 1):
			fmt.Fprintf(&d, "M%s %s", coordinate(x+.5), y)
		default:
			fmt.Fprintf(&d, "M%s %sL%s %s", coordinate(x+.25), y, coordinate(x+.75), y)
		}
	}
	return d.String()
}

func (v *view) latencyPlot(h *hour) plot {
	w := v.words
	p := plot{ID: "latency", Title: w.text("latency.title")}
	for _, line := range []struct {
		d           time.Duration
		text, place string
	}{
		{plotFastest, "0.1 ms", "bottom"}, {time.Millisecond, "1 ms", "ms1"}, {10 * time.Millisecond, "10 ms", "ms10"},
		{100 * time.Millisecond, "100 ms", "ms100"}, {slowAfter, "1 s", "slow"}, {lostAfter, "3 s", "lost"}, {plotSlowest, "10 s", "top"},
	} {
		p.Grid = append(p.Grid, gridLine{coordinate(latencyY(line.d)), line.text, line.place})
	}
	for _, line := range []struct {
		kind  string
		share float64
	}{{"p50", .5}, {"p95", .95}, {"p99", .99}} {
		p.Lines = append(p.Lines, plotLine{line.kind, line.kind, path(h, line.share)})
	}
	l := &h.sum.latencies
	p.Lines = append(p.Lines, plotLine{Kind: "slow", Label: w.text("latency.slow")}, plotLine{Kind: "lost", Label: w.text("latency.lost")})
	if h.sum.requests == 0 {
		p.Empty = w.text("traffic.none")
		return p
	}
	p.Summary = w.text("latency.summary", w.count(h.sum.requests), w.took(l.percentile(.5)), w.took(l.percentile(.95)),
		w.took(l.percentile(.99)), w.count(h.sum.slow), w.count(h.sum.lost))
	p.Minutes = v.minutes(h, func(m *figures) string {
		return w.text("latency.minute", w.count(m.requests), w.took(m.latencies.percentile(.5)),
			w.took(m.latencies.percentile(.95)), w.took(m.latencies.percentile(.99)))
	})
	return p
}

// minutes are the texts of the minutes that have requests.
func (v *view) minutes(h *hour, text func(*figures) string) []plotMinute {
	var all []plotMinute
	for i := range h.minutes {
		if m := &h.minutes[i]; m.requests > 0 {
			at := v.now.Add(time.Duration(i-minutesKept+1) * time.Minute)
			all = append(all, plotMinute{i, at.In(v.cfg.Location).Format("15:04") + "  " + text(m)})
		}
	}
	return all
}

// errorTops are the tops of the error plot, in percent.
var errorTops = []float64{1, 5, 10, 25, 50, 100}

func (v *view) errorPlot(h *hour) plot {
	w := v.words
	p := plot{ID: "errors", Title: w.text("errors.title")}
	highest := 0.0
	for i := range h.minutes {
		if m := &h.minutes[i]; m.requests > 0 {
			highest = max(highest, 100*float64(m.failed+m.refused)/float64(m.requests))
		}
	}
	top := errorTops[len(errorTops)-1]
	for _, t := range errorTops {
		if highest <= t {
			top = t
			break
		}
	}
	for _, line := range []struct {
		part  float64
		place string
	}{{0, "bottom"}, {.5, "middle"}, {1, "top"}} {
		label := trimZeros(fmt.Sprintf("%.2f", top*line.part)) + "%"
		p.Grid = append(p.Grid, gridLine{coordinate(plotHeight * (1 - line.part)), label, line.place})
	}
	for i := range h.minutes {
		m := &h.minutes[i]
		if m.requests == 0 {
			continue
		}
		scale := 100 / top * plotHeight / float64(m.requests)
		failed, refused := float64(m.failed)*scale, float64(m.refused)*scale
		for _, bar := range []struct {
			kind    string
			y, high float64
		}{{"failed", plotHeight - failed, failed}, {"refused", plotHeight - failed - refused, refused}} {
			if bar.high > 0 {
				p.Bars = append(p.Bars, plotBar{Kind: bar.kind, X: coordinate(float64(i) + .1), Y: coordinate(bar.y), W: "0.8", H: coordinate(bar.high)})
			}
		}
	}
	p.Lines = []plotLine{{Kind: "failed", Label: w.text("errors.failed")}, {Kind: "refused", Label: w.text("errors.refused")}}
	switch {
	case h.sum.requests == 0:
		p.Empty = w.text("traffic.none")
		return p
	case h.sum.failed+h.sum.refused == 0:
		p.Empty = w.text("errors.none")
	}
	p.Summary = w.text("errors.summary", w.count(h.sum.requests), w.count(h.sum.failed), w.share(h.sum.failed, h.sum.requests),
		w.count(h.sum.refused), w.share(h.sum.refused, h.sum.requests))
	p.Minutes = v.minutes(h, func(m *figures) string {
		return w.text("errors.minute", w.count(m.requests), w.count(m.failed), w.count(m.refused))
	})
	return p
}
