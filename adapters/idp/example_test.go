package idp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/b2bprism/b2bprism/adapters/idp"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

// exampleUpstream stands for the server that the host already runs.
func exampleUpstream() *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", says(http.StatusOK, "application/json",
		`{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600,"token_type":"Bearer"}`))
	mux.HandleFunc("POST /introspect", says(http.StatusOK, "application/json",
		`{"active":true,"sub":"auth0|minji","client_id":"prism","token_type":"Bearer"}`))
	return httptest.NewTLSServer(mux)
}

// Mount the service API over an existing OAuth server.
func Example() {
	upstream := exampleUpstream()
	defer upstream.Close()

	bridge, err := idp.New(idp.Config{
		Clients: []idp.Client{{
			ID:             "prism",                                                 // in the NAVER Cloud console
			Secrets:        []oauth.Secret{oauth.NewSecret("Xq5vN2kLw8Rt0yBz4HcJ")}, // in the console
			UpstreamSecret: "the secret of the client prism at the upstream",
			RedirectURI:    "https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/svc1",
		}},
		TokenURL: upstream.URL + "/token",
		Introspection: &idp.Introspection{
			URL: upstream.URL + "/introspect", ClientID: "prism", ClientSecret: "the secret of the client prism at the upstream",
		},
		UserID: func(_ context.Context, claims idp.Claims) (string, error) {
			id, ok := map[string]string{"auth0|minji": "u1"}[claims.Subject]
			if !ok {
				return "", fmt.Errorf("no member for this subject: %w", prism.ErrNotFound)
			}
			return id, nil
		},
		Transport: upstream.Client().Transport, // trusts the certificate of the example
	})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = bridge.Close() }() // always nil

	store, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		log.Fatal(err)
	}
	if err := store.PutUser(context.Background(), prism.User{ID: "u1", Name: "Min-ji"}); err != nil {
		log.Fatal(err)
	}
	cfg := prism.FromStore(store) // or your own data layer
	cfg.Auth = bridge
	cfg.Development = true
	svc, err := prism.New(cfg)
	if err != nil {
		log.Fatal(err)
	}

	ask := func(path, header, value string) {
		r := httptest.NewRequest(http.MethodGet, "https://api.example.com"+path, nil)
		r.Header.Set("x-prism-client-id", "prism")
		r.Header.Set(header, value)
		w := httptest.NewRecorder()
		svc.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	ask("/prism/v1/service/oauth2/token?grant_type=authorization_code&code=c", "x-prism-client-secret", "Xq5vN2kLw8Rt0yBz4HcJ")
	ask("/prism/v1/service/user", "x-prism-access-token", "at-1")
	// Output:
	// 200 {"access_token":"at-1","refresh_token":"rt-1","expires_in":3600,"token_type":"bearer"}
	// 200 {"success":true,"errorCode":0,"errorName":null,"message":null,"data":{"user":{"userId":"u1","userName":"Min-ji","profileThumbnail":null}}}
}

// Every problem of a configuration is reported, with the field.
func ExampleNew() {
	_, err := idp.New(idp.Config{
		Clients:  []idp.Client{{ID: "prism", Secrets: []oauth.Secret{oauth.NewSecret("secret")}}},
		TokenURL: "http://idp.example.com/token",
		JWT:      &idp.JWT{KeysURL: "https://idp.example.com/keys", Algorithms: []string{"HS256"}},
		Issuer:   "https://idp.example.com",
	})
	fmt.Println(err)
	// Output:
	// idp: Config.Clients[0].UpstreamSecret is missing: the upstream must know the bridge as a confidential client
	// idp: Config.TokenURL is plain http: use https, or set AllowInsecure for development
	// idp: Config.JWT.Algorithms[0] is "HS256", want one of [RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA]
}
