package oauth_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/go-oauth2/oauth2/v4"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// hostUsers stands for the host's own user table.
type hostUsers struct{}

func (hostUsers) User(_ context.Context, id string) (prism.User, error) {
	if id != "user-7" {
		return prism.User{}, fmt.Errorf("users: %w", prism.ErrNotFound)
	}
	return prism.User{ID: id, Name: "Mina"}, nil
}

func exampleStore() *memory.Store {
	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		log.Fatal(err)
	}
	return store
}

// exampleSecret stands for one of the host's configuration: a random one ends
// all sign-in pages with the process.
func exampleSecret() []byte {
	secret := make([]byte, oauth.MinSecret)
	rand.Read(secret)
	return secret
}

// exampleServer makes a Server as a host would.
func exampleServer(tokens oauth.Store, clientID, clientSecret string) *oauth.Server {
	server, err := oauth.New(oauth.Config{
		Clients: oauth.StaticClients(oauth.Client{
			ID:           clientID,
			Secrets:      []oauth.Secret{oauth.NewSecret(clientSecret)},
			RedirectURIs: []string{"https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/example"},
		}),
		Store:     tokens,
		Users:     hostUsers{},
		Login:     oauth.SessionLogin(hostSession),
		Secrets:   [][]byte{exampleSecret()},
		PublicURL: "https://api.example.com/prism",
	})
	if err != nil {
		log.Fatal(err)
	}
	return server
}

// hostSession finds the host's own session, and else sends the browser to the
// host's own sign-in page.
func hostSession(r *http.Request, resume string) (userID, redirect string, err error) {
	if c, err := r.Cookie("session"); err == nil && c.Value == "session-of-user-7" {
		return "user-7", "", nil
	}
	return "", "/login?next=" + url.QueryEscape(resume), nil
}

// A Server is prism.Config.Auth: the service mounts its endpoints.
func ExampleNew() {
	store := exampleStore()
	server := exampleServer(store, "Client00000000000001", "Secret00000000000001")
	defer func() { _ = server.Close() }()

	cfg := prism.FromStore(store)
	cfg.Users = hostUsers{}
	cfg.Auth = server
	cfg.Secrets = [][]byte{exampleSecret()}
	svc, err := prism.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = svc.Close() }()
	mux := http.NewServeMux()
	mux.Handle("/prism/", svc)

	req := httptest.NewRequest(http.MethodGet, "https://api.example.com/prism/v1/service/oauth2/token?grant_type=refresh_token&token=x", nil)
	req.Header.Set("x-prism-client-id", "Client00000000000001")
	req.Header.Set("x-prism-client-secret", "a guess")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, req)
	fmt.Println(w.Code, w.Body)
	// Output: 401 {"error":"invalid_client","error_description":"the client is unknown or its secret is wrong"}
}

// NewCredentials makes what to enter in the NAVER Cloud console. Keep the
// secret's digest only.
func ExampleNewCredentials() {
	clientID, clientSecret := oauth.NewCredentials()
	fmt.Println(len(clientID), len(clientSecret))

	client := oauth.Client{ID: clientID, Secrets: []oauth.Secret{oauth.NewSecret(clientSecret)}}
	fmt.Printf("%T\n", client.Secrets[0].Digest)
	// Output:
	// 20 20
	// oauth.Digest
}

// Verify tells whom a token speaks for, until the host ends the user's
// sign-ins.
func ExampleServer_RevokeUser() {
	clientID, clientSecret := oauth.NewCredentials()
	server := exampleServer(exampleStore(), clientID, clientSecret)
	defer func() { _ = server.Close() }()
	ctx := context.Background()
	accessToken := exampleSignIn(server, clientID, clientSecret)

	principal, err := server.Verify(ctx, accessToken)
	fmt.Println(principal.UserID, err)

	// The user changed the password, was blocked, or left.
	n, err := server.RevokeUser(ctx, "user-7")
	fmt.Println(n, err)

	_, err = server.Verify(ctx, accessToken)
	fmt.Println(errors.Is(err, prism.ErrUnauthorized))
	// Output:
	// user-7 <nil>
	// 1 <nil>
	// true
}

// exampleSignIn goes the way of PRISM: authorize, then token. Code written for
// go-oauth2 does the same by Server.Manager.
func exampleSignIn(server *oauth.Server, clientID, clientSecret string) string {
	req := httptest.NewRequest(http.MethodGet, "https://api.example.com/prism/oauth/authorize?response_type=code&client_id="+clientID, nil)
	req.AddCookie(&http.Cookie{Name: "session", Value: "session-of-user-7"})
	w := httptest.NewRecorder()
	server.ServeAuthorize(w, req)
	back, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		log.Fatal(err)
	}
	pair, err := server.Manager().GenerateAccessToken(context.Background(), oauth2.AuthorizationCode, &oauth2.TokenGenerateRequest{
		ClientID: clientID, ClientSecret: clientSecret, Code: back.Query().Get("code"),
	})
	if err != nil {
		log.Fatal(err)
	}
	return pair.GetAccess()
}
