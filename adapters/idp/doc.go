// Package idp puts the service API in front of an OAuth or OpenID Connect
// server that the host already runs, in place of package oauth.
//
// A [Bridge] is a prism.Authenticator and prism.TokenEndpoint: set it as
// prism.Config.Auth. It does two things.
//
//   - PRISM asks for tokens in a dialect of its own: a GET with the client's id
//     and secret in headers. The bridge authenticates PRISM, makes a standard
//     request (RFC 6749 sections 4.1.3 and 6) to the server's token endpoint,
//     looks whether the answer is sound, and gives it on in PRISM's form.
//   - PRISM shows access tokens. The bridge asks the server about each
//     (Config.Introspection, RFC 7662) or verifies it with the server's keys
//     (Config.JWT, RFC 9068), and maps the person to the host's user id.
//
// Sign-in stays with the server: its authorization endpoint is what goes into
// the NAVER Cloud console as the authorization URL.
//
// # What to set up at the server
//
//   - A confidential client with PRISM's redirect URI, exactly as the console
//     shows it, and the grant types authorization_code and refresh_token. PRISM
//     sends the console's client id to the authorization endpoint, so register
//     the client under that id: 3 to 20 letters and digits. The secret may be
//     another one ([Client]). If the server insists on an id of its own,
//     something in front of its authorization endpoint has to replace
//     client_id.
//   - PRISM asks for no scope and sends no PKCE challenge: neither may be
//     required of this client. It needs a refresh token all the same, so one
//     has to be issued without offline_access being asked for, or
//     offline_access has to be a default scope of the client.
//   - Access tokens that live for hours. PRISM's client refreshes when less
//     than 180 seconds are left, and a running broadcast keeps the token that
//     it began with.
//
// # Failures
//
// An upstream that is down is 503, one that is slow 504, and one that answers
// what it must not 502 at the token endpoint and 503 elsewhere. None of these is
// ever 401, which would sign the streamer out. A wrong UpstreamSecret, or a client
// that the upstream does not let use a grant type, is 503, with an error in the
// log that says what to check. What the upstream writes never reaches PRISM or
// the log.
//
// # Parallel refreshes
//
// PRISM's client refreshes with one refresh token several times at once. A
// server that rotates refresh tokens takes the second use for theft and ends
// the sign-in. So the bridge lets requests with the same token share one call,
// and gives the answer again for Config.RefreshGrace. This is per process: with
// several instances set Config.RefreshCache to a shared store, and give the
// server a reuse interval for the requests that reach two instances at the very
// same moment.
//
// The answer to a refresh that took longer than PRISM waited is kept in the
// same way. An answer that was lost and is not asked for again within the grace
// time is lost for good, unlike with package oauth: the bridge does not know
// whether the newer tokens were used.
//
// # Revocation
//
// With introspection a token that was revoked ends within Config.VerifyTTL. A
// JWT lives until it expires: for ending a person's tokens at once use
// introspection, or let Config.UserID refuse the person.
//
// # Keycloak
//
// From Keycloak's documentation; not run here. Endpoints stand under
// https://HOST/realms/REALM, which is the issuer.
//
//	idp.Config{
//		Clients:  []idp.Client{{ID: "prism", Secrets: …, UpstreamSecret: …, RedirectURI: …}},
//		Issuer:   "https://HOST/realms/REALM",
//		TokenURL: "https://HOST/realms/REALM/protocol/openid-connect/token",
//		Introspection: &idp.Introspection{
//			URL:      "https://HOST/realms/REALM/protocol/openid-connect/token/introspect",
//			ClientID: "prism", ClientSecret: …,
//		},
//	}
//
// or, in place of Introspection,
//
//	JWT: &idp.JWT{
//		KeysURL: "https://HOST/realms/REALM/protocol/openid-connect/certs",
//		Types:   []string{"JWT"},
//	},
//	Require: map[string]string{"typ": "Bearer"},
//
// because Keycloak writes the header typ JWT and tells access tokens from ID
// tokens by the claim typ. It names the client in azp. When the realm revokes
// refresh tokens, "Refresh Token Max Reuse" is its reuse interval.
//
// # Ory Hydra
//
// From Hydra's documentation; not run here. Introspection is on the admin
// address, which only a closed network may reach and which has no
// authentication of its own; over plain http there, give the bridge a Transport
// that reaches it by TLS, or a proxy.
//
//	idp.Config{
//		Clients:  []idp.Client{{ID: …, Secrets: …, UpstreamSecret: …, RedirectURI: …}},
//		Issuer:   "https://HOST",
//		TokenURL: "https://HOST/oauth2/token",
//		Introspection: &idp.Introspection{
//			URL:  "https://ADMIN/admin/oauth2/introspect",
//			Auth: idp.AuthNone,
//		},
//	}
//
// Hydra issues a refresh token only when the scope offline or offline_access
// was granted. It can be given a grace period for the rotation of refresh
// tokens.
package idp
