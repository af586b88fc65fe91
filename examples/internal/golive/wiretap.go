package golive

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Wiretap is a RoundTripper that remembers every secret it carries: tokens,
// codes, client secrets, passwords, cookies and stream keys. What a host logs
// can then be searched for them. It is safe for concurrent use.
type Wiretap struct {
	// Next carries the requests, http.DefaultTransport if nil.
	Next http.RoundTripper

	mu      sync.Mutex
	secrets map[string]string // value -> where it was first seen
}

// minSecret keeps values that are no secrets, such as "on", out of the search.
const minSecret = 8

var (
	secretHeaders = []string{"X-Prism-Access-Token", "X-Prism-Client-Secret", "Authorization"}
	secretParams  = []string{"code", "token", "_token", "refresh_token", "access_token", "client_secret", "password", "transaction"}
	secretJSON    = regexp.MustCompile(`"(access_token|refresh_token|rtmpPath)":"([^"]+)"`)
)

// RoundTrip carries one request.
func (w *Wiretap) RoundTrip(r *http.Request) (*http.Response, error) {
	w.request(r)
	next := w.Next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	for _, c := range resp.Cookies() {
		w.add("cookie", c.Value)
	}
	if location, err := resp.Location(); err == nil {
		w.query("redirect", location.Query())
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	for _, m := range secretJSON.FindAllSubmatch(body, -1) {
		value := string(m[2])
		if string(m[1]) == "rtmpPath" {
			value = value[strings.LastIndexByte(value, '/')+1:]
		}
		w.add(string(m[1]), value)
	}
	return resp, nil
}

func (w *Wiretap) request(r *http.Request) {
	for _, name := range secretHeaders {
		w.add(name, r.Header.Get(name))
	}
	for _, c := range r.Cookies() {
		w.add("cookie", c.Value)
	}
	w.query("query", r.URL.Query())
	if r.GetBody == nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return
	}
	body, err := r.GetBody()
	if err != nil {
		return
	}
	defer func() { _ = body.Close() }()
	if text, err := io.ReadAll(body); err == nil {
		if form, err := url.ParseQuery(string(text)); err == nil {
			w.query("form", form)
		}
	}
}

func (w *Wiretap) query(where string, values url.Values) {
	for _, name := range secretParams {
		for _, value := range values[name] {
			w.add(where+" "+name, value)
		}
	}
	for _, nested := range values["next"] { // the address to go on to after a sign-in
		if u, err := url.Parse(nested); err == nil && u.RawQuery != "" {
			w.add(where+" next", u.RawQuery)
		}
	}
}

func (w *Wiretap) add(what, value string) {
	if len(value) < minSecret {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.secrets == nil {
		w.secrets = map[string]string{}
	}
	if _, known := w.secrets[value]; !known {
		w.secrets[value] = what
	}
}

// Leaks names the secrets that text holds, as they are or percent-encoded.
func (w *Wiretap) Leaks(text string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var leaks []string
	for value, what := range w.secrets {
		if n := strings.Count(text, value) + strings.Count(text, url.QueryEscape(value)); n > 0 {
			leaks = append(leaks, fmt.Sprintf("%s (%d characters)", what, len(value)))
		}
	}
	slices.Sort(leaks)
	return leaks
}

// Kinds names where secrets were first seen, sorted.
func (w *Wiretap) Kinds() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	kinds := make([]string, 0, len(w.secrets))
	for _, what := range w.secrets {
		kinds = append(kinds, what)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}
