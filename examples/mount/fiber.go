package mount

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	"github.com/gofiber/fiber/v3/middleware/cors"
	"github.com/gofiber/fiber/v3/middleware/recover"
)

// Fiber mounts svc in fiber v3, by its adaptor to net/http. The adaptor has
// limits that the other routers do not have:
//
//   - It hands an answer on when it is complete, which is all that the service
//     needs.
//   - The context of a request does not end when the client goes away. The
//     service works on until it has the answer, at most prism.Config.Deadline.
//   - The strings of a request stand in memory that fiber uses again for the
//     next one, so the handler must not keep any: owned makes copies.
//   - A panic ends the process, also http.ErrAbortHandler, by which a handler
//     hangs up. fiber's recover makes it a 500.
//   - Of a header that a request has more than once, the last one counts.
//   - What fiber's middleware keeps in c.Locals does not reach the service.
//
// Fiber takes RemoteAddr from the connection and TLS from its listener, as the
// service expects. It reads a body whole before the service sees the request:
// fiber.Config.BodyLimit is the first bound.
func Fiber(svc http.Handler) *fiber.App {
	app := fiber.New()
	app.Use(recover.New())
	app.Use("/prism", adaptor.HTTPHandler(owned(svc)))
	return app
}

// FiberStripped is Fiber with StripPrefix.
func FiberStripped(svc http.Handler) *fiber.App {
	app := fiber.New()
	app.Use(recover.New())
	app.Use("/prism", adaptor.HTTPHandler(owned(http.StripPrefix("/prism", svc))))
	return app
}

// FiberBesideCORS is NetHTTPBesideCORS in fiber: the middleware is for a group.
func FiberBesideCORS(svc, api http.Handler) *fiber.App {
	app := fiber.New()
	app.Use(recover.New())
	app.Use("/prism", adaptor.HTTPHandler(owned(svc)))
	public := app.Group("/api", cors.New())
	public.Use(adaptor.HTTPHandler(owned(api)))
	return app
}

// owned gives next a request of its own. The adaptor's request and its context
// are valid only until the answer: a store that keeps an id, or an adapter
// that hangs longer than the answer could wait (prism.Config.Isolate), would
// read what a later request wrote there.
func owned(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		own := r.WithContext(ctx)
		own.Method, own.Proto, own.Host = strings.Clone(r.Method), strings.Clone(r.Proto), strings.Clone(r.Host)
		own.RequestURI = strings.Clone(r.RequestURI)
		target, err := url.ParseRequestURI(own.RequestURI)
		if err != nil {
			http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
			return
		}
		own.URL, own.Header = target, make(http.Header, len(r.Header))
		for name, values := range r.Header {
			for _, value := range values {
				own.Header.Add(strings.Clone(name), strings.Clone(value))
			}
		}
		next.ServeHTTP(w, own)
	})
}
