package oauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/b2bprism/b2bprism/prism"
)

// introspection is an answer of RFC 7662 section 2.2. Only Active is there for
// a token that is not good.
type introspection struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	ExpiresAt int64  `json:"exp,omitempty"`
	Subject   string `json:"sub,omitempty"`
	Issuer    string `json:"iss,omitempty"`
}

// ServeIntrospect is the introspection endpoint (RFC 7662): a POST of a form,
// the client authenticated as at ServeToken, with an access or refresh token as
// token. The answer to a token that is not good now, or that is not the
// client's own, is {"active":false} and no more.
//
// Asking about an access token counts as its use, as in Verify. The Store is
// always asked: Config.VerifyCacheTTL is not for this answer, which its reader
// may keep in turn (section 4).
func (s *Server) ServeIntrospect(w http.ResponseWriter, r *http.Request) {
	info := tokenRequestInfo{endpoint: endpointIntrospect, challenge: basicChallenge}
	defer s.recoverToken(w, r, &info)
	client, form, err := s.clientForm(w, r, &info)
	if err != nil {
		s.writeTokenError(w, r, &info, err)
		return
	}
	answer, err := s.introspect(r.Context(), client, form.Get("token"), form.Get("token_type_hint"))
	if err != nil {
		s.writeTokenError(w, r, &info, err)
		return
	}
	info.answered = true
	writeTokenJSON(w, http.StatusOK, answer)
}

func (s *Server) introspect(ctx context.Context, client Client, text, hint string) (introspection, error) {
	if text == "" {
		return introspection{}, errNoToken
	}
	token, refresh, err := s.findToken(ctx, text, hint)
	if errors.Is(err, prism.ErrNotFound) || err == nil && token.Family.ClientID != client.ID {
		return introspection{}, nil
	}
	if err != nil {
		return introspection{}, err
	}
	now := s.now()
	active := s.rotates(token, now) && now.Before(token.ExpiresAt)
	if !refresh {
		_, err := s.useAccess(ctx, token)
		active = err == nil
	}
	if !active {
		return introspection{}, nil
	}
	answer := introspection{
		Active:    true,
		Scope:     token.Family.Scope,
		ClientID:  token.Family.ClientID,
		ExpiresAt: token.ExpiresAt.Unix(),
		Subject:   token.Family.UserID,
		Issuer:    s.cfg.PublicURL,
	}
	if !refresh {
		answer.TokenType = tokenType
	}
	return answer, nil
}
