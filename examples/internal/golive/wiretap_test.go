package golive

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
)

// careless logs what hosts should not.
func careless(log *strings.Builder, url func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(log, r.Method, url(r))
		switch r.URL.Path {
		case "/token":
			_, _ = w.Write([]byte(`{"access_token":"access-0123456789","refresh_token":"refresh-0123456789"}`))
		case "/live":
			_, _ = w.Write([]byte(`{"rtmpPath":"rtmp://host/live/key-0123456789"}`))
		default:
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "session-0123456789"})
			http.Redirect(w, r, "https://prism.example/?code=code-0123456789&state=public-state", http.StatusFound)
		}
	})
}

func drive(t *testing.T, wire *Wiretap, origin string) {
	t.Helper()
	client := &http.Client{Transport: wire, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, path := range []string{"/login?next=" + url.QueryEscape("/authorize?state=other-0123456789"), "/token?grant_type=refresh_token&token=old+0123456789", "/live"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin+path, nil)
		ok(t, err)
		req.Header.Set("X-Prism-Access-Token", "header-0123456789")
		resp, err := client.Do(req)
		ok(t, err)
		ok(t, resp.Body.Close())
	}
	resp, err := client.PostForm(origin+"/login", url.Values{"password": {"password-0123456789"}, "login": {"minji"}})
	ok(t, err)
	ok(t, resp.Body.Close())
}

func TestWiretapFindsLeaks(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	server := httptest.NewServer(careless(&log, func(r *http.Request) string { return r.RequestURI }))
	defer server.Close()
	wire := &Wiretap{}
	drive(t, wire, server.URL)

	want := []string{"X-Prism-Access-Token", "access_token", "cookie", "form password", "query next", "query token", "redirect code", "refresh_token", "rtmpPath"}
	if diff := cmp.Diff(want, wire.Kinds()); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"query next (22 characters)", "query token (14 characters)"}, wire.Leaks(log.String())); diff != "" {
		t.Errorf("leaks of the access log (-want +got):\n%s", diff)
	}
	for _, secret := range []string{"access-0123456789", "refresh-0123456789", "key-0123456789", "session-0123456789", "code-0123456789", "header-0123456789", "password-0123456789"} {
		if len(wire.Leaks("… "+secret+" …")) != 1 {
			t.Errorf("%s was not found", secret)
		}
	}
	if leaks := wire.Leaks("minji public-state refresh_token"); len(leaks) != 0 {
		t.Errorf("found %v where there is no secret", leaks)
	}
}

func TestRedactedLogHasNoLeaks(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	server := httptest.NewServer(careless(&log, func(r *http.Request) string { return prism.RedactURL(r.URL) }))
	defer server.Close()
	wire := &Wiretap{}
	drive(t, wire, server.URL)
	if leaks := wire.Leaks(log.String()); len(leaks) != 0 || !slices.Contains(strings.Fields(log.String()), "/token?redacted") {
		t.Errorf("leaks %v in\n%s", leaks, log.String())
	}
}
