package mount

import (
	"net/http"
	"strings"
	"testing"

	gincors "github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v5"
	echomiddleware "github.com/labstack/echo/v5/middleware"
	"github.com/rs/cors"

	"github.com/b2bprism/b2bprism/prism"
)

func checkMount(t *testing.T, handler http.Handler) error {
	t.Helper()
	return prism.CheckMount(t.Context(), newClient(t), serveHTTP(t, handler))
}

// Every mounting of the matrix passes the self-check.
func TestCheckMountPasses(t *testing.T) {
	t.Parallel()
	for _, router := range routers {
		t.Run(router.name, func(t *testing.T) {
			t.Parallel()
			if err := prism.CheckMount(t.Context(), newClient(t), router.serve(t, newService(t))); err != nil {
				t.Error(err)
			}
		})
	}
}

// The service beside CORS passes the self-check, while the API has its CORS.
func TestBesideCORS(t *testing.T) {
	t.Parallel()
	besideHTTP := func(mount func(svc, api http.Handler) http.Handler) func(t *testing.T, svc, api http.Handler) string {
		return func(t *testing.T, svc, api http.Handler) string { return serveHTTP(t, mount(svc, api)) }
	}
	for name, serve := range map[string]func(t *testing.T, svc, api http.Handler) (address string){
		"net/http": besideHTTP(NetHTTPBesideCORS), "gorilla": besideHTTP(GorillaBesideCORS), "chi": besideHTTP(ChiBesideCORS),
		"gin": besideHTTP(GinBesideCORS), "echo": besideHTTP(EchoBesideCORS),
		"fiber": func(t *testing.T, svc, api http.Handler) string { return serveFiber(t, FiberBesideCORS(svc, api)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("api")) })
			address, client := serve(t, newService(t), api), newClient(t)
			if err := prism.CheckMount(t.Context(), client, address); err != nil {
				t.Error(err)
			}
			for _, method := range []string{http.MethodGet, http.MethodOptions} {
				r, err := http.NewRequestWithContext(t.Context(), method, address+"/api/lives", nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Origin", "https://player.example")
				r.Header.Set("Access-Control-Request-Method", http.MethodGet)
				resp, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if resp.StatusCode >= 300 || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
					t.Errorf("%s /api/lives: %d %v", method, resp.StatusCode, resp.Header)
				}
			}
		})
	}
}

// What a host can put in front by mistake, and what the self-check says of it.
func TestCheckMountFindsWhatIsInFront(t *testing.T) {
	t.Parallel()
	const (
		options = "OPTIONS /prism/v1/service/user: got status "
		headers = "GET /prism/v1/service/user: the answer has Access-Control-Allow-Origin"
	)
	tests := map[string]struct {
		mount func(svc http.Handler) http.Handler
		want  []string
	}{
		"net/http behind CORS": {func(svc http.Handler) http.Handler { return cors.Default().Handler(NetHTTP(svc)) }, []string{options + "204", headers}},
		"CORS for known origins only": {func(svc http.Handler) http.Handler {
			return cors.New(cors.Options{AllowedOrigins: []string{"https://player.example"}}).Handler(NetHTTP(svc))
		}, []string{options + "204"}},
		"gorilla behind CORS": {func(svc http.Handler) http.Handler {
			router := mux.NewRouter().SkipClean(true)
			router.Use(cors.Default().Handler)
			router.PathPrefix("/prism/").Handler(svc)
			return router
		}, []string{options + "204", headers}},
		"gorilla with CORSMethodMiddleware": {func(svc http.Handler) http.Handler {
			router := mux.NewRouter().SkipClean(true)
			router.PathPrefix("/prism/").Handler(svc).Methods(http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions)
			router.Use(mux.CORSMethodMiddleware(router))
			return router
		}, []string{"the answer has Access-Control-Allow-Methods", "HEAD /prism/v1/service/user: got Allow"}},
		"chi behind CORS": {func(svc http.Handler) http.Handler {
			router := chi.NewRouter()
			router.Use(cors.Default().Handler)
			router.Mount("/prism", svc)
			return router
		}, []string{options + "204", headers}},
		"gin behind CORS": {func(svc http.Handler) http.Handler {
			router := gin.New()
			router.Use(gincors.Default())
			router.Any("/prism/*any", gin.WrapH(svc))
			return router
		}, []string{options + "204", headers}},
		"echo behind CORS": {func(svc http.Handler) http.Handler {
			router := echo.New()
			router.Use(echomiddleware.CORS("*"))
			router.Any("/prism/*", echo.WrapHandler(svc))
			return router
		}, []string{options + "204", headers}},
		"echo behind CSRF tokens": {func(svc http.Handler) http.Handler {
			router := echo.New()
			router.Use(echomiddleware.CSRF())
			router.Any("/prism/*", echo.WrapHandler(svc))
			return router
		}, []string{"PUT /prism/v1/service/live/mount-check/start: got status 400, want 401: something in front of the service refuses"}},
		"echo adding slashes": {func(svc http.Handler) http.Handler {
			router := echo.New()
			router.Pre(echomiddleware.AddTrailingSlashWithConfig(echomiddleware.AddTrailingSlashConfig{RedirectCode: http.StatusMovedPermanently}))
			router.Any("/prism/*", echo.WrapHandler(svc))
			return router
		}, []string{"GET /prism/v1/service/user: redirected with 301"}},
		"net/http for GET only": {func(svc http.Handler) http.Handler {
			router := http.NewServeMux()
			router.Handle("GET /prism/", svc)
			return router
		}, []string{`OPTIONS /prism/v1/service/user: got Allow "GET, HEAD", want "GET"`, "PUT /prism/v1/service/live/mount-check/start: got status 405"}},
		"gin without HEAD and OPTIONS": {func(svc http.Handler) http.Handler {
			router := gin.New()
			router.Match([]string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}, "/prism/*any", gin.WrapH(svc))
			return router
		}, []string{"HEAD /prism/v1/service/user: got status 404, want 405", options + "404"}},
		"a mount without the base path": {func(svc http.Handler) http.Handler {
			router := chi.NewRouter()
			router.Mount("/partner", svc)
			return router
		}, []string{"GET /prism/v1/service/user: got status 404, want 401: the service is not mounted here"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checkMount(t, test.mount(newService(t)))
			if err == nil {
				t.Fatal("the self-check found nothing")
			}
			for _, text := range test.want {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("the self-check does not say %q:\n%v", text, err)
				}
			}
		})
	}
}

// chi's GetHead routes HEAD to handlers of GET; the service still sees HEAD.
func TestCheckMountBehindGetHead(t *testing.T) {
	t.Parallel()
	router := chi.NewRouter()
	router.Use(chimiddleware.GetHead)
	router.Mount("/prism", newService(t))
	if err := checkMount(t, router); err != nil {
		t.Error(err)
	}
}
