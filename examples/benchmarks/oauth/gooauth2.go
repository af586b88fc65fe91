package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/go-oauth2/oauth2/v4"
	"github.com/go-oauth2/oauth2/v4/errors"
	"github.com/go-oauth2/oauth2/v4/manage"
	"github.com/go-oauth2/oauth2/v4/models"
	"github.com/go-oauth2/oauth2/v4/server"
	"github.com/go-oauth2/oauth2/v4/store"
)

// newGoOAuth2 is github.com/go-oauth2/oauth2/v4 with its own server and memory
// store, as its documentation sets it up.
func newGoOAuth2() (contestant, error) {
	tokens, err := store.NewMemoryTokenStore()
	if err != nil {
		return contestant{}, fmt.Errorf("go-oauth2: %w", err)
	}
	clients := store.NewClientStore()
	err = clients.Set(clientID, &models.Client{ID: clientID, Secret: clientSecret, Domain: "https://app.example.com"})
	if err != nil {
		return contestant{}, fmt.Errorf("go-oauth2: %w", err)
	}
	manager := manage.NewDefaultManager()
	manager.MapTokenStorage(tokens)
	manager.MapClientStorage(clients)

	ofPRISM := server.NewConfig()
	ofPRISM.AllowGetAccessRequest = true
	prismServer := server.NewServer(ofPRISM, manager)
	prismServer.SetClientInfoHandler(func(r *http.Request) (clientID, clientSecret string, err error) {
		clientID, clientSecret = r.Header.Get("X-Prism-Client-Id"), r.Header.Get("X-Prism-Client-Secret")
		if clientID == "" || clientSecret == "" {
			return "", "", errors.ErrInvalidClient
		}
		return clientID, clientSecret, nil
	})
	return contestant{
		name: "go-oauth2",
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
			standard:     goOAuth2Endpoint(server.NewDefaultServer(manager)),
			prismDialect: goOAuth2Endpoint(prismServer),
		},
		verify: func(ctx context.Context, accessToken string) error {
			_, err := manager.LoadAccessToken(ctx, accessToken)
			return err
		},
	}, nil
}

func goOAuth2Endpoint(s *server.Server) http.Handler {
	quiet := log.New(io.Discard, "", 0)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.HandleTokenRequest(w, r); err != nil {
			quiet.Print(err)
		}
	})
}
