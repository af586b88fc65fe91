package prism

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// errSignInLost is the one error that is answered with 401, which logs the
// streamer out. Only the check of the token and the user API return it.
var errSignInLost = errors.New("prism: the sign-in is lost")

// authenticate sets the acting user.
func (x *exchange) authenticate() error {
	token, err := x.accessToken()
	if err != nil {
		return err
	}
	auth := x.svc.cfg.Auth
	principal, err := call(x.ctx, x.svc, auth, func(ctx context.Context) (Principal, error) { return auth.Verify(ctx, token) })
	if err != nil {
		if errors.Is(err, ErrUnauthorized) {
			return errSignInLost
		}
		return err
	}
	if principal.UserID == "" {
		return fmt.Errorf("%s verified a token without a user id", adapterName(auth))
	}
	x.user = principal.UserID
	return nil
}

// accessToken finds the token. One in two places, or twice in one, is refused:
// a proxy and this service might each take another.
func (x *exchange) accessToken() (string, error) {
	values := x.r.Header["X-Prism-Access-Token"]
	if len(values) > 1 {
		x.challengeInvalidRequest()
		return "", InvalidField("x-prism-access-token", "must be sent once")
	}
	if x.svc.cfg.AllowBearer {
		authorization := x.r.Header["Authorization"]
		if len(authorization) > 1 || len(authorization) == 1 && len(values) == 1 {
			x.challengeInvalidRequest()
			return "", InvalidField("Authorization", "must be sent once, and not beside x-prism-access-token")
		}
		if len(authorization) == 1 {
			scheme, token, _ := strings.Cut(authorization[0], " ")
			if !strings.EqualFold(scheme, "Bearer") {
				return "", errSignInLost
			}
			values = []string{strings.TrimSpace(token)}
		}
	}
	if len(values) == 0 || values[0] == "" {
		return "", errSignInLost
	}
	return values[0], nil
}

// challengeInvalidRequest tells a client that uses the Authorization header
// why it gets a 400 (RFC 6750 section 3.1).
func (x *exchange) challengeInvalidRequest() {
	if x.svc.cfg.AllowBearer {
		x.w.Header().Set("WWW-Authenticate", `Bearer realm="prism", error="invalid_request"`)
	}
}

// hasBearer reports whether the request carries a bearer token. A 401 to one
// that does not has no error code (RFC 6750 section 3.1).
func hasBearer(authorization []string) bool {
	if len(authorization) == 0 {
		return false
	}
	scheme, _, _ := strings.Cut(authorization[0], " ")
	return strings.EqualFold(scheme, "Bearer")
}
