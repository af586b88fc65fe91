package openapi

import (
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/examples/internal/accept"
	"github.com/b2bprism/b2bprism/examples/internal/golive"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// unseen are the answers of the description that this app does not give.
var unseen = map[string]string{
	"getToken 502 server_error": "only adapters/idp gives it, for an upstream that answers nonsense; its own tests see it",
	"getToken 502":              "see there",
}

// TestDescription lets PRISM and others use a service in every way, and holds
// all that is sent and answered against the description.
func TestDescription(t *testing.T) {
	a := newApp(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *app)
	}{
		{"go live", goLive},
		{"prismcheck", prismcheck},
		{"resources", resources},
		{"tokens", prismTokens},
		{"standard", standard},
		{"pages", pages},
	} {
		t.Run(part.name, func(t *testing.T) {
			part.run(t, a)
			a.Report(t)
		})
	}
	if t.Failed() {
		return // what failed may have left out the rest
	}
	for _, o := range a.operations {
		for _, status := range slices.Sorted(maps.Keys(o.answers)) {
			keys := []string{o.id + " " + status}
			for _, name := range o.answers[status] {
				keys = append(keys, keys[0]+" "+name)
			}
			for _, key := range keys {
				if reason, ok := unseen[key]; ok == (a.seen[key] > 0) {
					t.Errorf("%s was seen %d times; the reason not to see it: %q", key, a.seen[key], reason)
				}
			}
		}
	}
}

func (a *app) account(id string) prismtest.Credentials {
	return prismtest.Credentials{Account: id, Password: password}
}

func goLive(t *testing.T, a *app) {
	golive.Run(t, golive.App{
		Origin: a.secure.URL, ClientID: prismClient, ClientSecret: a.clientSecret, RedirectURI: redirectURI,
		Streamer: a.account("minji"), Stranger: a.account("juno"), Wire: &golive.Wiretap{Next: a.secure.Client().Transport},
		Chat: func(ctx context.Context, liveID, text string) error {
			return a.store.PostChat(ctx, liveID, "juno", text)
		},
	})
}

func prismcheck(t *testing.T, a *app) {
	report := accept.Run(t, check.Target{
		ServiceAPIDomain: a.secure.URL, AuthorizeURL: a.secure.URL + "/prism/oauth/authorize", PlainURL: a.plain.URL,
		ClientID: prismClient, ClientSecret: a.clientSecret, RedirectURI: redirectURI, TakeOver: true,
		Account: a.account("minji"), Second: a.account("juno"), HTTPClient: a.secure.Client(),
	})
	accept.Clean(t, report, "transport")
}

// bodies are what the operations with a JSON body are sent.
var bodies = map[string]string{
	"createLive":   `{"title":"아침 방송","reservedAt":"2026-11-22T12:00:00Z","scope":"LIMITED","unknown":[1]}`,
	"updateLive":   `{"title":"저녁","description":null,"scope":"","reservedAt":""}`,
	"listChat":     `{"maxResults":1000,"pageToken":null}`,
	"sendChat":     `{"message":"안녕"}`,
	"timedBanUser": `{"banTime":0.5}`,
}

// resources gets every answer of every resource API.
func resources(t *testing.T, a *app) {
	ctx := t.Context()
	g := &prismtest.Gateway{
		ServiceAPIDomain: a.secure.URL, AuthorizeURL: a.secure.URL + "/prism/oauth/authorize",
		ClientID: prismClient, ClientSecret: a.clientSecret, RedirectURI: redirectURI, HTTPClient: a.secure.Client(),
	}
	tokens, err := g.SignIn(ctx, a.account("minji"))
	must(t, err)
	session := g.Session(tokens)
	live, err := session.CreateLive(ctx, "main", prismtest.NewLive{Title: "Live"})
	must(t, err)
	must(t, session.SendChat(ctx, live.ID, "hello"))
	page, err := session.Chat(ctx, live.ID, nil, 1)
	must(t, err)
	path := strings.NewReplacer("{channelId}", "main", "{liveId}", live.ID, "{chatId}", page.Messages[0].ID, "{userId}", "juno")

	for _, o := range a.operations {
		if _, resource := o.answers["default"]; !resource {
			continue
		}
		address := "/prism" + path.Replace(o.path)
		body := bodies[o.id]
		if (body == "") != (o.body == "") {
			t.Errorf("%s has the body %q here and %q in the description", o.id, body, o.body)
		}
		a.expect(t, o, "200", o.method, a.secure.URL+address, body, "x-prism-access-token", tokens.AccessToken)
		a.expect(t, o, "200", o.method, a.secure.URL+address, body, "Authorization", "Bearer "+tokens.AccessToken)
		for status, names := range o.answers {
			for _, name := range names {
				url, body, header := a.secure.URL+address, body, []string{"x-prism-access-token", name}
				switch name {
				case "INVALID_REQUEST":
					if body != "" {
						a.expect(t, o, status, o.method, url, "{", "x-prism-access-token", tokens.AccessToken)
					}
					header = []string{"x-prism-access-token", "a", "x-prism-access-token", "b"}
				case "INVALID_TOKEN":
					header = nil
				case "TLS_REQUIRED":
					url = a.plain.URL + address
				case "BODY_TOO_LARGE":
					body, header = strings.Repeat(" ", prism.DefaultMaxBody)+body, []string{"x-prism-access-token", tokens.AccessToken}
				case "UNSUPPORTED_MEDIA_TYPE":
					header = []string{"x-prism-access-token", tokens.AccessToken, "Content-Type", "application/x-www-form-urlencoded"}
				default:
					if faults[name] == nil {
						t.Errorf("%s %s: there is no way to get %s", o.id, status, name)
					}
				}
				a.expect(t, o, status, o.method, url, body, header...)
			}
		}
		a.expect(t, o, "429", o.method, a.secure.URL+address, body, "x-prism-access-token", "default")
	}

	description := a.operation(t, "getDescription")
	etag := a.expect(t, description, "200", "GET", a.secure.URL+"/prism/openapi.yaml", "").Get("ETag")
	a.expect(t, description, "304", "GET", a.secure.URL+"/prism/openapi.yaml", "", "If-None-Match", etag)
	a.expect(t, description, "403", "GET", a.plain.URL+"/prism/openapi.yaml", "")
	for _, method := range []string{"OPTIONS", "HEAD", "PATCH"} {
		a.send(t, method, a.secure.URL+"/prism/v1/service/user", "")
	}
	a.send(t, "GET", a.secure.URL+"/prism/v1/service/nothing", "")
}

func (a *app) operation(t *testing.T, id string) operation {
	t.Helper()
	i := slices.IndexFunc(a.operations, func(o operation) bool { return o.id == id })
	if i < 0 {
		t.Fatalf("the description has no %s", id)
	}
	return a.operations[i]
}

// expect sends a request, wants an answer of this status, and returns its
// header.
func (a *app) expect(t *testing.T, o operation, status, method, address, body string, header ...string) http.Header {
	t.Helper()
	got := a.send(t, method, address, body, header...)
	if strconv.Itoa(got.status) != status {
		t.Errorf("%s: %d %.200s, want %s", o.id, got.status, got.body, status)
	}
	return got.header
}

// answer is what came to a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request with pairs of header names and values, and follows no
// redirect.
func (a *app) send(t *testing.T, method, address, body string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	must(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := a.secure.Client().Transport.RoundTrip(r)
	must(t, err)
	var came strings.Builder
	_, err = io.Copy(&came, resp.Body)
	must(t, err)
	must(t, resp.Body.Close())
	return answer{resp.StatusCode, resp.Header, came.String()}
}
