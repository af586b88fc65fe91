package oauth

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

func (s *Server) tokenIssued(ctx context.Context, family Family, grantType string, sibling bool) {
	if s.cfg.Trace.TokenIssued != nil {
		s.cfg.Trace.TokenIssued(ctx, TokenEvent{
			ClientID: family.ClientID, UserID: family.UserID, FamilyID: family.ID,
			GrantType: grantType, Sibling: sibling,
		})
	}
}

func (s *Server) tokenRefused(ctx context.Context, event RefusedEvent) {
	if s.cfg.Trace.TokenRefused != nil {
		s.cfg.Trace.TokenRefused(ctx, event)
	}
}

func (s *Server) reuseDetected(ctx context.Context, event ReuseEvent) {
	s.log.Warn("a used code or an old refresh token came back: the sign-in was revoked",
		zap.String("request_id", prism.RequestID(ctx)),
		zap.String("what", event.What),
		zap.String("client_id", event.ClientID),
		zap.String("user_id", event.UserID),
		zap.String("family_id", event.FamilyID))
	if s.cfg.Trace.ReuseDetected != nil {
		s.cfg.Trace.ReuseDetected(ctx, event)
	}
}

// logFailure logs a request that failed. An outage or a deadline is a warning,
// as in package prism. One whose client went away says nothing about the
// server.
func (s *Server) logFailure(ctx context.Context, what string, err error, fields ...zap.Field) {
	level := zap.ErrorLevel
	if code, _ := failure(err); code == codeTemporarilyUnavailable {
		level = zap.WarnLevel
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		level = zap.InfoLevel
	}
	s.log.Log(level, what, append(fields, zap.String("request_id", prism.RequestID(ctx)), zap.Error(err))...)
}
