package prism_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"go.uber.org/zap/zapcore"

	"github.com/b2bprism/b2bprism/prism"
)

// FuzzPath asks for paths and queries of any kind. Each is answered by an
// envelope, never by a redirect, and none makes the service fail.
func FuzzPath(f *testing.F) {
	for _, seed := range []struct{ path, raw, query string }{
		{"/prism/v1/service/live/live", "", ""}, {"/v1/service/live/li ve", "/v1/service/live/li%20ve", ""},
		{"/prism/v1/service/live/a/b", "/prism/v1/service/live/a%2Fb", "x=%zz"}, {"/prism//v1/service/user/", "", ""},
		{"/prism/v1/service/channel/main/lives", "", "status=ONAIR&status=END"}, {"/prism/../v1/service/user", "", ""},
		{"/prism/v1/service/live/\xff", "/prism/v1/service/live/%ff", ""}, {"*", "", ""}, {"", "", ""},
	} {
		f.Add("GET", seed.path, seed.raw, seed.query)
		f.Add("PUT", seed.path, seed.raw, seed.query)
	}
	f.Fuzz(func(t *testing.T, method, path, rawPath, query string) {
		h := newHost(t, (&stubHost{lives: []prism.Live{goodLive()}}).use)
		r := h.request(http.MethodGet, "/", "")
		r.Method, r.URL = method, &url.URL{Path: path, RawPath: rawPath, RawQuery: query}
		a := h.serve(r)
		var e envelope
		if err := json.Unmarshal(a.body, &e); err != nil || e.Success == nil {
			t.Fatalf("%d with the body %q: %v", a.Code, a.body, err)
		}
		if a.Code != http.StatusOK && a.Code < 400 || a.Code >= 500 || *e.Success != (a.Code == http.StatusOK) {
			t.Errorf("%d %s", a.Code, a.body)
		}
		if location := a.Header().Get("Location"); location != "" {
			t.Errorf("sent to %s", location)
		}
		if n := h.log.FilterLevelExact(zapcore.ErrorLevel).Len(); n != 0 {
			t.Errorf("the log has %d errors: %+v", n, h.log.All())
		}
	})
}
