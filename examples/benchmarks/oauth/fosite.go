package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/storage"
)

// sha256Hasher keeps client secrets as the others here do. fosite's own choice,
// bcrypt, would take longer than all the rest of the request.
type sha256Hasher struct{}

func (sha256Hasher) Hash(_ context.Context, data []byte) ([]byte, error) {
	sum := sha256.Sum256(data)
	return sum[:], nil
}

func (sha256Hasher) Compare(_ context.Context, hash, data []byte) error {
	sum := sha256.Sum256(data)
	if subtle.ConstantTimeCompare(sum[:], hash) != 1 {
		return errors.New("wrong secret")
	}
	return nil
}

// newFosite is github.com/ory/fosite with HMAC tokens and its memory store.
func newFosite() (contestant, error) {
	hasher := sha256Hasher{}
	secret, err := hasher.Hash(context.Background(), []byte(clientSecret))
	if err != nil {
		return contestant{}, fmt.Errorf("fosite: %w", err)
	}
	config := &fosite.Config{
		GlobalSecret:          []byte(strings.Repeat("k", 32)),
		ClientSecretsHasher:   hasher,
		AccessTokenLifespan:   12 * time.Hour,
		RefreshTokenLifespan:  60 * 24 * time.Hour,
		AuthorizeCodeLifespan: 10 * time.Minute,
		RefreshTokenScopes:    []string{}, // a refresh token for everybody
	}
	store := storage.NewMemoryStore()
	store.Clients[clientID] = &fosite.DefaultClient{
		ID: clientID, Secret: secret, RedirectURIs: []string{redirectURI},
		ResponseTypes: []string{"code"}, GrantTypes: []string{"authorization_code", "refresh_token"},
	}
	provider := compose.Compose(config, store,
		&compose.CommonStrategy{CoreStrategy: compose.NewOAuth2HMACStrategy(config)},
		compose.OAuth2AuthorizeExplicitFactory, compose.OAuth2RefreshTokenGrantFactory, compose.OAuth2TokenIntrospectionFactory)
	return contestant{
		name:     "ory/fosite",
		code:     func(ctx context.Context) (string, error) { return fositeCode(ctx, provider) },
		endpoint: map[*dialect]http.Handler{standard: fositeEndpoint(provider)},
		verify: func(ctx context.Context, accessToken string) error {
			_, _, err := provider.IntrospectToken(ctx, accessToken, fosite.AccessToken, &fosite.DefaultSession{})
			return err
		},
	}, nil
}

func fositeCode(ctx context.Context, provider fosite.OAuth2Provider) (string, error) {
	query := url.Values{"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {redirectURI}, "state": {"12345678"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.example.com/oauth2/auth?"+query.Encode(), nil)
	if err != nil {
		return "", err
	}
	request, err := provider.NewAuthorizeRequest(ctx, r)
	if err != nil {
		return "", err
	}
	response, err := provider.NewAuthorizeResponse(ctx, request, &fosite.DefaultSession{Subject: userID})
	if err != nil {
		return "", err
	}
	return response.GetCode(), nil
}

func fositeEndpoint(provider fosite.OAuth2Provider) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		request, err := provider.NewAccessRequest(ctx, r, &fosite.DefaultSession{})
		if err != nil {
			provider.WriteAccessError(ctx, w, request, err)
			return
		}
		response, err := provider.NewAccessResponse(ctx, request)
		if err != nil {
			provider.WriteAccessError(ctx, w, request, err)
			return
		}
		provider.WriteAccessResponse(ctx, w, request, response)
	})
}
