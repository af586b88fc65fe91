package golive

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/b2bprism/b2bprism/examples/internal/demo"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// Start serves an app that is made with a demo.Setup, until the test ends.
func Start(t *testing.T, newApp func(context.Context, demo.Setup) (http.Handler, error)) App {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	log := &logBuffer{}
	setup := demo.NewSetup("http://"+server.Listener.Addr().String(), log)
	setup.HashCost = bcrypt.MinCost
	handler, err := newApp(t.Context(), setup)
	ok(t, err)
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	return App{
		Origin: setup.Origin, ClientID: setup.ClientID, ClientSecret: setup.ClientSecret, RedirectURI: demo.RedirectURI,
		Streamer: prismtest.Credentials{Account: "minji", Password: setup.Password},
		Stranger: prismtest.Credentials{Account: "juno", Password: setup.Password},
		Log:      log.String, Wire: &Wiretap{},
	}
}

// Test is the whole test of a framework example.
func Test(t *testing.T, newApp func(context.Context, demo.Setup) (http.Handler, error)) {
	t.Helper()
	if source := must(os.ReadFile("main.go"))(t); bytes.Count(source, []byte("\n")) >= 200 {
		t.Error("main.go has 200 lines or more: it should be read in one go")
	}
	t.Run("go live", func(t *testing.T) {
		a := Start(t, newApp)
		a.Chat = Chatter(t, a.Origin, a.Wire, a.Stranger)
		Run(t, a)
	})
	t.Run("pages", func(t *testing.T) {
		a := Start(t, newApp)
		Pages(t, a.Origin, a.Streamer)
	})
}

// logBuffer is a bytes.Buffer for several goroutines.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
