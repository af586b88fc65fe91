package ingest_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

const omeSecret = "ome secret: 0123456789"

// sign is X-OME-Signature by its documentation: base64url of HMAC-SHA1.
func sign(body, secret string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(body))
	return base64.URLEncoding.EncodeToString(mac.Sum(nil))
}

// signing is a handler in front that signs as OvenMediaEngine does.
func signing(h http.Handler, err error) (http.Handler, error) {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.Header.Set("X-OME-Signature", sign(string(body), omeSecret))
		h.ServeHTTP(w, r)
	}), err
}

func TestOvenMediaEngineHooks(t *testing.T) {
	opening, closing := recorded(t, "ovenmediaengine_opening.json"), recorded(t, "ovenmediaengine_closing.json")
	change := func(body string, oldnew ...string) string { return strings.NewReplacer(oldnew...).Replace(body) }
	const (
		allowed     = `{"allowed":true,"new_url":"rtmp://ome.example.com:1935/app/pb_1"}`
		refusal     = `{"allowed":false,"reason":"refused"}`
		unavailable = `{"allowed":false,"reason":"unavailable"}`
	)
	down := prism.ErrUnavailable
	runHooks(t, func(events ingest.Events, log *zap.Logger) (http.Handler, error) {
		return signing(ingest.OvenMediaEngine(events, ingest.OvenMediaEngineOptions{SecretKey: omeSecret, App: "app", Logger: log}))
	}, ingest.Publish{Key: streamKey, Session: "ome:211.233.58.86:29291", App: "app", RemoteAddr: "211.233.58.86:29291"}, []hookCase{
		{"opening", "/", opening, scriptedEvents{}, 200, allowed, []string{"authorize", "started"}},
		{"opening of an unknown key", "/", opening, scriptedEvents{authorize: prism.ErrNotFound}, 200, refusal, []string{"authorize"}},
		{"opening of a live not on air", "/", opening, scriptedEvents{authorize: prism.ErrConflict}, 200, refusal, []string{"authorize"}},
		{"opening during an outage", "/", opening, scriptedEvents{authorize: down}, 200, unavailable, []string{"authorize"}},
		{"opening, start not recorded", "/", opening, scriptedEvents{start: down}, 200, unavailable, []string{"authorize", "started"}},
		{"opening with a name that is a URL", "/", opening, scriptedEvents{playback: "a/../b"}, 200, unavailable, []string{"authorize"}},
		{"opening with a second url", "/", change(opening, `"direction"`, `"url": "rtmp://h/app/x", "direction"`), scriptedEvents{}, 200, refusal, nil},
		{"opening by SRT", "/", change(opening, "rtmp://", "srt://"), scriptedEvents{}, 200, refusal, nil},
		{"opening elsewhere", "/", change(opening, "/app/", "/other/"), scriptedEvents{}, 200, refusal, nil},
		{"opening deeper", "/", change(opening, "/app/", "/app/x/"), scriptedEvents{}, 200, refusal, nil},
		{"opening with an escaped slash", "/", change(opening, "/app/", "/app/x%2F"), scriptedEvents{}, 200, refusal, nil},
		{"an unknown direction", "/", change(opening, "incoming", "sideways"), scriptedEvents{}, 200, refusal, nil},
		{"an unknown status", "/", change(opening, "opening", "half"), scriptedEvents{}, 200, refusal, nil},
		{"no JSON", "/", "x", scriptedEvents{}, 200, refusal, nil},
		{"closing", "/", closing, scriptedEvents{}, 200, "{}", []string{"ended"}},
		{"closing during an outage", "/", closing, scriptedEvents{done: down}, 200, "{}", []string{"ended"}},
		{"closing elsewhere", "/", change(closing, "/app/", "/other/"), scriptedEvents{}, 200, "{}", nil},
		{"a player", "/", recorded(t, "ovenmediaengine_outgoing.json"), scriptedEvents{}, 200, `{"allowed":true}`, nil},
		{"two segments", "/a/b", opening, scriptedEvents{}, 404, "404 page not found\n", nil},
		{"too large", "/", change(opening, "token=xxx", "token="+strings.Repeat("x", 9000)), scriptedEvents{}, 401, "", nil},
	})
}

func TestOvenMediaEngineSignature(t *testing.T) {
	opening := recorded(t, "ovenmediaengine_opening.json")
	good := sign(opening, omeSecret)
	for _, tc := range []struct {
		name       string
		signatures []string
		body       string
		want       int
	}{
		{"good", []string{good}, opening, 200},
		{"without padding", []string{strings.TrimRight(good, "=")}, opening, 200},
		{"none", nil, opening, 401},
		{"empty", []string{""}, opening, 401},
		{"two", []string{good, good}, opening, 401},
		{"another secret", []string{sign(opening, omeSecret+"x")}, opening, 401},
		{"another body", []string{good}, opening + " ", 401},
		{"not base64", []string{"***"}, opening, 401},
		{"cut off", []string{good[:20]}, opening, 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			events := &scriptedEvents{playback: "pb"}
			h, err := ingest.OvenMediaEngine(events, ingest.OvenMediaEngineOptions{SecretKey: omeSecret, App: "app"})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tc.body))
			r.Header["X-Ome-Signature"] = tc.signatures
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tc.want || (tc.want != http.StatusOK) != (len(events.calls) == 0) {
				t.Errorf("status %d, calls %v", w.Code, events.calls)
			}
		})
	}
}

// The vector was computed with openssl:
//
//	printf '{"a":1}' | openssl dgst -sha1 -hmac 'ome secret: 0123456789' -binary | basenc --base64url
func TestOvenMediaEngineSignatureVector(t *testing.T) {
	const vector = "lqy_G43jjegDoUPzGV7c1Uv4S1I="
	if got := sign(`{"a":1}`, omeSecret); got != vector {
		t.Errorf("%s, want %s", got, vector)
	}
}

func TestServerNameIsPartOfTheSession(t *testing.T) {
	events := &scriptedEvents{playback: "pb"}
	h, err := signing(ingest.OvenMediaEngine(events, ingest.OvenMediaEngineOptions{SecretKey: omeSecret, App: "app"}))
	if err != nil {
		t.Fatal(err)
	}
	if w := post(h, "/ome-2", recorded(t, "ovenmediaengine_opening.json")); w.Code != http.StatusOK || events.last.Session != "ome-2:211.233.58.86:29291" {
		t.Errorf("status %d, session %q", w.Code, events.last.Session)
	}
	srs, err := ingest.SRS(events, ingest.SRSOptions{Secret: hookSecret, App: "live"})
	if err != nil {
		t.Fatal(err)
	}
	if w := post(srs, "/"+hookSecret+"/srs-2/publish", recorded(t, "srs_on_publish.json")); w.Code != http.StatusOK || events.last.Session != "srs-2:9308h583" {
		t.Errorf("status %d, session %q", w.Code, events.last.Session)
	}
}
