package mount

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

func init() { gin.SetMode(gin.ReleaseMode) }

// routers are all mountings of the table.
var routers = []struct {
	name  string
	serve func(t *testing.T, svc http.Handler) (address string)
}{
	{"net/http", overHTTP(NetHTTP)}, {"net/http stripped", overHTTP(NetHTTPStripped)},
	{"gorilla", overHTTP(Gorilla)}, {"gorilla stripped", overHTTP(GorillaStripped)},
	{"chi", overHTTP(Chi)}, {"chi stripped", overHTTP(ChiStripped)},
	{"gin", overHTTP(Gin)}, {"gin stripped", overHTTP(GinStripped)},
	{"echo", overHTTP(Echo)}, {"echo stripped", overHTTP(EchoStripped)},
	{"echo v4", overHTTP(EchoV4)}, {"echo v4 stripped", overHTTP(EchoV4Stripped)},
	{"fiber", overFiber(Fiber)}, {"fiber stripped", overFiber(FiberStripped)},
	{"alone", overHTTP(func(svc http.Handler) http.Handler { return svc })},
}

// hostAnswers are the requests that a router answers before they reach us. The
// README lists the same.
var hostAnswers = map[string]map[string]int{
	"net/http":          netHTTPAnswers,
	"net/http stripped": netHTTPAnswers,
	"gorilla":           {"GET /prism": 404},
	"gorilla stripped":  {"GET /prism": 404},
	"gin":               {"GET /prism": 301, "PROPFIND /prism/v1/service/user": 404, "QUERY /prism/v1/service/user": 404},
	"gin stripped":      {"GET /prism": 301, "PROPFIND /prism/v1/service/user": 404, "QUERY /prism/v1/service/user": 404},
	"echo":              {"GET /prism": 404},
	"echo stripped":     {"GET /prism": 404},
	"echo v4":           echoV4Answers,
	"echo v4 stripped":  echoV4Answers,
	"fiber":             fiberAnswers,
	"fiber stripped":    fiberAnswers,
	"chi":               {"PROPFIND /prism/v1/service/user": 405},
	"chi stripped":      {"PROPFIND /prism/v1/service/user": 405},
}

// echoV4Answers: QUERY gets an Allow of echo's own.
var echoV4Answers = map[string]int{"GET /prism": 404, "QUERY /prism/v1/service/user": 405}

// fiberAnswers: fiber refuses methods that are not in Config.RequestMethods.
// It leaves every path as it is.
var fiberAnswers = map[string]int{"PROPFIND /prism/v1/service/user": 501, "QUERY /prism/v1/service/user": 501}

// netHTTPAnswers are the redirects of http.ServeMux to a path with the slash
// that it lacks or without double slashes and dot segments.
var netHTTPAnswers = map[string]int{
	"GET /prism":                           307,
	"GET /prism//v1/service/user":          307,
	"GET /prism/v1//service/user":          307,
	"GET /prism/v1/service//user":          307,
	"GET /prism/v1/service/user//":         307,
	"PUT /prism/v1/service/live//start":    307,
	"PUT /prism/v1/service/live/x//start":  307,
	"GET /prism/v1/service/./user":         307,
	"GET /prism/v1/service/live/../live/x": 307,
}

type oneToken struct{}

func (oneToken) Verify(_ context.Context, token string) (prism.Principal, error) {
	if token != "token" {
		return prism.Principal{}, prism.ErrUnauthorized
	}
	return prism.Principal{UserID: "u"}, nil
}

