package oauth

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// metadataPath is where RFC 8414 section 3 puts the metadata.
const metadataPath = "/.well-known/oauth-authorization-server"

// The paths of the standard dialect below Config.PublicURL.
const (
	tokenPath      = "/oauth2/token" //nolint:gosec // a path, no credential
	revokePath     = "/oauth2/revoke"
	introspectPath = "/oauth2/introspect"
)

// metadata is the document of RFC 8414 section 2, with the addition of RFC 9207
// section 3.
type metadata struct {
	Issuer                    string   `json:"issuer"`
	AuthorizationEndpoint     string   `json:"authorization_endpoint"`
	TokenEndpoint             string   `json:"token_endpoint"`
	RevocationEndpoint        string   `json:"revocation_endpoint"`
	IntrospectionEndpoint     string   `json:"introspection_endpoint"`
	ResponseTypes             []string `json:"response_types_supported"`
	ResponseModes             []string `json:"response_modes_supported"`
	GrantTypes                []string `json:"grant_types_supported"`
	TokenAuthMethods          []string `json:"token_endpoint_auth_methods_supported"`
	RevocationAuthMethods     []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectionAuthMethods  []string `json:"introspection_endpoint_auth_methods_supported"`
	CodeChallengeMethods      []string `json:"code_challenge_methods_supported"`
	Prompts                   []string `json:"prompt_values_supported"`
	AuthorizationResponsesIss bool     `json:"authorization_response_iss_parameter_supported"`
}

// MetadataHandler serves the authorization server's metadata (RFC 8414), by
// which clients find the standard endpoints. Mount it at the root of the host,
// outside the service, on both
//
//	/.well-known/oauth-authorization-server
//	/.well-known/oauth-authorization-server/   (and what is below)
//
// The issuer is PublicURL. If that has a path, the second form with that path
// is the one that section 3.1 demands. Other paths get a 404, other methods
// than GET a 405.
func (s *Server) MetadataHandler() http.Handler {
	methods := []string{"client_secret_basic", "client_secret_post"}
	public := s.cfg.PublicURL
	document, err := json.Marshal(metadata{
		Issuer:                    public,
		AuthorizationEndpoint:     public + authorizePath,
		TokenEndpoint:             public + tokenPath,
		RevocationEndpoint:        public + revokePath,
		IntrospectionEndpoint:     public + introspectPath,
		ResponseTypes:             []string{"code"},
		ResponseModes:             []string{"query"},
		GrantTypes:                []string{grantCode, grantRefresh},
		TokenAuthMethods:          methods,
		RevocationAuthMethods:     methods,
		IntrospectionAuthMethods:  methods,
		CodeChallengeMethods:      []string{methodS256},
		Prompts:                   []string{promptNone, promptLogin, promptConsent},
		AuthorizationResponsesIss: true,
	})
	if err != nil {
		panic(err) // strings always marshal
	}
	suffixed := metadataPath
	if u, err := url.Parse(public); err == nil { // New has checked it
		suffixed += u.EscapedPath()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		if path := r.URL.EscapedPath(); path != metadataPath && path != suffixed {
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		if r.Method != http.MethodGet {
			header.Set("Allow", http.MethodGet)
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		header.Set("Content-Type", "application/json")
		header.Set("Cache-Control", "public, max-age=300")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(document) // a client that went away has nothing to be told
	})
}
