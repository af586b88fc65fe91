package check

import (
	"net/http"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

var createChecks = []Check{
	{
		ID: "create.live", setup: true, Severity: Required, Source: srcAPI + ": create",
		Title: "A live is made from what the PC client sends, and has its title, description, scope and reserved time.",
		Fix:   "Store what came and answer it; a service without titles or scopes sends its own.",
		run:   checkCreate,
	},
	{
		ID: "create.state", Severity: Required, Source: srcAPI + ": lives",
		Title: "A new live is RESERVED, and its startAt is null.",
		Fix:   "Create does not start; only start sets startAt and ON_AIR. A service that manages no state answers ON_AIR.",
		run:   checkNewState,
	},
	{
		ID: "create.rtmp-path", Severity: Required, Source: srcClient + ": rtmpPath",
		Title: "A live has its rtmpPath from creation on.",
		Fix:   "Give the stream key at create: the client splits rtmpPath at once, before the start.",
		run:   checkRTMPAtCreate,
	},
	{
		ID: "create.stream-key", Severity: Security, Source: srcAPI + ": lives",
		Title: "Each live has a stream key of its own that cannot be guessed.",
		Fix:   "Make the key of 16 or more random bytes, in letters and digits, without any id in it.",
		run:   checkStreamKeys,
	},
	{
		ID: "create.minimal", Severity: Required, Source: srcAPI + ": create, 2026-10-08",
		Title: "title and reservedAt are enough; scope is PUBLIC then.",
		Fix:   "Treat description and scope as optional.",
		run:   checkMinimal,
	},
	{
		ID: "create.past", Severity: Required, Source: srcClient + ": reservedAt",
		Title: "A reserved time that is now, in the past or in another zone is accepted.",
		Fix:   "Never compare reservedAt with the clock: the PC sends its own now plus 20 s.",
		run:   checkPast,
	},
	{
		ID: "create.dates", Severity: Recommended, Source: srcAPI + ": dates",
		Title: "Dates with Z, with an offset in either form, and with fractions are understood as the same instant.",
		Fix:   "Parse ISO 8601 with Z, +09:00 and +0900, and fractions.",
		run:   checkDates,
	},
	{
		ID: "create.content-type", Severity: Required, Source: srcAPI + ": create",
		Title: "A JSON body is read without a content type, or with any but that of a form.",
		Fix:   "Parse the body as JSON whatever Content-Type says; none is documented.",
		run:   checkContentType,
	},
	{
		ID: "create.unicode", Severity: Required, Source: srcClient + ": texts",
		Title: "Titles of 100 UTF-16 units in any script come back unchanged.",
		Fix:   "Store texts as UTF-8 (MySQL: utf8mb4), count UTF-16 units, and escape on your pages only.",
		run:   checkUnicode,
	},
	{
		ID: "create.unknown-field", Severity: Recommended, Source: srcAPI,
		Title: "Fields that are not documented are ignored.",
		Fix:   "Do not refuse unknown fields: the documentation adds some from time to time.",
		run:   checkUnknownField,
	},
	{
		ID: "create.invalid", Severity: Recommended, Source: srcOwn,
		Title: "A body that is no JSON or has a bad title, scope or date is answered with 400.",
		Fix:   "Validate the body and name the field in message.",
		run:   checkInvalidCreate,
	},
	{
		ID: "create.disabled", Severity: Required, Source: srcAPI + ": channels",
		Title: "No live is made on a channel that is disabled: 403.",
		Fix:   "Check channelEnabled at create and at start.",
		run:   checkDisabled,
	},
}

// checkCreate makes the two lives of the run, the second after a pause.
func checkCreate(p *probe) {
	m := p.me()
	if p.channel.ID == "" {
		p.skip("there is no enabled channel")
	}
	p.chooseFree(m)
	m = p.onChannel()
	at := time.Now().Add(20 * time.Second).UTC().Truncate(time.Second)
	want := gateway.NewLive{Title: liveTitle, Description: "made by prismcheck\nsecond line", Scope: prism.ScopePrivate, ReservedAt: at}
	live, err := m.create(p.channel.ID, want)
	p.must(err, "a new live")
	if live.ID == "" {
		p.end("the new live has no id")
	}
	p.first = live
	p.stateless = live.Status == onAir
	if live.Title != want.Title || live.Description != want.Description {
		p.fail("the new live has title %q and description %q, sent %q and %q", live.Title, live.Description, want.Title, want.Description)
	}
	if live.Scope != want.Scope {
		p.fail("the new live has scope %q, sent %q", live.Scope, want.Scope)
	}
	if !live.ReservedAt.Equal(at) {
		p.fail("the new live has reservedAt %s, sent %s", live.ReservedAtText, at.Format(time.RFC3339))
	}
	p.pause()
	second, err := m.create(p.channel.ID, gateway.NewLive{Title: liveTitle + " 2", Scope: prism.ScopePrivate})
	p.must(err, "a second live")
	if second.ID == live.ID {
		p.end("two calls gave the same live")
	}
	p.second = second
}

// chooseFree goes to an enabled channel without a live on air, if none was
// named and there is one.
func (p *probe) chooseFree(m streamer) {
	if p.TakeOver {
		return
	}
	for _, c := range append([]gateway.Channel{p.channel}, p.channels...) {
		if c.ID == "" || !c.Enabled || p.ChannelID != "" && c.ID != p.ChannelID {
			continue
		}
		if lives, err := m.lives(c.ID, onAir); err != nil || len(lives) == 0 {
			p.channel, p.busy = c, false
			return
		}
		p.busy = true
	}
}

func checkNewState(p *probe) {
	p.withLives()
	if p.stateless {
		return
	}
	if p.first.Status != prism.StatusReserved {
		p.fail("a new live is %q", p.first.Status)
	}
	if !p.first.StartAt.IsZero() {
		p.fail("a new live has startAt %s", p.first.StartAt.Format(time.RFC3339))
	}
}

func checkRTMPAtCreate(p *probe) {
	m := p.withLives()
	if p.first.RTMPPath == "" {
		p.fail("a new live has no rtmpPath")
	}
	info, err := m.live(p.first.ID)
	p.must(err, "live info")
	if info.RTMPPath != p.first.RTMPPath {
		p.fail("rtmpPath of live info differs from that of create")
	}
	list, err := m.lives(p.channel.ID, "")
	p.must(err, "the live list")
	for _, l := range list {
		if l.ID == p.first.ID && l.RTMPPath != p.first.RTMPPath {
			p.fail("rtmpPath of the live list differs from that of create")
		}
	}
}

func checkStreamKeys(p *probe) {
	p.withLives()
	a, b := p.first.StreamKey, p.second.StreamKey
	switch {
	case a == "" || b == "":
		p.skip("there are no stream keys")
	case a == b:
		p.fail("two lives have the same stream key")
	case !unguessable(a, b):
		p.fail("the stream keys have too few characters that differ for 128 bits: %d and %d characters", len(a), len(b))
	}
	for name, id := range inOrder(map[string]string{"liveId": p.first.ID, "channelId": p.channel.ID, "userId": p.user.ID}) {
		if len(id) >= 4 && a != "" && strings.Contains(a, id) {
			p.fail("the stream key has the %s in it", name)
		}
	}
}

func checkMinimal(p *probe) {
	m := p.onChannel()
	live, err := m.createRaw(p.channel.ID, newLive(fields{"description": nil, "scope": nil}), nil)
	p.must(err, "a live of title and reservedAt")
	if live.Scope != prism.ScopePublic && live.Scope != "" {
		p.fail("without scope the live is %q, want PUBLIC", live.Scope)
	}
}

func checkPast(p *probe) {
	m := p.onChannel()
	for _, at := range []time.Time{time.Now().Add(-24 * time.Hour), time.Now().Add(-10 * time.Second), time.Now()} {
		text := at.UTC().Format("2006-01-02T15:04:05Z")
		_, err := m.createRaw(p.channel.ID, newLive(fields{"reservedAt": text}), nil)
		p.did(err, "a live reserved for %s", text)
	}
}

func checkDates(p *probe) {
	m := p.onChannel()
	at := time.Date(2030, 5, 6, 7, 8, 9, 0, time.UTC)
	for _, text := range []string{"2030-05-06T16:08:09+09:00", "2030-05-06T16:08:09+0900", "2030-05-06T07:08:09.000Z", "2030-05-06T02:08:09-05:00"} {
		live, err := m.createRaw(p.channel.ID, newLive(fields{"reservedAt": text}), nil)
		if p.did(err, "reservedAt %s", text) && !live.ReservedAt.Equal(at) {
			p.fail("reservedAt %s came back as %s, another instant", text, live.ReservedAtText)
		}
	}
}

func checkContentType(p *probe) {
	m := p.onChannel()
	for _, media := range []string{"", "text/plain", "application/json;charset=UTF-8"} {
		_, err := m.createRaw(p.channel.ID, newLive(nil), func(in *gateway.Request) {
			in.Header = http.Header{"Content-Type": {media}}
			if media == "" {
				in.Header = nil
			}
		})
		p.did(err, "a JSON body with Content-Type %q", media)
	}
}

func checkUnicode(p *probe) {
	m := p.onChannel()
	for _, title := range []string{
		strings.Repeat("가", prism.MaxTitle), strings.Repeat("😀", prism.MaxTitle/2), `<b>"Q&A" & 'more'</b> \ %00 ` + "\u2028", strings.Repeat("x", prism.MaxTitle),
	} {
		live, err := m.createRaw(p.channel.ID, newLive(fields{"title": title}), nil)
		if p.did(err, "a title of %d UTF-16 units, %.20q", units(title), title) && live.Title != title {
			p.fail("the title %.40q came back as %.40q", title, live.Title)
		}
	}
	text := strings.Repeat("설", prism.MaxDescription)
	live, err := m.createRaw(p.channel.ID, newLive(fields{"description": text}), nil)
	if p.did(err, "a description of %d UTF-16 units", prism.MaxDescription) && live.Description != text {
		p.fail("a description of %d characters came back with %d bytes of %d", prism.MaxDescription, len(live.Description), len(text))
	}
}

func checkUnknownField(p *probe) {
	m := p.onChannel()
	_, err := m.createRaw(p.channel.ID, newLive(fields{"prismcheckUnknown": fields{"a": 1}}), nil)
	p.did(err, "a live with a field that is not documented")
}

func checkInvalidCreate(p *probe) {
	m := p.onChannel()
	for name, body := range inOrder(map[string]any{
		"no JSON": "{", "an array": "[]", "no body": "", "no title": newLive(fields{"title": nil}), "a blank title": newLive(fields{"title": "  "}),
		"a title that is a number": newLive(fields{"title": 1}), "an unknown scope": newLive(fields{"scope": "SECRET"}),
		"a date that is none":                newLive(fields{"reservedAt": "tomorrow"}),
		"a title of 101 UTF-16 units":        newLive(fields{"title": strings.Repeat("x", prism.MaxTitle+1)}),
		"a description of 5001 UTF-16 units": newLive(fields{"description": strings.Repeat("x", prism.MaxDescription+1)}),
	}) {
		_, err := m.createRaw(p.channel.ID, body, nil)
		p.refused(err, "a new live with "+name, http.StatusBadRequest)
	}
}

func checkDisabled(p *probe) {
	m := p.me()
	for _, c := range p.channels {
		if !c.Enabled && c.ID != "" {
			_, err := m.createRaw(c.ID, newLive(nil), nil)
			p.refused(err, "a new live on the disabled channel "+c.ID, http.StatusForbidden)
			return
		}
	}
	p.skip("the account has no disabled channel")
}
