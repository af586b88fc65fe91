package check_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// tokenQuery changes or answers requests of one grant at the token endpoint.
func (w *world) tokenQuery(grant string, f func(rw http.ResponseWriter, r *http.Request, q url.Values) bool) {
	w.asking(tokenCall, func(rw http.ResponseWriter, r *http.Request) bool {
		q := r.URL.Query()
		if grant != "" && q.Get("grant_type") != grant {
			return false
		}
		answered := f(rw, r, q)
		r.URL.RawQuery = q.Encode()
		return answered
	})
}

const (
	codeGrant    = "authorization_code"
	refreshGrant = "refresh_token"
)

// fakeTokens answers with tokens of nobody.
func fakeTokens(rw http.ResponseWriter) bool {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Cache-Control", "no-store")
	_, _ = rw.Write(encode(object{"access_token": "fake-access", "refresh_token": "fake-refresh", "expires_in": 3600, "token_type": "bearer"}))
	return true
}

// spelling makes one spelling of the refresh token unknown.
func spelling(name string) func(*world) {
	return func(w *world) {
		w.tokenQuery(refreshGrant, func(_ http.ResponseWriter, _ *http.Request, q url.Values) bool { q.Del(name); return false })
	}
}

// singleUse refuses what f names when it comes again.
func (w *world) singleUse(grant string, f func(q url.Values) string) {
	var seen sync.Map
	w.tokenQuery(grant, func(rw http.ResponseWriter, _ *http.Request, q url.Values) bool {
		_, again := seen.LoadOrStore(f(q), true)
		return again && oauthFails(rw, http.StatusBadRequest, "invalid_grant")
	})
}

// replay answers the same exchange with the same answer.
func (w *world) replay() {
	var mu sync.Mutex
	answers := map[string][]byte{}
	w.answering(tokenCall, func(a *httptest.ResponseRecorder, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		code := r.URL.Query().Get("code")
		switch kept, ok := answers[code]; {
		case code == "":
		case ok:
			a.Code = http.StatusOK
			a.Body.Reset()
			a.Body.Write(kept)
		case a.Code == http.StatusOK:
			answers[code] = bytes.Clone(a.Body.Bytes())
		}
	})
}

// meeting lets two requests of the same name wait for each other.
type meeting struct {
	mu   sync.Mutex
	here map[string]chan struct{}
}

