package prism_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// allAPIs are the documented paths with the methods that stand there.
var allAPIs = []struct{ path, allow string }{
	{"/v1/service/user", "GET"},
	{"/v1/service/channel/list", "GET"},
	{"/v1/service/channel/main", "GET"},
	{"/v1/service/channel/main/lives", "GET"},
	{"/v1/service/channel/main/live", "POST"},
	{"/v1/service/live/x", "GET, PUT"},
	{"/v1/service/live/x/start", "PUT"},
	{"/v1/service/live/x/stop", "PUT"},
	{"/v1/service/live/x/chat", "POST, PUT"},
	{"/v1/service/live/x/chat/y", "DELETE"},
	{"/v1/service/live/x/ban/y", "PUT"},
	{"/v1/service/live/x/timedBan/y", "PUT"},
	{"/v1/service/live/x/unban/y", "PUT"},
	{"/v1/service/live/x/mod/y", "PUT"},
	{"/v1/service/live/x/unmod/y", "PUT"},
}

func TestHEADAndOPTIONSAreNeverExposed(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for _, api := range allAPIs {
		for _, method := range []string{"HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "QUERY", "get"} {
			a := h.do(method, "/prism"+api.path, "", "Origin", "https://evil.example", "Access-Control-Request-Method", "GET")
			h.wantError(a, prism.ErrMethodNotAllowed)
			if got := a.Header().Get("Allow"); got != api.allow {
				t.Errorf("%s %s: Allow = %q, want %q", method, api.path, got, api.allow)
			}
			for name := range a.Header() {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s: CORS header %s", method, api.path, name)
				}
			}
		}
	}
}

func TestPrefixes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		base     string
		found    []string
		notFound []string
	}{
		{"", []string{"", "/prism", "/prism/prism"}, []string{"/api", "/prism/", "/prism/prism/prism", "/Prism"}},
		{"/api/live", []string{"", "/prism", "/api/live", "/api/live/prism"}, []string{"/api", "/live", "/prism/api/live"}},
		{"/", []string{"", "/prism"}, []string{"/prism/prism", "/x"}},
	} {
		h := newHost(t, func(c *prism.Config) { c.BasePath = tt.base })
		for _, prefix := range tt.found {
			if a := h.do("GET", prefix+"/v1/service/user", ""); a.Code != http.StatusOK {
				t.Errorf("base %q: %s/v1/service/user = %d", tt.base, prefix, a.Code)
			}
		}
		for _, prefix := range tt.notFound {
			h.wantError(h.do("GET", prefix+"/v1/service/user", ""), prism.ErrNoSuchAPI)
		}
	}
}

func TestUnknownPathsNeverRedirect(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for _, path := range []string{
		"/", "/prism", "/prism/", "/prism/v1/service", "/prism/v1/service/", "/prism/v1/service/user/", "/prism//v1/service/user",
		"//prism/v1/service/user", "/prism/v1/service//user", "/prism/./v1/service/user", "/prism/v1/service/../service/user",
		"/prism/v1/servicexuser", "/prism/v1/servicex/user", "/prism/v1/service/USER", "/prism/v2/service/user", "/prism/v1/service/live", "/prism/v1/service/live/", "/prism/v1/service/live//start",
		"/prism/v1/service/live/x/timedban/y", "/prism/v1/service/live/x/ban", "/prism/v1/service/live/x/end",
		"/prism/v1/service/oauth2/token", "/oauth/authorize", // testTokens has no such endpoints
	} {
		r := h.request("GET", "/", "")
		r.URL = &url.URL{Scheme: "https", Host: "api.example.com", Path: path}
		a := h.serve(r)
		if a.Code != http.StatusNotFound || a.Header().Get("Location") != "" {
			t.Errorf("%s: %d, Location %q, want a 404 envelope", path, a.Code, a.Header().Get("Location"))
		}
	}
}

