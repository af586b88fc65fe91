package check_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
)

const base = "/prism/v1/service"

// matches tells whether a request is the one that a pattern names: a method
// and a path behind the base, in which * stands for one segment. "*" alone is
// every request of the API.
func matches(pattern string, r *http.Request) bool {
	path, ok := strings.CutPrefix(r.URL.Path, base)
	if pattern == "*" {
		return ok
	}
	method, want, _ := strings.Cut(pattern, " ")
	if strings.HasPrefix(want, "/oauth/") {
		path = r.URL.Path
	}
	if method != r.Method {
		return false
	}
	a, b := strings.Split(want, "/"), strings.Split(path, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != "*" && a[i] != b[i] {
			return false
		}
	}
	return true
}

// around adds a layer to what goes over the wire.
func (w *world) around(layer func(rw http.ResponseWriter, r *http.Request, next http.Handler)) {
	inner := w.wrap
	w.wrap = func(next http.Handler) http.Handler {
		if inner != nil {
			next = inner(next)
		}
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { layer(rw, r, next) })
	}
}

// asking changes the matching requests, or answers them: f returns true then.
func (w *world) asking(pattern string, f func(rw http.ResponseWriter, r *http.Request) bool) {
	w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if !matches(pattern, r) || !f(rw, r) {
			next.ServeHTTP(rw, r)
		}
	})
}

// answering changes the answers to the matching requests.
func (w *world) answering(pattern string, f func(a *httptest.ResponseRecorder, r *http.Request)) {
	w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if !matches(pattern, r) {
			next.ServeHTTP(rw, r)
			return
		}
		a := httptest.NewRecorder()
		next.ServeHTTP(a, r)
		f(a, r)
		for name, values := range a.Header() {
			rw.Header()[name] = values
		}
		rw.Header().Del("Content-Length")
		rw.WriteHeader(a.Code)
		_, _ = rw.Write(a.Body.Bytes())
	})
}

// object is a JSON object.
type object map[string]any

// at returns the object at a path of keys, empty if there is none.
func (o object) at(keys ...string) object {
	for _, key := range keys {
		next, ok := o[key].(map[string]any)
		if !ok {
			return object{}
		}
		o = next
	}
	return o
}

// each calls f with the objects of a list.
func (o object) each(key string, f func(item object)) {
	list, _ := o[key].([]any)
	for _, item := range list {
		if m, ok := item.(map[string]any); ok {
			f(m)
		}
	}
}

func parse(text []byte) object {
	var o object
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&o) != nil {
		return nil
	}
	return o
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// json changes the JSON of successful answers.
func (w *world) json(pattern string, f func(body object)) {
	w.answering(pattern, func(a *httptest.ResponseRecorder, _ *http.Request) {
		if o := parse(a.Body.Bytes()); o != nil && a.Code == http.StatusOK {
			f(o)
			a.Body.Reset()
			a.Body.Write(encode(o))
		}
	})
}

// failures changes the JSON of failures.
func (w *world) failures(pattern string, f func(a *httptest.ResponseRecorder, r *http.Request, body object)) {
	w.answering(pattern, func(a *httptest.ResponseRecorder, r *http.Request) {
		if o := parse(a.Body.Bytes()); o != nil && a.Code >= http.StatusBadRequest {
			f(a, r, o)
			a.Body.Reset()
			a.Body.Write(encode(o))
		}
	})
}

// everyLive changes each live of any answer: in data.live, data and data.lives.
func (w *world) everyLive(f func(live object)) {
	w.json("*", func(body object) {
		data := body.at("data")
		if live := data.at("live"); len(live) > 0 {
			f(live)
			if data["liveId"] != nil {
				f(data)
			}
		}
		data.each("lives", f)
	})
}

// oneLive changes the lives of live info only.
func (w *world) oneLive(f func(live object)) {
	w.json("GET /live/*", func(body object) { f(body.at("data", "live")) })
}

// body reads a request's JSON body and puts it back as f left it.
func body(r *http.Request, f func(o object)) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if o := parse(text); o != nil {
		f(o)
		text = encode(o)
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
}

// query changes a request's query.
func query(r *http.Request, f func(q url.Values)) {
	q := r.URL.Query()
	f(q)
	r.URL.RawQuery = q.Encode()
}

// fails answers with a failure envelope.
func fails(rw http.ResponseWriter, status int) bool {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Cache-Control", "no-store")
	rw.WriteHeader(status)
	_, _ = rw.Write(encode(object{"success": false, "errorCode": 100000 + status, "errorName": "REFUSED", "message": "Refused.", "data": nil}))
	return true
}

// succeeds answers with a success envelope.
func succeeds(rw http.ResponseWriter, data any) bool {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Cache-Control", "no-store")
	_, _ = rw.Write(encode(object{"success": true, "errorCode": 0, "errorName": nil, "message": nil, "data": data}))
	return true
}

// oauthFails answers with an OAuth error.
func oauthFails(rw http.ResponseWriter, status int, code string) bool {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Cache-Control", "no-store")
	rw.WriteHeader(status)
	_, _ = rw.Write(encode(object{"error": code}))
	return true
}

// issued remembers the token answers that passed.
type issued struct {
	mu    sync.Mutex
	pairs []pair
}

type pair struct{ access, refresh string }

func (i *issued) add(body object) {
	i.mu.Lock()
	defer i.mu.Unlock()
	access, _ := body["access_token"].(string)
	refresh, _ := body["refresh_token"].(string)
	i.pairs = append(i.pairs, pair{access, refresh})
}

// find returns the pair that f picks.
func (i *issued) find(f func(p pair) bool) (pair, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, p := range i.pairs {
		if f(p) {
			return p, true
		}
	}
	return pair{}, false
}

// watchTokens remembers the tokens of a world.
func (w *world) watchTokens() *issued {
	i := &issued{}
	w.json(tokenCall, i.add)
	return i
}

const (
	tokenCall  = "GET /oauth2/token"
	accessName = "X-Prism-Access-Token"
)

// presented is the refresh token of a request, in any spelling.
func presented(r *http.Request) string {
	q := r.URL.Query()
	for _, name := range []string{"token", "_token", "refresh_token"} {
		if v := q.Get(name); v != "" {
			return v
		}
	}
	return ""
}
