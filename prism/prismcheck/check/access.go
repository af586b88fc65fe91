package check

import (
	"net/http"
	"net/url"
)

var accessChecks = []Check{
	{
		ID: "access.required", Severity: Security, Source: srcAPI,
		Title: "Every call without an access token is answered with 401.",
		Fix:   "Check x-prism-access-token before anything else on every path, mounted or new.",
		run:   func(p *probe) { checkNoAccess(p, "without a token", "") },
	},
	{
		ID: "access.unknown", Severity: Security, Source: srcAPI,
		Title: "Every call with an unknown access token is answered with 401.",
		Fix:   "Look the token up, or verify its signature, on every path.",
		run:   func(p *probe) { checkNoAccess(p, "with an unknown token", "prismcheck-unknown-token") },
	},
	{
		ID: "access.altered", Severity: Security, Source: "RFC 6750 section 5.2",
		Title: "An access token with one character changed does not work.",
		Fix:   "Compare tokens as a whole; verify the signature of a JWT, whatever its alg says.",
		run:   checkAltered,
	},
	{
		ID: "access.header-only", Severity: Security, Source: srcAPI + "; RFC 9700 section 4.3.2",
		Title: "An access token in the query or in a cookie does not count.",
		Fix:   "Read the token from x-prism-access-token only: URLs end up in logs.",
		run:   checkHeaderOnly,
	},
	{
		ID: "access.status", Severity: Required, Source: srcClient + ": errors",
		Title: "With a good token no call is answered with 401, whatever else is wrong.",
		Fix:   "Use 403 or 404: PRISM logs the streamer out on a 401.",
		run:   checkNo401,
	},
}

func checkNoAccess(p *probe, what, token string) {
	for _, t := range routes {
		resp := p.send(t.at(token, bodyFor(t)))
		switch {
		case resp.Status == http.StatusUnauthorized:
		case t.optional != "" && (resp.Status == http.StatusNotFound || resp.Status == http.StatusMethodNotAllowed):
			// The service does not have this API.
		default:
			p.fail("%s %s %s got %d, want 401", t.method, t.path, what, resp.Status)
		}
	}
}

// bodyFor is a body that the call of a route takes, or nil.
func bodyFor(t route) any {
	switch {
	case t.path == "/channel/{channelId}/live":
		return newLive(nil)
	case t.optional == APIUpdate:
		return newLive(nil)
	case t.optional == APIChat:
		return fields{"maxResults": 10, "pageToken": nil}
	case t.optional == APIChatSend:
		return fields{"message": liveTitle}
	case t.path == "/live/{liveId}/timedBan/{userId}":
		return fields{"banTime": 60}
	}
	return nil
}

func checkAltered(p *probe) {
	token := p.me().token()
	if len(token) < 8 {
		p.skip("the token is too short to alter; token.random says more")
	}
	change := func(i int) string {
		other := byte('A')
		if token[i] == other {
			other = 'B'
		}
		return token[:i] + string(other) + token[i+1:]
	}
	// The last character of base64url may carry no bits: the one before counts.
	for _, altered := range []string{change(len(token) / 2), change(max(len(token)-2, 0)), token + "x", token[:len(token)-2]} {
		_, err := streamer{p, p.g.WithToken(altered)}.userInfo()
		p.refused(err, "an altered token", http.StatusUnauthorized)
	}
}

func checkHeaderOnly(p *probe) {
	token := p.me().token()
	for _, name := range []string{"access_token", "token", "x-prism-access-token"} {
		resp := p.send(request("", http.MethodGet, "/user?"+url.Values{name: {token}}.Encode(), nil))
		if resp.Status == http.StatusOK {
			p.fail("the token counts in the query, as %s", name)
		}
		in := request("", http.MethodGet, "/user", nil)
		in.Header = http.Header{"Cookie": {name + "=" + token}}
		if resp := p.send(in); resp.Status == http.StatusOK {
			p.fail("the token counts in a cookie, as %s", name)
		}
	}
}

func checkNo401(p *probe) {
	m := p.me()
	for _, t := range routes {
		if resp := p.send(t.at(m.token(), bodyFor(t))); resp.Status == http.StatusUnauthorized {
			p.fail("%s %s with an id that does not exist got 401", t.method, t.path)
		}
	}
	resp := p.send(m.request(http.MethodPost, "/channel/{channelId}/live", "{", p.someChannel()))
	if resp.Status == http.StatusUnauthorized {
		p.fail("a body that is no JSON got 401")
	}
}

func (p *probe) someChannel() string {
	if p.channel.ID != "" {
		return p.channel.ID
	}
	return noSuchID
}