func newService(t *testing.T) http.Handler {
	t.Helper()
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.PutUser(t.Context(), prism.User{ID: "u", Name: "User"}); err != nil {
		t.Fatal(err)
	}
	if err := store.PutChannel(t.Context(), "u", prism.Channel{ID: "x|y", Name: "Odd", Enabled: true}); err != nil {
		t.Fatal(err)
	}
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Development, cfg.AllowInsecure = oneToken{}, true, true
	svc, err := prism.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

// TestMountMatrix sends the same requests through every router. What reaches
// the service gets no redirect, a 404 envelope for an unknown path, and a 405
// with our own Allow for a method that is not ours.
func TestMountMatrix(t *testing.T) {
	const wireID = "~eHx5" // x|y
	requests := []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/prism/v1/service/user", 200, ""},
		{"GET", "/prism/prism/v1/service/user", 200, ""},
		{"GET", "/prism/v1/service/channel/" + wireID, 200, ""},
		{"GET", "/prism/v1/service/channel/%7EeHx5", 200, ""},
		{"GET", "/prism/v1/service/channel/x%7Cy", 404, ""},
		{"GET", "/prism/v1/service/channel/x%2Fy", 404, ""},
		{"GET", "/prism/v1/service/live/x%2F..%2Fy", 404, ""},
		{"GET", "/prism/v1/service/live/%ED%95%9C", 404, ""},
		{"GET", "/prism/v1/service/live/none", 404, ""},
		{"HEAD", "/prism/v1/service/user", 405, "GET"},
		{"OPTIONS", "/prism/v1/service/user", 405, "GET"},
		{"TRACE", "/prism/v1/service/user", 405, "GET"},
		{"PATCH", "/prism/v1/service/user", 405, "GET"},
		{"PROPFIND", "/prism/v1/service/user", 405, "GET"},
		{"QUERY", "/prism/v1/service/user", 405, "GET"},
		{"OPTIONS", "/prism/v1/service/live/x/chat", 405, "POST, PUT"},
		{"GET", "/prism/v1/service/channel/%7E%65Hx5", 200, ""},
		{"GET", "/prism/v1/service/channel/" + wireID + "/lives?status=ALL", 200, ""},
		{"GET", "/prism/v1/service/channel/" + wireID + "%20", 404, ""},
		{"GET", "/prism/v1/service/channel/%2e%2e", 404, ""},
		{"GET", "/prism/v1/service/channel/%00", 404, ""},
		{"GET", "/prism/v1/service/channel/%252F", 404, ""},
		{"GET", "/prism/v1/service/channel/", 404, ""},
		{"GET", "/prism/v1/service/channel/list/", 404, ""},
		{"POST", "/prism/v1/service/channel/" + wireID + "/live/", 404, ""},
		{"PUT", "/prism/v1/service/live/x/start/", 404, ""},
		{"GET", "/prism/v1/service/user/", 404, ""},
		{"GET", "/prism/unknown", 404, ""},
		{"GET", "/prism/", 404, ""},
		{"GET", "/prism", 404, ""},
		{"GET", "/prism//v1/service/user", 404, ""},
		{"GET", "/prism/v1//service/user", 404, ""},
		{"GET", "/prism/v1/service//user", 404, ""},
		{"GET", "/prism/v1/service/user//", 404, ""},
		{"PUT", "/prism/v1/service/live//start", 404, ""},
		{"PUT", "/prism/v1/service/live/x//start", 404, ""},
		{"GET", "/prism/v1/service/./user", 404, ""},
		{"GET", "/prism/v1/service/live/../live/x", 404, ""},
	}
	for _, router := range routers {
		t.Run(router.name, func(t *testing.T) {
			svc := newService(t)
			reached := false
			address := router.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				reached = true
				svc.ServeHTTP(w, r)
			}))
			client := newClient(t)
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			for _, want := range requests {
				name := want.method + " " + want.path
				reached = false
				req, err := http.NewRequestWithContext(t.Context(), want.method, address, nil)
				if err != nil {
					t.Fatal(err)
				}
				req.URL.Opaque = "//" + req.URL.Host + want.path // as it is, unclean
				req.Header.Set("x-prism-access-token", "token")
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				var envelope struct{ Success *bool }
				decodeErr := json.NewDecoder(resp.Body).Decode(&envelope)
				_ = resp.Body.Close()

				if status, known := hostAnswers[router.name][name]; known {
					if reached || resp.StatusCode != status {
						t.Errorf("%s: reached us %v, status %d, want the router's own %d", name, reached, resp.StatusCode, status)
					}
					continue
				}
				if !reached {
					t.Errorf("%s: the router answered %d itself; list it", name, resp.StatusCode)
					continue
				}
				if resp.StatusCode != want.status || resp.Header.Get("Location") != "" || resp.Header.Get("Allow") != want.allow {
					t.Errorf("%s: %d, Location %q, Allow %q, want %d, no Location, Allow %q", name, resp.StatusCode,
						resp.Header.Get("Location"), resp.Header.Get("Allow"), want.status, want.allow)
				}
				if want.method != http.MethodHead && (decodeErr != nil || envelope.Success == nil || *envelope.Success != (want.status == 200)) {
					t.Errorf("%s: no envelope", name)
				}
				for header := range resp.Header {
					if strings.HasPrefix(header, "Access-Control-") {
						t.Errorf("%s: CORS header %s", name, header)
					}
				}
			}
		})
	}
}