func TestBadIDsAre404WithoutTouchingTheStore(t *testing.T) {
	t.Parallel()
	for _, segment := range []string{
		"..%2F..%2Fetc", "a%2Fb", "a%00b", "%00", strings.Repeat("x", 10_000), strings.Repeat("%41", 201), "a%20b", "~", "~%21",
		"%2e%2e", "..", ".", "a%0d%0ab", "%ED%95%9C", "~YWJj", "a@b",
	} {
		stub := &stubHost{}
		h := newHost(t, func(c *prism.Config) { c.Lives, c.Channels = stub, stub })
		for _, path := range []string{"/prism/v1/service/live/", "/prism/v1/service/channel/"} {
			r := h.request("GET", "/", "")
			r.URL.Path, r.URL.RawPath = path+"decoded", path+segment
			if unescaped, err := url.PathUnescape(path + segment); err == nil {
				r.URL.Path = unescaped
			}
			if a := h.serve(r); a.Code != http.StatusNotFound {
				t.Errorf("%s%.40s: %d, want 404", path, segment, a.Code)
			}
		}
		if stub.calls.Load() != 0 {
			t.Errorf("segment %.40q reached the store", segment)
		}
	}
}

func TestEncodedIDsReachTheStoreDecoded(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	if err := h.store.PutChannel(t.Context(), "alice", prism.Channel{ID: "auth0|방송", Name: "Odd", Enabled: true}); err != nil {
		t.Fatal(err)
	}
	var list struct {
		Channels []struct{ ChannelID, ChannelName string }
	}
	h.data(h.do("GET", "/prism/v1/service/channel/list", ""), &list)
	wire := list.Channels[0].ChannelID
	if list.Channels[0].ChannelName != "Odd" || !strings.HasPrefix(wire, "~") {
		t.Fatalf("the newest channel is %+v, want the one with an encoded id first", list.Channels[0])
	}
	var created liveAnswer
	h.data(h.do("POST", "/prism/v1/service/channel/"+wire+"/live", `{"title":"t","reservedAt":"2026-11-22T12:00:00Z"}`), &created)
	if created.ChannelID != wire {
		t.Errorf("channelId = %q, want %q as it was sent", created.ChannelID, wire)
	}
}

func TestCapabilityThatIsOff(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *prism.Config) {
		c.ChatSend, c.ChatDelete, c.Ban, c.Managers, c.Update = nil, nil, nil, nil, nil
	})
	live := h.create("t")
	path := "/prism/v1/service/live/" + live.LiveID
	for _, call := range []struct{ method, path string }{
		{"PUT", path}, {"PUT", path + "/chat"}, {"DELETE", path + "/chat/x"}, {"PUT", path + "/ban/bob"},
		{"PUT", path + "/timedBan/bob"}, {"PUT", path + "/unban/bob"}, {"PUT", path + "/mod/bob"}, {"PUT", path + "/unmod/bob"},
	} {
		h.wantError(h.do(call.method, call.path, `{"message":"m","banTime":1}`), prism.ErrNoSuchAPI)
	}
	for path, allow := range map[string]string{path: "GET", path + "/chat": "POST"} {
		a := h.do("DELETE", path, "")
		h.wantError(a, prism.ErrMethodNotAllowed)
		if got := a.Header().Get("Allow"); got != allow {
			t.Errorf("DELETE %s: Allow = %q, want the mounted methods %q", path, got, allow)
		}
	}
	if got, want := h.svc.Capabilities(), (prism.Capabilities{Chat: true}); got != want {
		t.Errorf("Capabilities() = %+v, want %+v", got, want)
	}
	if got, want := newHost(t).svc.Capabilities(), (prism.Capabilities{Chat: true, ChatSend: true, ChatDelete: true, Ban: true,
		Managers: true, Update: true}); got != want {
		t.Errorf("Capabilities() = %+v, want %+v", got, want)
	}
}

func TestMountedBehindStripPrefix(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	mux := http.NewServeMux()
	mux.Handle("/prism/", http.StripPrefix("/prism", h.svc))
	mux.Handle("/plain/prism/", http.StripPrefix("/plain", h.svc))
	for _, path := range []string{"/prism/v1/service/user", "/prism/prism/v1/service/user", "/plain/prism/v1/service/user"} {
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, h.request("GET", path, ""))
		if rec.Code != http.StatusOK {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
}

func TestRedactURL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://h/prism/v1/service/oauth2/token?code=secret&state=x": "/prism/v1/service/oauth2/token?redacted",
		"/prism/v1/service/user": "/prism/v1/service/user",
		"/a%2Fb?":                "/a%2Fb?redacted",
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := prism.RedactURL(u); got != want {
			t.Errorf("RedactURL(%q) = %q, want %q", in, got, want)
		}
	}
}
