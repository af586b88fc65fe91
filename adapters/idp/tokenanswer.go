package idp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// retryAfterSeconds is the Retry-After of an answer that asks to try again.
const retryAfterSeconds = "1"

// minLife is the life in seconds that an access token must exceed: with less
// left, the PRISM client refreshes before every call.
const minLife = 180

// tokenAnswer is a successful answer (RFC 6749 section 5.1).
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresIn    int64  `json:"expires_in"`
	TokenType    string `json:"token_type"`
	Scope        string `json:"scope,omitempty"`
}

// errorAnswer is an error answer (RFC 6749 section 5.2).
type errorAnswer struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

func (b *Bridge) writeTokens(w http.ResponseWriter, r *http.Request, req tokenRequest, t tokenSet, repeated bool) {
	if t.ExpiresIn <= minLife {
		b.shortLife.Do(func() {
			b.log.Warn("the upstream's access tokens live 180 seconds or less: PRISM refreshes before every call",
				zap.Int64("expires_in", t.ExpiresIn))
		})
	}
	if b.cfg.Trace.TokenIssued != nil {
		b.cfg.Trace.TokenIssued(r.Context(), TokenEvent{ClientID: req.client.ID, GrantType: req.grantType, Repeated: repeated})
	}
	writeTokenJSON(w, http.StatusOK, tokenAnswer{
		AccessToken:  t.Access,
		RefreshToken: t.Refresh,
		ExpiresIn:    t.expiresIn(b.cfg.Now()),
		TokenType:    "bearer",
		Scope:        t.Scope,
	})
}

// writeTokenError answers, logs and traces an error of the token endpoint.
func (b *Bridge) writeTokenError(w http.ResponseWriter, r *http.Request, req tokenRequest, err error) {
	event := RefusedEvent{ClientID: req.client.ID}
	if req.grantType == grantCode || req.grantType == grantRefresh {
		event.GrantType = req.grantType
	}
	var (
		status  = http.StatusBadRequest
		answer  errorAnswer
		level   = zap.InfoLevel
		message = "token request refused"
	)
	if refused, ok := errors.AsType[*refusalError](err); ok {
		event.Code, event.Reason = refused.code, refused.reason
		switch {
		case refused == errMethod:
			status = http.StatusMethodNotAllowed
		case refused.code == codeInvalidClient:
			status = http.StatusUnauthorized
			w.Header().Set("WWW-Authenticate", prismChallenge)
		}
		answer = errorAnswer{refused.code, refused.description()}
	} else {
		event.Code, status, event.Reason = failure(err)
		message = "token request failed"
		if !errors.Is(r.Context().Err(), context.Canceled) {
			level = zap.ErrorLevel
		}
		if event.Code == codeTemporarilyUnavailable {
			w.Header().Set("Retry-After", retryAfterSeconds)
		}
		answer = errorAnswer{Error: event.Code}
	}
	b.log.Log(level, message,
		zap.String("request_id", prism.RequestID(r.Context())), zap.String("client_id", event.ClientID),
		zap.String("grant_type", event.GrantType), zap.String("reason", event.Reason), zap.Error(err))
	if b.cfg.Trace.TokenRefused != nil {
		b.cfg.Trace.TokenRefused(r.Context(), event)
	}
	writeTokenJSON(w, status, answer)
}

func writeTokenJSON(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		// Structs of strings and integers always marshal.
		panic(err)
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("Pragma", "no-cache")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away has nothing to be told
}
