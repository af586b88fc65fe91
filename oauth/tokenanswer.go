package oauth

import (
	"encoding/json"
	"errors"
	"net/http"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// tokenType is that of all access tokens (RFC 6750). Its case does not matter.
const tokenType = "bearer"

// retryAfterSeconds is the Retry-After of an answer that asks to try
// again.
const retryAfterSeconds = "1"

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

func writeTokens(w http.ResponseWriter, pair issued) {
	writeTokenJSON(w, http.StatusOK, tokenAnswer{
		AccessToken:  pair.access,
		RefreshToken: pair.refresh,
		ExpiresIn:    pair.expiresIn(),
		TokenType:    tokenType,
		Scope:        pair.family.Scope,
	})
}

// tokenRequestInfo is what is known of a token request when it is refused.
type tokenRequestInfo struct {
	// endpoint is one of the endpoint constants.
	endpoint string
	// clientID is set once the client was authenticated.
	clientID  string
	grantType string
	// challenge is the WWW-Authenticate of an invalid_client.
	challenge string
	// answered is set when the answer begins.
	answered bool
}

// The endpoints as RefusedEvent and the log name them.
const (
	endpointToken      = "token"
	endpointRevoke     = "revoke"
	endpointIntrospect = "introspect"
)

// writeTokenError answers, logs and traces an error of an endpoint that
// authenticates clients.
func (s *Server) writeTokenError(w http.ResponseWriter, r *http.Request, info *tokenRequestInfo, err error) {
	info.answered = true
	event := info.refused()
	fields := []zap.Field{zap.String("endpoint", info.endpoint), zap.String("client_id", event.ClientID), zap.String("grant_type", event.GrantType)}
	if refused, ok := errors.AsType[*refusalError](err); ok {
		event.Code, event.Reason = refused.code, refused.reason
		s.log.Info("token request refused", append(fields,
			zap.String("reason", refused.reason), zap.String("request_id", prism.RequestID(r.Context())))...)
		status := http.StatusBadRequest
		switch {
		case refused == errMethod:
			status = http.StatusMethodNotAllowed
		case refused.code == codeInvalidClient:
			status = http.StatusUnauthorized
			w.Header().Set("WWW-Authenticate", info.challenge)
		}
		writeTokenJSON(w, status, errorAnswer{refused.code, refused.description()})
	} else {
		code, status := failure(err)
		event.Code, event.Reason = code, reasonFailed
		s.logFailure(r.Context(), "token request failed", err, fields...)
		if code == codeTemporarilyUnavailable {
			w.Header().Set("Retry-After", retryAfterSeconds)
		}
		writeTokenJSON(w, status, errorAnswer{Error: code})
	}
	s.tokenRefused(r.Context(), event)
}

// reasonFailed is the reason of a RefusedEvent that was no refusal.
const reasonFailed = "the server failed"

// refused is the event of a request that gets an error, but for what it was.
func (i *tokenRequestInfo) refused() RefusedEvent {
	event := RefusedEvent{Endpoint: i.endpoint, ClientID: i.clientID}
	if i.grantType == grantCode || i.grantType == grantRefresh {
		event.GrantType = i.grantType
	}
	return event
}

func writeTokenJSON(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		// Structs of strings and integers always marshal.
		panic(err)
	}
	// One array holds the values of all four, each in its own full slice, so
	// that whoever appends to one does not reach the next.
	values := [...]string{"application/json", "no-store", "no-cache", "nosniff"}
	header := w.Header()
	header["Content-Type"] = values[0:1:1]
	header["Cache-Control"] = values[1:2:2]
	header["Pragma"] = values[2:3:3]
	header["X-Content-Type-Options"] = values[3:4:4]
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away has nothing to be told
}
