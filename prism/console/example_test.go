package console_test

import (
	"log"
	"net/http"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/console"
	"github.com/b2bprism/b2bprism/store/memory"
)

// The host's own.
var (
	store      *memory.Store
	authConfig oauth.Config
	adminsOnly func(http.Handler) http.Handler
)

func Example() {
	con, err := console.New(console.Config{
		Registration: console.Registration{ServiceAPIDomain: "https://live.example.com", ClientID: "acmelive"},
		OnAir:        store,
	})
	if err != nil {
		log.Fatal(err)
	}
	authConfig.Trace = con.OAuthTrace()
	auth, err := oauth.New(authConfig)
	if err != nil {
		log.Fatal(err)
	}
	cfg := prism.FromStore(store)
	cfg.Auth, cfg.Secrets, cfg.Trace = auth, authConfig.Secrets, con.Trace()
	svc, err := prism.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	con.Attach(svc)
	http.Handle("/prism/", svc)
	http.Handle("/admin/console", adminsOnly(con)) // the Console has no sign-in of its own
}
