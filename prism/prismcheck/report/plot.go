package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

// The plots use percentages across, so that they fit any width without
// scaling their text. Times are on a logarithmic scale from least to most.
const (
	leastTime = 100 * time.Microsecond
	mostTime  = 20 * time.Second
	// maxDots bounds the size of the page.
	maxDots = 250
	rowTall = 22
	gridTop = 6
)

// across is where a time stands, in percent.
func across(d time.Duration) float64 {
	d = min(max(d, leastTime), mostTime)
	return 100 * math.Log(float64(d)/float64(leastTime)) / math.Log(float64(mostTime)/float64(leastTime))
}

// speed is the class of a time's colour.
func speed(d time.Duration, r check.Report) string {
	switch {
	case d > r.MaxTime:
		return "bad"
	case d > r.RecommendedTime:
		return "slow"
	}
	return "good"
}

// strip draws the times of one call on a line.
func strip(t timing, r check.Report) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="strip" height="%d" role="img" aria-label="%d answers, median %s, longest %s">`,
		rowTall, t.Count, round(t.P50), round(t.Max))
	fmt.Fprintf(&b, `<line class="rail" x1="0" x2="100%%" y1="11" y2="11"/>`)
	for _, limit := range []time.Duration{r.RecommendedTime, r.MaxTime} {
		fmt.Fprintf(&b, `<line class="limit" x1="%.2f%%" x2="%.2f%%" y1="0" y2="%d"/>`, across(limit), across(limit), rowTall)
	}
	for _, d := range thin(t.times) {
		fmt.Fprintf(&b, `<circle class="%s" cx="%.2f%%" cy="11" r="4"/>`, speed(d, r), across(d))
	}
	fmt.Fprintf(&b, `<line class="median" x1="%.2f%%" x2="%.2f%%" y1="2" y2="20"/></svg>`, across(t.P50), across(t.P50))
	return template.HTML(b.String()) //nolint:gosec // numbers and fixed words only
}

// thin keeps the longest and an even choice of the others.
func thin(sorted []time.Duration) []time.Duration {
	if len(sorted) <= maxDots {
		return sorted
	}
	out := make([]time.Duration, 0, maxDots)
	for i := range maxDots {
		out = append(out, sorted[i*(len(sorted)-1)/(maxDots-1)])
	}
	return out
}

// scale draws the numbers under the strips.
func scale() template.HTML {
	var b strings.Builder
	b.WriteString(`<svg class="scale" height="18" aria-hidden="true">`)
	for _, d := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second} {
		fmt.Fprintf(&b, `<line class="rail" x1="%.2f%%" x2="%.2f%%" y1="0" y2="4"/><text x="%.2f%%" y="15" text-anchor="middle">%s</text>`,
			across(d), across(d), across(d), d)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // numbers and fixed words only
}

// course draws the answers of the polling load over time; "" without load.
func course(r check.Report) template.HTML {
	const tall = 180
	var first, last time.Duration
	n := 0
	for _, c := range r.Calls {
		if !c.Load {
			continue
		}
		if n == 0 {
			first = c.Start
		}
		first, last = min(first, c.Start), max(last, c.Start)
		n++
	}
	if n < 2 || last == first {
		return ""
	}
	up := func(d time.Duration) float64 { return gridTop + (tall-gridTop)*(1-across(d)/100) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="course" height="%d" role="img" aria-label="answer times of %d polls">`, tall+20, n)
	for _, d := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second} {
		fmt.Fprintf(&b, `<line class="rail" x1="0" x2="100%%" y1="%.1f" y2="%.1f"/><text x="2" y="%.1f">%s</text>`, up(d), up(d), up(d)-3, d)
	}
	for _, limit := range []time.Duration{r.RecommendedTime, r.MaxTime} {
		fmt.Fprintf(&b, `<line class="limit" x1="0" x2="100%%" y1="%.1f" y2="%.1f"/>`, up(limit), up(limit))
	}
	step := max(1, n/1500)
	i := 0
	for _, c := range r.Calls {
		if !c.Load {
			continue
		}
		if i++; i%step != 0 && c.Duration <= r.RecommendedTime {
			continue
		}
		x := 8 + 90*float64(c.Start-first)/float64(last-first)
		fmt.Fprintf(&b, `<circle class="%s" cx="%.2f%%" cy="%.1f" r="3.5"/>`, speed(c.Duration, r), x, up(c.Duration))
	}
	fmt.Fprintf(&b, `<text x="8%%" y="%d">0 s</text><text x="98%%" y="%d" text-anchor="end">%s</text></svg>`,
		tall+15, tall+15, (last - first).Round(100*time.Millisecond))
	return template.HTML(b.String()) //nolint:gosec // numbers and fixed words only
}
