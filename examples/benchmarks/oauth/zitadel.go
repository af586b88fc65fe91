package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// newZitadel is the provider of github.com/zitadel/oidc with the memory storage
// of its example. It does more than the others: OpenID Connect makes it answer
// with an id token, which it signs with RSA.
func newZitadel() (contestant, error) {
	users := storage.NewUserStore("https://api.example.com")
	store := &zitadelStorage{
		Storage: storage.NewStorageWithClients(users, map[string]*storage.Client{
			clientID: storage.WebClient(clientID, clientSecret, redirectURI),
		}),
		requestOf: make(map[string]string),
		codeOf:    make(map[string]string),
	}
	config := &op.Config{CryptoKey: [32]byte([]byte(strings.Repeat("k", 32))), CryptoKeyId: "k", GrantTypeRefreshToken: true}
	provider, err := op.NewProvider(config, store, op.StaticIssuer("https://api.example.com"),
		op.WithLogger(slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError + 1}))))
	if err != nil {
		return contestant{}, fmt.Errorf("zitadel: %w", err)
	}
	return contestant{
		name: "zitadel/oidc",
		code: func(ctx context.Context) (string, error) { return zitadelCode(ctx, provider, store) },
		endpoint: map[*dialect]http.Handler{standard: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/oauth/token"
			provider.ServeHTTP(w, r)
		})},
		verify: func(ctx context.Context, accessToken string) error {
			return zitadelVerify(ctx, provider, store, accessToken)
		},
	}, nil
}

func zitadelCode(ctx context.Context, provider *op.Provider, store *zitadelStorage) (string, error) {
	request, err := store.CreateAuthRequest(ctx, &oidc.AuthRequest{
		ClientID: clientID, RedirectURI: redirectURI, ResponseType: oidc.ResponseTypeCode,
		Scopes: oidc.SpaceDelimitedArray{oidc.ScopeOpenID, oidc.ScopeOfflineAccess},
	}, "")
	if err != nil {
		return "", err
	}
	if err := store.CheckUsernamePassword("test-user2", "verysecure", request.GetID()); err != nil {
		return "", err
	}
	return op.CreateAuthRequestCode(ctx, request, store, provider.Crypto())
}

// zitadelVerify does what its introspection endpoint does once the client is
// authenticated.
func zitadelVerify(ctx context.Context, provider *op.Provider, store *zitadelStorage, accessToken string) error {
	opened, err := provider.Crypto().Decrypt(accessToken)
	if err != nil {
		return err
	}
	tokenID, subject, ok := strings.Cut(opened, ":")
	if !ok {
		return errors.New("zitadel: not an access token")
	}
	return store.SetIntrospectionFromToken(ctx, new(oidc.IntrospectionResponse), tokenID, subject, clientID)
}

// zitadelStorage is the example's storage with an index of the codes, which
// the example goes through one by one to delete one.
type zitadelStorage struct {
	*storage.Storage
	mu        sync.Mutex
	requestOf map[string]string // by code
	codeOf    map[string]string // by request
}

func (s *zitadelStorage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requestOf[code], s.codeOf[id] = id, code
	return nil
}

func (s *zitadelStorage) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	id, ok := s.requestOf[code]
	s.mu.Unlock()
	if !ok {
		return nil, errors.New("zitadel: code unknown")
	}
	return s.AuthRequestByID(ctx, id)
}

func (s *zitadelStorage) DeleteAuthRequest(ctx context.Context, id string) error {
	s.mu.Lock()
	delete(s.requestOf, s.codeOf[id])
	delete(s.codeOf, id)
	s.mu.Unlock()
	return s.Storage.DeleteAuthRequest(ctx, id)
}
