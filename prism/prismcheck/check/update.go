package check

import (
	"net/http"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

var updateChecks = []Check{
	{
		ID: "update.available", setup: true, Severity: Recommended, Source: srcClient + ": update (not documented)",
		Title: "A live can be updated: PUT /live/{liveId}.",
		Fix:   "The PC client makes the call before and during a live; without it edits are lost.",
		run:   checkUpdateAvailable,
	},
	{
		ID: "update.live", Severity: Required, Source: srcClient + ": update",
		Title: "An update changes title, description and scope, and keeps all else.",
		Fix:   "Store the four fields that the client sends; keep the stream key.",
		run:   checkUpdate,
	},
	{
		ID: "update.reserved-at", Severity: Required, Source: srcClient + ": update",
		Title: "reservedAt may be echoed, absent, empty, or past.",
		Fix:   "Parse what you send yourself; take an absent or empty reservedAt for the stored one; never compare it with the clock.",
		run:   checkUpdateReservedAt,
	},
	{
		ID: "update.on-air", Severity: Required, Source: srcClient + ": update",
		Title: "An update during a broadcast leaves it on air.",
		Fix:   "Change the texts only; state, startAt and statistics go on.",
		run:   checkUpdateOnAir,
	},
	{
		ID: "update.order", Severity: Required, Source: srcSetup + ": order of lists",
		Title: "A live that was just updated is first in the list.",
		Fix:   "Set the modified time at an update.",
		run:   checkUpdateOrder,
	},
	{
		ID: "update.unknown", Severity: Required, Source: srcSetup + ": 404",
		Title: "Updating a live that does not exist is answered with 404.",
		Fix:   "Answer 404 with the failure envelope.",
		run:   checkUpdateUnknown,
	},
}

// find notes from the answer of an optional API whether the service has it.
func (p *probe) find(a API, err error) {
	status := statusOf(err)
	p.apis[a] = status != http.StatusNotFound && status != http.StatusMethodNotAllowed && status != http.StatusNotImplemented
}

func checkUpdateAvailable(p *probe) {
	m := p.withLives()
	_, err := m.update(p.first.ID, p.first.Update())
	p.find(APIUpdate, err)
	if !p.apis[APIUpdate] {
		p.fail("the call got %v", errText(err))
	}
}

func checkUpdate(p *probe) {
	m := p.with(APIUpdate)
	before, err := m.live(p.first.ID)
	p.must(err, "live info")
	want := before
	want.Title, want.Description, want.Scope = liveTitle+" 방송", "updated", prism.ScopeLimited
	got, err := m.update(p.first.ID, want.Update())
	p.must(err, "update")
	p.compare(got, want, "the answer to an update")
	info, err := m.live(p.first.ID)
	p.must(err, "live info")
	p.compare(info, want, "live info after an update")
	before.Description, before.Scope = "", prism.ScopePrivate
	_, err = m.update(p.first.ID, before.Update())
	p.must(err, "an update to an empty description")
	info, err = m.live(p.first.ID)
	p.must(err, "live info")
	p.compare(info, before, "live info after a second update")
	p.first = info
}

func checkUpdateReservedAt(p *probe) {
	m := p.with(APIUpdate)
	before, err := m.live(p.first.ID)
	p.must(err, "live info")
	body := func(change fields) fields {
		b := newLive(fields{"title": before.Title, "description": before.Description, "scope": string(before.Scope)})
		for key, value := range change {
			if b[key] = value; value == nil {
				delete(b, key)
			}
		}
		return b
	}
	for name, value := range inOrder(map[string]any{"an empty reservedAt": "", "no reservedAt": nil, "reservedAt as it came": before.ReservedAtText}) {
		got, err := m.updateRaw(p.first.ID, body(fields{"reservedAt": value}))
		if p.did(err, "an update with %s", name) && !got.ReservedAt.Equal(before.ReservedAt) {
			p.fail("an update with %s moved it to %s", name, got.ReservedAtText)
		}
	}
	past := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	got, err := m.updateRaw(p.first.ID, body(fields{"reservedAt": past.Format(time.RFC3339)}))
	if p.did(err, "an update with a reservedAt in the past") && !got.ReservedAt.Equal(past) {
		p.fail("an update with a reservedAt of %s gave %s", past.Format(time.RFC3339), got.ReservedAtText)
	}
	_, err = m.updateRaw(p.first.ID, body(fields{"reservedAt": before.ReservedAtText}))
	p.did(err, "an update back")
}

func checkUpdateOnAir(p *probe) {
	m := p.with(APIUpdate)
	if p.stateless {
		p.skip("the service does not manage the state of lives")
	}
	live, err := m.start(p.first.ID)
	p.must(err, "start")
	got, err := m.update(p.first.ID, live.Update())
	p.must(err, "an update on air")
	p.compare(got, live, "the answer to an update on air")
	info, err := m.live(p.first.ID)
	p.must(err, "live info")
	p.compare(info, live, "live info after an update on air")
	_, err = m.stop(p.first.ID)
	p.must(err, "stop")
}

func checkUpdateOrder(p *probe) {
	m := p.with(APIUpdate)
	fresh, err := m.create(p.channel.ID, gateway.NewLive{Title: liveTitle, Scope: prism.ScopePrivate})
	p.must(err, "a new live")
	p.pause()
	update := p.second.Update()
	update.Description = "moved to the front"
	_, err = m.update(p.second.ID, update)
	p.must(err, "update")
	list := p.list(m, "")
	if i, j := index(list, p.second.ID), index(list, fresh.ID); i < 0 || i > j {
		p.fail("a live that was just updated is %s, behind one that was not", place(i))
	}
	_, err = m.update(p.second.ID, p.second.Update())
	p.did(err, "an update back")
}

func checkUpdateUnknown(p *probe) {
	m := p.with(APIUpdate)
	_, err := m.update(noSuchID, p.first.Update())
	p.refused(err, "an update of a live that does not exist", http.StatusNotFound)
}
