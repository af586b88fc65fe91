package oauth

import (
	"context"
	"errors"
	"fmt"

	"github.com/b2bprism/b2bprism/prism"
)

// issueCode makes and saves the code for an authorization request that was
// checked, once the user is known to be good. It returns errUserRefused for one
// who is not.
func (s *Server) issueCode(ctx context.Context, userID string, p authorizeParams) (string, Code, error) {
	ok, err := s.userMayHaveTokens(ctx, userID)
	if err != nil {
		return "", Code{}, err
	}
	if !ok {
		return "", Code{}, errUserRefused
	}
	text := newToken()
	code := Code{
		Digest:    DigestOf(text),
		FamilyID:  newFamilyID(),
		ClientID:  p.ClientID,
		UserID:    userID,
		Scope:     p.Scope,
		Challenge: p.Challenge,
		ExpiresAt: s.now().Add(s.cfg.CodeTTL),
	}
	if p.NamedURI {
		code.RedirectURI = p.RedirectURI
	}
	if err := s.cfg.Store.SaveCode(ctx, code); err != nil {
		return "", Code{}, fmt.Errorf("oauth: save the code: %w", err)
	}
	return text, code, nil
}

// userMayHaveTokens asks the host for the user: one who is missing or disabled
// gets no token.
func (s *Server) userMayHaveTokens(ctx context.Context, userID string) (bool, error) {
	if userID == "" {
		return false, nil
	}
	_, err := s.findUser(ctx, userID)
	if errors.Is(err, errUserRefused) {
		return false, nil
	}
	return err == nil, err
}

// findUser returns a user who may have tokens, or else errUserRefused.
func (s *Server) findUser(ctx context.Context, userID string) (prism.User, error) {
	user, err := s.cfg.Users.User(ctx, userID)
	if errors.Is(err, prism.ErrNotFound) || err == nil && user.Disabled {
		return prism.User{}, errUserRefused
	}
	if err != nil {
		return prism.User{}, fmt.Errorf("oauth: find the user: %w", err)
	}
	return user, nil
}

// findClient returns the client with exactly this id, or an error that wraps
// prism.ErrNotFound.
func (s *Server) findClient(ctx context.Context, id string) (Client, error) {
	if !validClientID(id) {
		return Client{}, fmt.Errorf("oauth: client: %w", prism.ErrNotFound)
	}
	client, err := s.cfg.Clients.Client(ctx, id)
	if err != nil {
		return Client{}, fmt.Errorf("oauth: find the client: %w", err)
	}
	// A source that ignores case or white space must not blur whose codes and
	// tokens these are.
	if client.ID != id {
		return Client{}, fmt.Errorf("oauth: client: %w", prism.ErrNotFound)
	}
	return client, nil
}

// authenticateClient returns the client with this id and secret, or
// errClient, in the same time, for an unknown id and for a wrong secret.
func (s *Server) authenticateClient(ctx context.Context, id, secret string) (Client, error) {
	client, err := s.findClient(ctx, id)
	if errors.Is(err, prism.ErrNotFound) {
		client = s.nobody
	} else if err != nil {
		return Client{}, err
	}
	if !client.Authenticate(secret, s.cfg.Now()) || client.ID == "" {
		return Client{}, errClient
	}
	return client, nil
}
