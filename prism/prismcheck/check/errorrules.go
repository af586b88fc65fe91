package check

import (
	"net/http"
	"slices"
	"strings"

	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

var errorChecks = []Check{
	{
		ID: "error.body-size", Severity: Recommended, Source: srcOwn,
		Title: "A body of 2 MiB is refused.",
		Fix:   "Bound what is read of a body (64 KiB is plenty) and answer 413.",
		run:   checkBodySize,
	},
	{
		ID: "error.form-body", Severity: Security, Source: srcAPI + ": create",
		Title: "A body with the content type of a form is refused.",
		Fix:   "Answer 415 to form content types: a page of another site can send them without asking.",
		run:   checkFormBody,
	},
	{
		ID: "error.not-500", Severity: Required, Source: srcOwn,
		Title: "No request makes the service answer 5xx.",
		Fix:   "Look the request up in the service's log: it hit something that was not expected.",
		run:   checkNot500,
	},
}

var optionalChecks = []Check{
	{
		ID: "optional.expected", Severity: Required, Source: srcConsole,
		Title: "The optional APIs that are expected answer.",
		Fix:   "Mount what is switched on in the console, or switch it off there.",
		run:   checkExpected,
	},
	{
		ID: "optional.absent", Severity: Recommended, Source: srcSetup + ": 404",
		Title: "An optional API that the service does not have is answered with 404.",
		Fix:   "Answer 404 with the failure envelope.",
		run:   checkAbsent,
	},
	{
		ID: "optional.needs-chat", Severity: Required, Source: srcOverview,
		Title: "Sending, deleting, bans and managers come with the chat list.",
		Fix:   "Serve the chat list, too: the others take ids that come from it.",
		run:   checkNeedsChat,
	},
}

func checkBodySize(p *probe) {
	m := p.onChannel()
	body := newLive(fields{"description": strings.Repeat("x", 2<<20)})
	_, err := m.createRaw(p.channel.ID, body, nil)
	if statusOf(err) == 0 {
		return // the connection was cut, which is a refusal
	}
	p.refused(err, "a body of 2 MiB", http.StatusRequestEntityTooLarge, http.StatusBadRequest)
}

func checkFormBody(p *probe) {
	m := p.onChannel()
	for _, media := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		_, err := m.createRaw(p.channel.ID, newLive(nil), func(in *gateway.Request) { in.Header = http.Header{"Content-Type": {media}} })
		p.refused(err, "a body with Content-Type "+media, http.StatusUnsupportedMediaType, http.StatusBadRequest)
	}
}

func checkNot500(p *probe) {
	p.run.mu.Lock()
	calls := slices.Clone(p.calls)
	p.run.mu.Unlock()
	p.last = gateway.Exchange{}
	for _, c := range calls {
		if c.Status >= http.StatusInternalServerError {
			p.fail("%s got %d", c.Name, c.Status)
		}
	}
}

func (p *probe) expects(a API) bool { return slices.Contains(p.Expect, a) }

func checkExpected(p *probe) {
	p.withLives()
	if p.Expect == nil {
		p.extra("-apis", "it was not said what to expect (-apis)")
	}
	p.last = gateway.Exchange{}
	var open API
	for _, a := range APIs() {
		has, tried := p.apis[a]
		switch {
		case !tried && (p.expects(a) || a != APIChatDelete): // which is tried on a message that was sent
			open = a
		case p.expects(a) && !has:
			p.fail("the %s API is expected and does not answer", a)
		case !p.expects(a) && p.apis[a] && a != APIUpdate: // the console has no switch for it
			p.fail("the %s API answers and is not expected", a)
		}
	}
	if open != "" {
		p.notFoundOut(open)
	}
}

func checkAbsent(p *probe) {
	m := p.withLives()
	for _, t := range routes {
		if has, tried := p.apis[t.optional]; has || !tried {
			continue
		}
		ids := []string{p.first.ID, noSuchID}[:strings.Count(t.path, "{")]
		resp := p.send(m.request(t.method, t.path, bodyFor(t), ids...))
		if resp.Status != http.StatusNotFound && resp.Status != http.StatusMethodNotAllowed {
			p.fail("%s %s got %d, want 404", t.method, t.path, resp.Status)
		}
	}
}

func checkNeedsChat(p *probe) {
	p.withLives()
	if p.apis[APIChat] {
		return
	}
	p.last = gateway.Exchange{}
	for _, a := range []API{APIChatSend, APIChatDelete, APIBan, APIManagers} {
		if p.apis[a] {
			p.fail("the %s API answers without the chat list", a)
		}
	}
	for _, a := range []API{APIBan, APIManagers} {
		if _, tried := p.apis[a]; !tried {
			p.notFoundOut(a)
		}
	}
}
