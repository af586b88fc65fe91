package oauth_test

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// Any OAuth client can use the standard endpoints, which the service mounts as
// well. It finds them by the metadata at the host's root.
func ExampleServer_MetadataHandler() {
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
	mux.Handle("/.well-known/oauth-authorization-server", svc.MetadataHandler())
	mux.Handle("/.well-known/oauth-authorization-server/", svc.MetadataHandler())

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://api.example.com/.well-known/oauth-authorization-server/prism", nil))
	var metadata struct {
		Issuer string `json:"issuer"`
		Token  string `json:"token_endpoint"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &metadata); err != nil {
		log.Fatal(err)
	}
	fmt.Println(metadata.Issuer)
	fmt.Println(metadata.Token)
	// Output:
	// https://api.example.com/prism
	// https://api.example.com/prism/oauth2/token
}

// A resource server of the same client asks whether a token is good, and the
// client ends the sign-in.
func ExampleServer_ServeRevoke() {
	clientID, clientSecret := oauth.NewCredentials()
	server := exampleServer(exampleStore(), clientID, clientSecret)
	defer func() { _ = server.Close() }()
	accessToken := exampleSignIn(server, clientID, clientSecret)

	post := func(endpoint http.HandlerFunc) string {
		form := url.Values{"token": {accessToken}}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(clientID, clientSecret)
		w := httptest.NewRecorder()
		endpoint(w, r)
		return fmt.Sprint(w.Code, " ", strings.Contains(w.Body.String(), `"active":true`))
	}
	fmt.Println(post(server.ServeIntrospect))
	fmt.Println(post(server.ServeRevoke))
	fmt.Println(post(server.ServeIntrospect))
	// Output:
	// 200 true
	// 200 false
	// 200 false
}

// The consent page asks once per sign-in, in the browser's language.
func ExampleConsentOptions() {
	_ = oauth.Config{
		Login:   oauth.SessionLogin(hostSession),
		Consent: &oauth.ConsentOptions{Service: "Acme Live"},
	}
}
