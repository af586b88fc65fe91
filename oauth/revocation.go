package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// hintRefresh is the token_type_hint of a refresh token (RFC 7009 section 2.1).
const hintRefresh = "refresh_token"

// ServeRevoke is the revocation endpoint (RFC 7009): a POST of a form, the
// client authenticated as at ServeToken, with an access or refresh token as
// token. It ends the whole sign-in that the token belongs to, with all its
// tokens; token_type_hint only says where to look first.
//
// It answers 200 with no body when the sign-in is over by then, also for a
// token that is unknown. Another client's token gets invalid_grant and stays
// (section 2.1). When the Store fails the answer is 503 or 504, and the client
// has to take the token for alive and try again (section 2.2.1).
func (s *Server) ServeRevoke(w http.ResponseWriter, r *http.Request) {
	info := tokenRequestInfo{endpoint: endpointRevoke, challenge: basicChallenge}
	defer s.recoverToken(w, r, &info)
	client, form, err := s.clientForm(w, r, &info)
	if err == nil {
		err = s.revokeToken(r.Context(), client, form.Get("token"), form.Get("token_type_hint"))
	}
	if err != nil {
		s.writeTokenError(w, r, &info, err)
		return
	}
	info.answered = true
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

func (s *Server) revokeToken(ctx context.Context, client Client, text, hint string) error {
	if text == "" {
		return errNoToken
	}
	token, _, err := s.findToken(ctx, text, hint)
	switch {
	case errors.Is(err, prism.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("%w: %w", prism.ErrUnavailable, err)
	case token.Family.ClientID != client.ID:
		return errForeign
	}
	if err := s.RevokeFamily(ctx, token.Family.ID); err != nil {
		return fmt.Errorf("%w: %w", prism.ErrUnavailable, err)
	}
	s.log.Info("the client revoked a sign-in",
		zap.String("request_id", prism.RequestID(ctx)),
		zap.String("client_id", client.ID),
		zap.String("user_id", token.Family.UserID),
		zap.String("family_id", token.Family.ID))
	return nil
}

// findToken finds a token of either kind, also one that is not good any more,
// or returns prism.ErrNotFound.
func (s *Server) findToken(ctx context.Context, text, hint string) (token Token, refresh bool, err error) {
	if !wellFormedToken(text) {
		return Token{}, false, prism.ErrNotFound
	}
	digest := DigestOf(text)
	for _, refresh := range [...]bool{hint == hintRefresh, hint != hintRefresh} {
		find := s.cfg.Store.FindAccess
		if refresh {
			find = s.cfg.Store.FindRefresh
		}
		token, err = find(ctx, digest)
		if err == nil {
			return token, refresh, nil
		}
		if !errors.Is(err, prism.ErrNotFound) {
			return Token{}, false, fmt.Errorf("oauth: find the token: %w", err)
		}
	}
	return Token{}, false, prism.ErrNotFound
}
