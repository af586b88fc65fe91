package mount

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gorilla/mux"
	echov4 "github.com/labstack/echo/v4"
	"github.com/labstack/echo/v5"
)

// NetHTTP mounts svc in the standard router. No StripPrefix: the service knows
// its base path.
func NetHTTP(svc http.Handler) http.Handler {
	router := http.NewServeMux()
	router.Handle("/prism/", svc)
	return router
}

// NetHTTPStripped is NetHTTP for a host that strips prefixes as a rule.
func NetHTTPStripped(svc http.Handler) http.Handler {
	router := http.NewServeMux()
	router.Handle("/prism/", http.StripPrefix("/prism", svc))
	return router
}

// Gorilla mounts svc in gorilla/mux. SkipClean keeps it from redirecting paths
// with double slashes.
func Gorilla(svc http.Handler) http.Handler {
	router := mux.NewRouter().SkipClean(true)
	router.PathPrefix("/prism/").Handler(svc)
	return router
}

// GorillaStripped is Gorilla with StripPrefix.
func GorillaStripped(svc http.Handler) http.Handler {
	router := mux.NewRouter().SkipClean(true)
	router.PathPrefix("/prism/").Handler(http.StripPrefix("/prism", svc))
	return router
}

// Chi mounts svc in chi. Mount leaves the path as it is.
func Chi(svc http.Handler) http.Handler {
	router := chi.NewRouter()
	router.Mount("/prism", svc)
	return router
}

// ChiStripped is Chi with StripPrefix.
func ChiStripped(svc http.Handler) http.Handler {
	router := chi.NewRouter()
	router.Mount("/prism", http.StripPrefix("/prism", svc))
	return router
}

// Gin mounts svc in gin. Use Any, never NoRoute: gin sets the status of NoRoute
// to 404 before the handler runs.
func Gin(svc http.Handler) http.Handler {
	router := gin.New()
	router.Any("/prism/*any", gin.WrapH(svc))
	return router
}

// GinStripped is Gin with StripPrefix.
func GinStripped(svc http.Handler) http.Handler {
	router := gin.New()
	router.Any("/prism/*any", gin.WrapH(http.StripPrefix("/prism", svc)))
	return router
}

// Echo mounts svc in echo.
func Echo(svc http.Handler) http.Handler {
	router := echo.New()
	router.Any("/prism/*", echo.WrapHandler(svc))
	return router
}

// EchoStripped is Echo with StripPrefix.
func EchoStripped(svc http.Handler) http.Handler {
	router := echo.New()
	router.Any("/prism/*", echo.WrapHandler(http.StripPrefix("/prism", svc)))
	return router
}

// EchoV4 mounts svc in echo v4, as Echo does in v5.
func EchoV4(svc http.Handler) http.Handler {
	router := echov4.New()
	router.Any("/prism/*", echov4.WrapHandler(svc))
	return router
}

// EchoV4Stripped is EchoV4 with StripPrefix.
func EchoV4Stripped(svc http.Handler) http.Handler {
	router := echov4.New()
	router.Any("/prism/*", echov4.WrapHandler(http.StripPrefix("/prism", svc)))
	return router
}
