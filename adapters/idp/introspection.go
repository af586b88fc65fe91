package idp

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"go.uber.org/zap"
)

// introspection asks the upstream about every token (RFC 7662).
type introspection struct {
	cfg      Introspection
	rules    claimRules
	upstream *upstream
	log      *zap.Logger

	untyped sync.Once
}

func newIntrospection(cfg Config, u *upstream) *introspection {
	return &introspection{
		cfg: *cfg.Introspection, upstream: u, log: cfg.Logger,
		rules: newClaimRules(cfg, DefaultLeeway, false),
	}
}

func (in *introspection) verify(ctx context.Context, token string) (Claims, error) {
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	who := credentials{in.cfg.Auth, in.cfg.ClientID, in.cfg.ClientSecret}
	got, err := in.upstream.post(ctx, "introspection", in.cfg.URL, form, who)
	if err != nil {
		return Claims{}, err
	}
	return in.read(got)
}

func (in *introspection) read(got answer) (Claims, error) {
	switch got.status {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return Claims{}, errOwnCredentials
	default:
		return Claims{}, fault("answered a status that no introspection endpoint has")
	}
	values, err := got.object()
	if err != nil {
		return Claims{}, err
	}
	active, ok := values["active"].(bool)
	switch {
	case !ok:
		return Claims{}, fault("answered no active that is true or false")
	case !active:
		return Claims{}, refuseToken("is not active")
	}
	if err := in.checkType(values); err != nil {
		return Claims{}, err
	}
	claims, problem := in.rules.read(values)
	switch {
	case problem == nil:
		return claims, nil
	case problem.malformed:
		return Claims{}, fault("says that the access token " + problem.reason)
	}
	return Claims{}, refuseToken(problem.reason)
}

// checkType refuses an active token that is no bearer access token. Servers
// tell by token_type (RFC 7662), by Hydra's token_use or by Keycloak's typ.
func (in *introspection) checkType(values map[string]any) error {
	typed := in.cfg.AcceptUntyped
	for name, want := range map[string]string{"token_type": "bearer", "token_use": "access_token", "typ": "bearer"} {
		value := values[name]
		if value == nil {
			continue
		}
		if text, ok := value.(string); !ok || !strings.EqualFold(text, want) {
			return refuseToken("is no bearer access token")
		}
		typed = true
	}
	if !typed {
		in.untyped.Do(func() {
			in.log.Warn("the upstream does not tell an access token from a refresh token; see Introspection.AcceptUntyped")
		})
		return refuseToken("is not told to be an access token")
	}
	return nil
}
