package main

import (
	"context"
	"crypto/rand"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/b2bprism/b2bprism/examples/internal/golive"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

func TestGoLive(t *testing.T) {
	t.Parallel()
	clientID, clientSecret := oauth.NewCredentials()
	password := rand.Text()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	origin := "http://" + server.Listener.Addr().String()
	handler, store, err := newHandler(t.Context(), origin, clientID, clientSecret, hash)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)

	golive.Run(t, golive.App{
		Origin: origin, ClientID: clientID, ClientSecret: clientSecret, RedirectURI: redirectURI,
		Streamer: prismtest.Credentials{Account: "minji", Password: password},
		Stranger: prismtest.Credentials{Account: "juno", Password: password},
		Chat: func(ctx context.Context, liveID, text string) error {
			return store.PostChat(ctx, liveID, members["juno"].ID, text)
		},
		Wire: &golive.Wiretap{},
	})
}

// The README links to this file: it must stay small and on its own.
func TestUnder100Lines(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(source), "\n"); lines >= 100 {
		t.Errorf("main.go has %d lines", lines)
	}
}
