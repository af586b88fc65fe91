package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/b2bprism/b2bprism/oauth"
)

// RedirectURI ends with the service id that the NAVER Cloud console assigns.
const RedirectURI = "https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/YOUR_SERVICE_ID"

// Setup is what an example app is made with.
type Setup struct {
	// Origin is where it runs.
	Origin string
	// ClientID and ClientSecret are PRISM's credentials, Password is that of
	// all members.
	ClientID, ClientSecret, Password string
	// HashCost is the bcrypt cost of the passwords.
	HashCost int
	// Secrets sign what leaves the app and must come back unchanged. They are
	// random here; a real app keeps them and shares them between instances.
	Secrets [][]byte
	// Log is where the app logs.
	Log io.Writer
}

// NewSetup makes random credentials.
func NewSetup(origin string, log io.Writer) Setup {
	s := Setup{Origin: origin, Password: rand.Text(), HashCost: bcrypt.DefaultCost, Secrets: [][]byte{[]byte(rand.Text() + rand.Text())}, Log: log}
	s.ClientID, s.ClientSecret = oauth.NewCredentials()
	return s
}

// Client is PRISM as the OAuth server knows it.
func (s Setup) Client() oauth.Client {
	return oauth.Client{ID: s.ClientID, Secrets: []oauth.Secret{oauth.NewSecret(s.ClientSecret)}, RedirectURIs: []string{RedirectURI}}
}

// Run serves an example app on a loopback address until SIGINT or SIGTERM, and
// prints what to enter in the NAVER Cloud console. It is all that main does: a
// failure ends the process.
func Run(addr string, newApp func(context.Context, Setup) (http.Handler, error)) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := serve(ctx, addr, os.Stdout, newApp)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, addr string, out io.Writer, newApp func(context.Context, Setup) (http.Handler, error)) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	setup := NewSetup("http://"+listener.Addr().String(), os.Stderr)
	app, err := newApp(ctx, setup)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: app, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	_, err = fmt.Fprintf(out, "Development only: plain HTTP, and everything is lost at the end.\n"+
		"service API domain  %s\nauthorization URL   %[1]s/prism/oauth/authorize\nclient id           %s\nclient secret       %s\n"+
		"Sign in as minji or juno, password %s, at\n%[1]s/prism/oauth/authorize?response_type=code&client_id=%[2]s\n",
		setup.Origin, setup.ClientID, setup.ClientSecret, setup.Password)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(finish)
}
