package check

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"unicode/utf16"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

var listChecks = []Check{
	{
		ID: "live.info", Severity: Required, Source: srcAPI + ": lives",
		Title: "Live info shows a live as create answered it.",
		Fix:   "Read from where create wrote; a cache must not be behind.",
		run:   checkLiveInfo,
	},
	{
		ID: "live.unknown", Severity: Required, Source: srcSetup + ": 404",
		Title: "A live that does not exist is answered with 404, in every call.",
		Fix:   "Answer 404 with the failure envelope, never 200 with empty data.",
		run:   checkUnknownLive,
	},
	{
		ID: "lives.complete", Severity: Required, Source: srcAPI + ": lives",
		Title: "The live list without a filter has all lives.",
		Fix:   "Take an absent, an empty and the status ALL for no filter.",
		run:   checkComplete,
	},
	{
		ID: "lives.filter", Severity: Required, Source: srcAPI + ": lives",
		Title: "The filters RESERVED, ON_AIR and END give the lives in that state, and none else.",
		Fix:   "Filter by status in the query; do not leave out lives that were just made.",
		run:   checkFilter,
	},
	{
		ID: "lives.filter-values", Severity: Recommended, Source: srcAPI + ": lives",
		Title: "The filter ONAIR means ON_AIR, and an unknown one is answered with 400.",
		Fix:   "Accept the old spelling; refuse what is no status.",
		run:   checkFilterValues,
	},
	{
		ID: "lives.order", Severity: Required, Source: srcSetup + ": order of lists",
		Title: "Lists come by modified time descending, then created time descending.",
		Fix:   "ORDER BY modified_at DESC, created_at DESC. Modified time moves on create, update, start and end.",
		run:   checkOrder,
	},
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

// compare fails when two readings of a live differ.
func (p *probe) compare(got, want gateway.Live, where string) {
	for _, f := range []struct{ name, got, want string }{
		{"title", got.Title, want.Title}, {"description", got.Description, want.Description}, {"scope", string(got.Scope), string(want.Scope)},
		{"status", string(got.Status), string(want.Status)}, {"reservedAt", got.ReservedAtText, want.ReservedAtText},
		{"startAt", got.StartAt.String(), want.StartAt.String()}, {"liveLink", got.Link, want.Link},
		{"channelId", got.ChannelID, want.ChannelID},
	} {
		if f.got != f.want {
			p.fail("%s: %s is %.60q, and was %.60q", where, f.name, f.got, f.want)
		}
	}
	if got.RTMPPath != want.RTMPPath {
		p.fail("%s: rtmpPath is another", where)
	}
}

func checkLiveInfo(p *probe) {
	m := p.withLives()
	for _, want := range []gateway.Live{p.first, p.second} {
		got, err := m.live(want.ID)
		if p.did(err, "live info of a new live") {
			p.compare(got, want, "live info after create")
		}
	}
}

func checkUnknownLive(p *probe) {
	m := p.me()
	_, err := m.live(noSuchID)
	p.refused(err, "live info", http.StatusNotFound)
	_, err = m.start(noSuchID)
	p.refused(err, "start", http.StatusNotFound)
	_, err = m.stop(noSuchID)
	p.refused(err, "stop", http.StatusNotFound)
}

func (p *probe) list(m streamer, query string) []gateway.Live {
	status := prism.Status("")
	if values, err := url.ParseQuery(query); err == nil {
		status = prism.Status(values.Get("status"))
	}
	if query != "" && status == "" {
		// An empty filter, which the Gateway's own call does not send.
		in := m.request(http.MethodGet, "/channel/{channelId}/lives?status=", nil, p.channel.ID)
		p.must(p.raw(in), "lives?status=")
		return nil
	}
	list, err := m.lives(p.channel.ID, status)
	p.must(err, "lives?%s", query)
	return list
}

func index(list []gateway.Live, id string) int {
	return slices.IndexFunc(list, func(l gateway.Live) bool { return l.ID == id })
}

func checkComplete(p *probe) {
	m := p.withLives()
	p.list(m, "status=")
	for _, query := range []string{"", "status=ALL"} {
		list := p.list(m, query)
		for _, want := range []gateway.Live{p.first, p.second} {
			if i := index(list, want.ID); i < 0 {
				p.fail("lives?%s: a new live is not in the list of %d", query, len(list))
			} else {
				p.compare(list[i], want, "the live list after create")
			}
		}
	}
}

// filters are the states as filters.
var filters = []prism.Status{prism.StatusReserved, prism.StatusOnAir, prism.StatusEnd}

// checkFilter looks at a live in each of its states, in every filter.
func checkFilter(p *probe) {
	m := p.withStates()
	look := func(want prism.Status) {
		for _, filter := range filters {
			list := p.list(m, "status="+string(filter))
			in := index(list, p.second.ID) >= 0
			if in != (filter == want) {
				p.fail("a live that is %s: the filter %s has it: %t", want, filter, in)
			}
			for _, l := range list {
				if l.Status != filter {
					p.fail("the filter %s gives a live that is %s", filter, l.Status)
				}
			}
		}
	}
	look(prism.StatusReserved)
	_, err := m.start(p.second.ID)
	p.must(err, "start")
	look(prism.StatusOnAir)
	_, err = m.stop(p.second.ID)
	p.must(err, "stop")
	look(prism.StatusEnd)
}

func checkFilterValues(p *probe) {
	m := p.onChannel()
	_, err := m.lives(p.channel.ID, "ONAIR")
	p.did(err, "the filter ONAIR")
	_, err = m.lives(p.channel.ID, "PRISMCHECK")
	p.refused(err, "an unknown filter", http.StatusBadRequest)
}

// checkOrder makes a live, which comes first, and starts and ends an older
// one, which comes first then.
func checkOrder(p *probe) {
	m := p.withLives()
	p.pause()
	third, err := m.create(p.channel.ID, gateway.NewLive{Title: liveTitle + " 3", Scope: prism.ScopePrivate})
	p.must(err, "a new live")
	first := func(id, what string) {
		list := p.list(m, "")
		if i := index(list, id); i != 0 {
			p.fail("%s is not first in the list, but %s of %d", what, place(i), len(list))
		}
	}
	first(third.ID, "a live that was just made")
	list := p.list(m, "")
	if a, b := index(list, p.second.ID), index(list, p.first.ID); a > b && b >= 0 {
		p.fail("of two older lives, the one that was modified last comes behind the other")
	}
	if p.stateless {
		return
	}
	p.pause()
	_, err = m.start(p.first.ID)
	p.must(err, "start")
	first(p.first.ID, "a live that was just started")
	_, err = m.stop(p.first.ID)
	p.must(err, "stop")
	p.pause()
	_, err = m.start(third.ID)
	p.must(err, "start")
	_, err = m.stop(third.ID)
	p.must(err, "stop")
	first(third.ID, "a live that was just ended")
}

func place(i int) string {
	if i < 0 {
		return "missing in it, out"
	}
	return fmt.Sprintf("at place %d", i+1)
}
