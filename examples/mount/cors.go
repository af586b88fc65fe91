package mount

import (
	"net/http"

	gincors "github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v5"
	echomiddleware "github.com/labstack/echo/v5/middleware"
	"github.com/rs/cors"
)

// A host whose own API below /api/ has CORS mounts the service beside it, never
// behind the middleware: that answers OPTIONS itself and adds headers, both of
// which PRISM forbids. prism.CheckMount tells whether it came out right.

// NetHTTPBesideCORS mounts svc beside an API with CORS in the standard router.
func NetHTTPBesideCORS(svc, api http.Handler) http.Handler {
	router := http.NewServeMux()
	router.Handle("/prism/", svc)
	router.Handle("/api/", cors.Default().Handler(api))
	return router
}

// GorillaBesideCORS is NetHTTPBesideCORS in gorilla/mux: the middleware is for
// a subrouter.
func GorillaBesideCORS(svc, api http.Handler) http.Handler {
	router := mux.NewRouter().SkipClean(true)
	router.PathPrefix("/prism/").Handler(svc)
	public := router.PathPrefix("/api/").Subrouter()
	public.Use(cors.Default().Handler)
	public.NewRoute().Handler(api)
	return router
}

// ChiBesideCORS is NetHTTPBesideCORS in chi: the middleware is for a group.
func ChiBesideCORS(svc, api http.Handler) http.Handler {
	router := chi.NewRouter()
	router.Mount("/prism", svc)
	router.Group(func(public chi.Router) {
		public.Use(cors.Default().Handler)
		public.Mount("/api", api)
	})
	return router
}

// GinBesideCORS is NetHTTPBesideCORS in gin: the middleware is for a group,
// which needs a route for OPTIONS, such as Any makes.
func GinBesideCORS(svc, api http.Handler) http.Handler {
	router := gin.New()
	router.Any("/prism/*any", gin.WrapH(svc))
	public := router.Group("/api", gincors.Default())
	public.Any("/*any", gin.WrapH(api))
	return router
}

// EchoBesideCORS is NetHTTPBesideCORS in echo: the middleware is for a group.
func EchoBesideCORS(svc, api http.Handler) http.Handler {
	router := echo.New()
	router.Any("/prism/*", echo.WrapHandler(svc))
	public := router.Group("/api", echomiddleware.CORS("*"))
	public.Any("/*", echo.WrapHandler(api))
	return router
}
