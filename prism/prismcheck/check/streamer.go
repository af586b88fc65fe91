package check

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

// streamer makes resource calls under a probe.
type streamer struct {
	p *probe
	s *gateway.Session
}

// me is the streamer of the run; without one the check is skipped.
func (p *probe) me() streamer {
	if p.run.me == nil {
		p.skip("nobody is signed in")
	}
	return streamer{p, p.run.me}
}

// onChannel is me with a channel to go live on.
func (p *probe) onChannel() streamer {
	m := p.me()
	switch {
	case p.channel.ID == "":
		p.skip("there is no enabled channel")
	case p.busy:
		p.need("-take-over", "a live that this run did not make is on air on the channel; end it, or allow to end it (-take-over)")
	}
	return m
}

// withLives is onChannel with the two lives of the run.
func (p *probe) withLives() streamer {
	m := p.onChannel()
	if p.first.ID == "" || p.second.ID == "" {
		p.skip("no live could be made")
	}
	return m
}

// withStates is withLives of a service that manages the state of lives.
func (p *probe) withStates() streamer {
	m := p.withLives()
	if p.stateless {
		p.skip("the service does not manage the state of lives: a live that was just made is ON_AIR")
	}
	return m
}

// with is withLives, and the service has an optional API.
func (p *probe) with(a API) streamer {
	m := p.withLives()
	has, tried := p.apis[a]
	switch {
	case !tried:
		p.notFoundOut(a)
	case !has:
		p.skip("the service has no %s API", a)
	}
	return m
}

// notFoundOut skips the check, because the run could not try an optional API.
func (p *probe) notFoundOut(a API) {
	if a == APIBan || a == APIManagers {
		p.secondAccount()
	}
	p.skip("whether the service has the %s API could not be found out", a)
}

func (m streamer) userInfo() (gateway.User, error) { return call(m.p, m.s.User) }

func (m streamer) channelList() (gateway.ChannelList, error) { return call(m.p, m.s.Channels) }

func (m streamer) channelInfo(id string) (gateway.ChannelInfo, error) {
	return call(m.p, func(ctx context.Context) (gateway.ChannelInfo, error) { return m.s.Channel(ctx, id) })
}

func (m streamer) lives(channelID string, status prism.Status) ([]gateway.Live, error) {
	return call(m.p, func(ctx context.Context) ([]gateway.Live, error) { return m.s.Lives(ctx, channelID, status) })
}

func (m streamer) live(id string) (gateway.Live, error) {
	return call(m.p, func(ctx context.Context) (gateway.Live, error) { return m.s.Live(ctx, id) })
}

// create makes a live that the clean-up knows.
func (m streamer) create(channelID string, live gateway.NewLive) (gateway.Live, error) {
	made, err := call(m.p, func(ctx context.Context) (gateway.Live, error) { return m.s.CreateLive(ctx, channelID, live) })
	m.p.keep(made.ID)
	return made, err
}

// keep notes a live for the clean-up.
func (p *probe) keep(id string) {
	if id != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.made = append(p.made, id)
	}
}

func (m streamer) start(id string) (gateway.Live, error) {
	return call(m.p, func(ctx context.Context) (gateway.Live, error) { return m.s.StartLive(ctx, id) })
}

func (m streamer) stop(id string) (gateway.Live, error) {
	return call(m.p, func(ctx context.Context) (gateway.Live, error) { return m.s.StopLive(ctx, id) })
}

func (m streamer) update(id string, u gateway.LiveUpdate) (gateway.Live, error) {
	return call(m.p, func(ctx context.Context) (gateway.Live, error) { return m.s.UpdateLive(ctx, id, u) })
}

func (m streamer) chat(id string, pageToken *string, most int) (gateway.ChatPage, error) {
	return call(m.p, func(ctx context.Context) (gateway.ChatPage, error) { return m.s.Chat(ctx, id, pageToken, most) })
}

func (m streamer) sendChat(id, text string) error {
	return tell(m.p, func(ctx context.Context) error { return m.s.SendChat(ctx, id, text) })
}

func (m streamer) deleteChat(id, messageID string) error {
	return tell(m.p, func(ctx context.Context) error { return m.s.DeleteChat(ctx, id, messageID) })
}

func (m streamer) ban(id, author string) error {
	return tell(m.p, func(ctx context.Context) error { return m.s.Ban(ctx, id, author) })
}

func (m streamer) timedBan(id, author string, d time.Duration) error {
	return tell(m.p, func(ctx context.Context) error { return m.s.TimedBan(ctx, id, author, d) })
}

func (m streamer) unban(id, author string) error {
	return tell(m.p, func(ctx context.Context) error { return m.s.Unban(ctx, id, author) })
}

func (m streamer) addManager(id, author string) error {
	return tell(m.p, func(ctx context.Context) error { return m.s.AddManager(ctx, id, author) })
}

func (m streamer) removeManager(id, author string) error {
	return tell(m.p, func(ctx context.Context) error { return m.s.RemoveManager(ctx, id, author) })
}

// token is the access token that the streamer's calls carry.
func (m streamer) token() string { return m.s.AccessToken() }

// request is an arbitrary request with the streamer's token. Ids in route are
// filled in from ids.
func (m streamer) request(method, route string, body any, ids ...string) gateway.Request {
	return request(m.token(), method, route, body, ids...)
}

// request makes a request to a route with its ids filled in. body is nil, text
// that is sent as it is, or a value for JSON.
func request(token, method, route string, body any, ids ...string) gateway.Request {
	path, rest := "", route
	for _, id := range ids {
		front, behind, _ := strings.Cut(rest, "{")
		_, after, _ := strings.Cut(behind, "}")
		path, rest = path+front+url.PathEscape(id), after
	}
	route, _, _ = strings.Cut(route, "?")
	in := gateway.Request{Method: method, Path: api + path + rest, Route: "/v1/service" + route, Token: token}
	switch b := body.(type) {
	case nil:
	case string:
		in.Body = []byte(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			panic(err) // the bodies are maps of texts and numbers
		}
		in.Body = text
	}
	if in.Body != nil {
		in.Header = http.Header{"Content-Type": {"application/json"}}
	}
	return in
}

// fields is a JSON object.
type fields map[string]any

// newLive is the body of a create call as the PC client sends it.
func newLive(change fields) fields {
	body := fields{
		"title": liveTitle, "description": "", "scope": "PRIVATE",
		"reservedAt": time.Now().Add(20 * time.Second).UTC().Format("2006-01-02T15:04:05Z"),
	}
	for key, value := range change {
		if body[key] = value; value == nil {
			delete(body, key)
		}
	}
	return body
}

// createRaw makes a live with any body and returns it. in can change the
// request.
func (m streamer) createRaw(channelID string, body any, in func(*gateway.Request)) (gateway.Live, error) {
	req := m.request(http.MethodPost, "/channel/{channelId}/live", body, channelID)
	if in != nil {
		in(&req)
	}
	live, err := call(m.p, func(ctx context.Context) (gateway.Live, error) { return m.s.CreateWith(ctx, channelID, req) })
	m.p.keep(live.ID)
	return live, err
}

// updateRaw changes a live with any body.
func (m streamer) updateRaw(id string, body any) (gateway.Live, error) {
	req := m.request(http.MethodPut, "/live/{liveId}", body, id)
	return call(m.p, func(ctx context.Context) (gateway.Live, error) { return m.s.UpdateWith(ctx, id, req) })
}