// met reports whether another one came at the same time.
func (m *meeting) met(name string) bool {
	m.mu.Lock()
	if m.here == nil {
		m.here = map[string]chan struct{}{}
	}
	if other, ok := m.here[name]; ok {
		delete(m.here, name)
		close(other)
		m.mu.Unlock()
		return true
	}
	me := make(chan struct{})
	m.here[name] = me
	m.mu.Unlock()
	timer := time.NewTimer(30 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-me:
		return true
	case <-timer.C:
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.here[name] == me {
		delete(m.here, name)
	}
	return false
}

var tokenMutants = []mutant{
	{"the token endpoint wants POST", "token.issue", func(w *world) {
		w.asking(tokenCall, func(rw http.ResponseWriter, _ *http.Request) bool {
			rw.Header().Set("Allow", "POST")
			return fails(rw, http.StatusMethodNotAllowed)
		})
	}},
	{"redirect_uri is demanded", "token.no-redirect-uri", func(w *world) {
		w.tokenQuery(codeGrant, func(rw http.ResponseWriter, _ *http.Request, q url.Values) bool {
			return !q.Has("redirect_uri") && oauthFails(rw, http.StatusBadRequest, "invalid_request")
		})
	}},
	{"state is refused", "token.state-ignored", func(w *world) {
		w.tokenQuery(codeGrant, func(rw http.ResponseWriter, _ *http.Request, q url.Values) bool {
			return q.Has("state") && oauthFails(rw, http.StatusBadRequest, "invalid_request")
		})
	}},
	{"redirect_uri is not compared", "token.redirect-uri", func(w *world) {
		w.tokenQuery(codeGrant, func(_ http.ResponseWriter, _ *http.Request, q url.Values) bool { q.Del("redirect_uri"); return false })
	}},
	{"the secret is not compared", "token.secret", func(w *world) {
		w.tokenQuery(codeGrant, func(_ http.ResponseWriter, r *http.Request, _ url.Values) bool {
			r.Header.Set("X-Prism-Client-Secret", w.target.ClientSecret)
			return false
		})
	}},
	{"a wrong secret is 400", "token.secret", func(w *world) {
		w.failures(tokenCall, func(a *httptest.ResponseRecorder, _ *http.Request, body object) {
			if body["error"] == "invalid_client" {
				a.Code = http.StatusBadRequest
			}
		})
	}},
	{"a secret's beginning does", "token.secret", func(w *world) {
		w.tokenQuery(codeGrant, func(_ http.ResponseWriter, r *http.Request, _ url.Values) bool {
			if s := r.Header.Get("X-Prism-Client-Secret"); len(s) == len(w.target.ClientSecret)-1 {
				r.Header.Set("X-Prism-Client-Secret", w.target.ClientSecret)
			}
			return false
		})
	}},
	{"a wrong secret burns the code", "token.secret", func(w *world) {
		var burnt sync.Map
		w.tokenQuery(codeGrant, func(rw http.ResponseWriter, r *http.Request, q url.Values) bool {
			if r.Header.Get("X-Prism-Client-Secret") != w.target.ClientSecret {
				burnt.Store(q.Get("code"), true)
			}
			_, gone := burnt.Load(q.Get("code"))
			return gone && r.Header.Get("X-Prism-Client-Secret") == w.target.ClientSecret && oauthFails(rw, http.StatusBadRequest, "invalid_grant")
		})
	}},
	{"any client may exchange", "token.client", func(w *world) {
		w.tokenQuery(codeGrant, func(_ http.ResponseWriter, r *http.Request, _ url.Values) bool {
			r.Header.Set("X-Prism-Client-Id", w.target.ClientID)
			return false
		})
	}},
	{"an unknown code is 401", "token.code", func(w *world) {
		w.failures(tokenCall, func(a *httptest.ResponseRecorder, _ *http.Request, body object) {
			if body["error"] == "invalid_grant" {
				a.Code = http.StatusUnauthorized
			}
		})
	}},
	{"the client credentials grant is on", "token.grant-type", func(w *world) {
		w.tokenQuery("client_credentials", func(rw http.ResponseWriter, _ *http.Request, _ url.Values) bool { return fakeTokens(rw) })
	}},
	{"the password grant is on", "token.grant-type", func(w *world) {
		w.tokenQuery("password", func(rw http.ResponseWriter, _ *http.Request, _ url.Values) bool { return fakeTokens(rw) })
	}},
	{"the first of two codes counts", "token.parameters", func(w *world) {
		w.tokenQuery(codeGrant, func(_ http.ResponseWriter, _ *http.Request, q url.Values) bool {
			q.Set("code", q.Get("code"))
			return false
		})
	}},
	{"tokens are short", "token.random", func(w *world) {
		var mu sync.Mutex
		var real []string
		w.json(tokenCall, func(body object) {
			mu.Lock()
			defer mu.Unlock()
			for _, name := range []string{"access_token", "refresh_token"} {
				text, _ := body[name].(string)
				real = append(real, text)
				body[name] = "token-" + strconv.Itoa(len(real)-1)
			}
		})
		back := func(alias string) string {
			mu.Lock()
			defer mu.Unlock()
			for i, text := range real {
				if alias == "token-"+strconv.Itoa(i) {
					return text
				}
			}
			return alias
		}
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if sent := r.Header.Get(accessName); sent != "" {
				r.Header.Set(accessName, back(sent))
			}
			query(r, func(q url.Values) {
				for _, name := range []string{"token", "_token", "refresh_token"} {
					if q.Has(name) {
						q.Set(name, back(q.Get(name)))
					}
				}
			})
			next.ServeHTTP(rw, r)
		})
	}},
	{"expires_in is a text", "token.answer", func(w *world) { w.json(tokenCall, func(body object) { body["expires_in"] = "43200" }) }},
	{"a refresh gives no refresh token", "token.answer", func(w *world) {
		w.answering(tokenCall, func(a *httptest.ResponseRecorder, r *http.Request) {
			if o := parse(a.Body.Bytes()); a.Code == http.StatusOK && r.URL.Query().Get("grant_type") == refreshGrant {
				delete(o, "refresh_token")
				a.Body.Reset()
				a.Body.Write(encode(o))
			}
		})
	}},
	{"the token answer has an envelope", "token.answer", func(w *world) { w.json(tokenCall, func(body object) { body["success"] = true }) }},
	{"tokens live for 3 minutes", "token.lifetime", func(w *world) {
		w.json(tokenCall, func(body object) { body["expires_in"] = json.Number("180") })
	}},
	{"token errors have names of their own", "token.error", func(w *world) {
		w.failures(tokenCall, func(_ *httptest.ResponseRecorder, _ *http.Request, body object) {
			if body["error"] == "invalid_grant" {
				body["error"] = "code_expired"
			}
		})
	}},
	{"a code can be used again", "token.code-once", func(w *world) { w.replay() }},
	{"a code can be used twice at once", "token.code-race", func(w *world) {
		var pairs meeting
		w.tokenQuery(codeGrant, func(rw http.ResponseWriter, _ *http.Request, q url.Values) bool {
			return pairs.met(q.Get("code")) && fakeTokens(rw)
		})
	}},
	{"a replay revokes nothing", "token.code-replay", func(w *world) {
		w.singleUse(codeGrant, func(q url.Values) string { return q.Get("code") + q.Get("redirect_uri") + q.Get("state") })
	}},

	{"token is not read", "refresh.token", spelling("token")},
	{"_token is not read", "refresh._token", spelling("_token")},
	{"refresh_token is not read", "refresh.refresh_token", spelling("refresh_token")},
	{"the first spelling counts", "refresh.spellings-differ", func(w *world) {
		w.tokenQuery(refreshGrant, func(_ http.ResponseWriter, _ *http.Request, q url.Values) bool {
			if q.Has("token") {
				q.Del("refresh_token")
			}
			return false
		})
	}},
	{"a refresh ends the old access token", "refresh.old-access", func(w *world) {
		tokens := w.watchTokens()
		var dead sync.Map
		w.answering(tokenCall, func(a *httptest.ResponseRecorder, r *http.Request) {
			if a.Code != http.StatusOK {
				return
			}
			if p, ok := tokens.find(func(p pair) bool { return p.refresh == presented(r) }); ok {
				dead.Store(p.access, true)
			}
		})
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if _, ok := dead.Load(r.Header.Get(accessName)); ok {
				fails(rw, http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(rw, r)
		})
	}},
	{"rotation has no grace", "refresh.previous", func(w *world) { w.auth.RefreshGrace = -1 }},
	{"of refreshes at once one wins", "refresh.parallel", func(w *world) { w.singleUse(refreshGrant, func(q url.Values) string { return q.Encode() }) }},
	{"an unknown refresh token is 401", "refresh.unknown", func(w *world) {
		w.failures(tokenCall, func(a *httptest.ResponseRecorder, r *http.Request, _ object) {
			if presented(r) != "" {
				a.Code = http.StatusUnauthorized
			}
		})
	}},
	{"a refresh needs no secret", "refresh.secret", func(w *world) {
		w.tokenQuery(refreshGrant, func(_ http.ResponseWriter, r *http.Request, _ url.Values) bool {
			r.Header.Set("X-Prism-Client-Secret", w.target.ClientSecret)
			return false
		})
	}},
	{"any client may refresh", "refresh.secret", func(w *world) {
		w.tokenQuery(refreshGrant, func(_ http.ResponseWriter, r *http.Request, _ url.Values) bool {
			r.Header.Set("X-Prism-Client-Id", w.target.ClientID)
			return false
		})
	}},
	{"an access token refreshes", "refresh.kinds", func(w *world) {
		tokens := w.watchTokens()
		w.tokenQuery(refreshGrant, func(_ http.ResponseWriter, _ *http.Request, q url.Values) bool {
			if p, ok := tokens.find(func(p pair) bool { return p.access == q.Get("token") }); ok {
				q.Set("token", p.refresh)
			}
			return false
		})
	}},
	{"a refresh token is an access token", "refresh.kinds", func(w *world) {
		tokens := w.watchTokens()
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if p, ok := tokens.find(func(p pair) bool { return p.refresh == r.Header.Get(accessName) }); ok && p.refresh != "" {
				r.Header.Set(accessName, p.access)
			}
			next.ServeHTTP(rw, r)
		})
	}},
}
