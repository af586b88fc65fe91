package idp

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// signatureAlgorithms are the ones that can be accepted. They are asymmetric:
// with an HMAC the public key would be the secret.
var signatureAlgorithms = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// check reports every problem, each naming its field.
func (c Config) check() error {
	var errs []error
	problem := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("idp: Config."+format, args...))
	}
	if len(c.Clients) == 0 {
		problem("Clients is empty: give the client of the NAVER Cloud console")
	}
	ids, upstreamIDs := map[string]bool{}, map[string]bool{}
	for i, client := range c.Clients {
		errs = append(errs, client.check(i)...)
		if ids[client.ID] {
			problem("Clients[%d].ID is there twice", i)
		} else if upstreamIDs[client.upstreamID()] {
			problem("Clients[%d].UpstreamID is there twice", i)
		}
		ids[client.ID], upstreamIDs[client.upstreamID()] = true, true
	}
	if err := checkURL(c.TokenURL, c.AllowInsecure); err != nil {
		problem("TokenURL %w", err)
	}
	if c.TokenAuth != "" && c.TokenAuth != AuthBasic && c.TokenAuth != AuthPost {
		problem("TokenAuth is %q, want %q or %q", c.TokenAuth, AuthBasic, AuthPost)
	}
	switch {
	case c.Introspection == nil && c.JWT == nil:
		problem("Introspection and JWT are missing: set one")
	case c.Introspection != nil && c.JWT != nil:
		problem("Introspection and JWT are both there: set one")
	}
	if c.Introspection != nil {
		errs = append(errs, c.Introspection.check(c.AllowInsecure)...)
	}
	if c.JWT != nil {
		if c.Issuer == "" {
			problem("Issuer is missing: JWT compares it with iss")
		}
		if len(c.Require) == 0 && slices.ContainsFunc(c.JWT.Types, func(typ string) bool { return mediaSubtype(typ) == "jwt" }) {
			problem("Require is missing: ID tokens have the typ JWT of JWT.Types as well; require a claim that only access tokens have, such as typ: Bearer for Keycloak, or use Introspection")
		}
		errs = append(errs, c.JWT.check(c.AllowInsecure)...)
	}
	if c.AnyClient && len(c.Audience) == 0 {
		problem("Audience is missing: with AnyClient nothing else tells for whom a token is")
	}
	if slices.Contains(c.Audience, "") {
		problem("Audience has an empty value")
	}
	if c.VerifyEntries < 0 {
		problem("VerifyEntries is %d, want at least 1", c.VerifyEntries)
	}
	if c.DefaultExpiresIn < 0 || c.DefaultExpiresIn%time.Second != 0 {
		problem("DefaultExpiresIn is %v, want whole seconds", c.DefaultExpiresIn)
	}
	if c.Timeout < 0 {
		problem("Timeout is %v, want more than 0", c.Timeout)
	}
	for _, f := range []struct {
		name       string
		value, max time.Duration
	}{
		{"Timeout", c.Timeout, MaxTimeout},
		{"VerifyTTL", c.VerifyTTL, MaxVerifyTTL},
		{"RefreshGrace", c.RefreshGrace, MaxRefreshGrace},
	} {
		if f.value > f.max {
			problem("%s is %v, want at most %v", f.name, f.value, f.max)
		}
	}
	return errors.Join(errs...)
}

func (in Introspection) check(allowInsecure bool) []error {
	var errs []error
	problem := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("idp: Config.Introspection."+format, args...))
	}
	if err := checkURL(in.URL, allowInsecure); err != nil {
		problem("URL %w", err)
	}
	switch in.Auth {
	case "", AuthBasic, AuthPost:
		if in.ClientID == "" {
			problem("ClientID is missing: introspection is authenticated (RFC 7662 section 2.1); AuthNone is for a closed network")
		}
		if in.ClientSecret == "" {
			problem("ClientSecret is missing")
		}
	case AuthNone:
		if in.ClientID != "" || in.ClientSecret != "" {
			problem("ClientID and ClientSecret are not sent with AuthNone: leave them out")
		}
	default:
		problem("Auth is %q, want %q, %q or %q", in.Auth, AuthBasic, AuthPost, AuthNone)
	}
	return errs
}

func (j JWT) check(allowInsecure bool) []error {
	var errs []error
	problem := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("idp: Config.JWT."+format, args...))
	}
	if err := checkURL(j.KeysURL, allowInsecure); err != nil {
		problem("KeysURL %w", err)
	}
	for i, algorithm := range j.Algorithms {
		if !slices.Contains(signatureAlgorithms, algorithm) {
			problem("Algorithms[%d] is %q, want one of %v", i, algorithm, signatureAlgorithms)
		}
	}
	if slices.Contains(j.Types, "") {
		problem("Types has an empty value")
	}
	if j.Leeway > MaxLeeway {
		problem("Leeway is %v, want at most %v", j.Leeway, MaxLeeway)
	}
	return errs
}

// checkURL returns an error that continues the name of the field.
func checkURL(raw string, allowInsecure bool) error {
	if raw == "" {
		return errors.New("is missing")
	}
	u, err := url.Parse(raw)
	if err != nil {
		// The error of url.Parse repeats the address, which may hold a password.
		return errors.New("is not a URL")
	}
	switch {
	case u.Scheme == "http" && !allowInsecure:
		return errors.New("is plain http: use https, or set AllowInsecure for development")
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("must begin with https://")
	case u.Hostname() == "":
		return errors.New("has no host")
	case u.User != nil:
		return errors.New("has a user")
	case u.Fragment != "":
		return errors.New("has a fragment")
	}
	return nil
}
