package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-oauth2/oauth2/v4"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// anyone is a UserSource in which every user exists.
type anyone struct{}

func (anyone) User(_ context.Context, id string) (prism.User, error) { return prism.User{ID: id}, nil }

// newB2BPRISM is package oauth with store/memory. A negative cache time makes
// every verification ask the store.
func newB2BPRISM(name string, verifyCacheTTL time.Duration) (contestant, error) {
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		return contestant{}, fmt.Errorf("b2bprism: %w", err)
	}
	server, err := oauth.New(oauth.Config{
		Clients: oauth.StaticClients(oauth.Client{
			ID: clientID, Secrets: []oauth.Secret{oauth.NewSecret(clientSecret)}, RedirectURIs: []string{redirectURI},
		}),
		Store:          store,
		Users:          anyone{},
		Login:          oauth.SessionLogin(func(*http.Request, string) (string, string, error) { return userID, "", nil }),
		Secrets:        [][]byte{[]byte(strings.Repeat("k", oauth.MinSecret))},
		PublicURL:      "https://api.example.com/prism",
		CodeTTL:        oauth.MaxCodeTTL,
		SweepInterval:  -1,
		VerifyCacheTTL: verifyCacheTTL,
	})
	if err != nil {
		return contestant{}, fmt.Errorf("b2bprism: %w", err)
	}
	manager := server.Manager()
	return contestant{
		name: name,
		code: func(ctx context.Context) (string, error) {
			info, err := manager.GenerateAuthToken(ctx, oauth2.Code, &oauth2.TokenGenerateRequest{
				ClientID: clientID, UserID: userID, RedirectURI: redirectURI,
			})
			if err != nil {
				return "", err
			}
			return info.GetCode(), nil
		},
		endpoint: map[*dialect]http.Handler{
			standard:     http.HandlerFunc(server.ServeToken),
			prismDialect: http.HandlerFunc(server.ServePRISMToken),
		},
		verify: func(ctx context.Context, accessToken string) error {
			_, err := server.Verify(ctx, accessToken)
			return err
		},
	}, nil
}
