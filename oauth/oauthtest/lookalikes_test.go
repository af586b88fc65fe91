package oauthtest_test

import (
	"context"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

// foldsUsers takes users for one whose ids are the same after fold.
type foldsUsers struct {
	oauth.Store
	fold func(userID string) string
}

func withoutAccent(id string) string { return strings.ReplaceAll(id, "ḱ", "k") }

func withoutBlanks(id string) string { return strings.TrimRight(id, " ") }

func (s foldsUsers) SaveCode(ctx context.Context, code oauth.Code) error {
	code.UserID = s.fold(code.UserID)
	return s.Store.SaveCode(ctx, code)
}

func (s foldsUsers) RedeemCode(ctx context.Context, r oauth.Redemption) error {
	r.Family.UserID = s.fold(r.Family.UserID)
	return s.Store.RedeemCode(ctx, r)
}

func (s foldsUsers) RevokeUser(ctx context.Context, userID string, now time.Time) (int, error) {
	return s.Store.RevokeUser(ctx, s.fold(userID), now)
}

func (s foldsUsers) Families(ctx context.Context, userID string, now time.Time) ([]oauth.Family, error) {
	return s.Store.Families(ctx, s.fold(userID), now)
}

type redeemsForLookalike struct{ oauth.Store }

func (s redeemsForLookalike) RedeemCode(ctx context.Context, r oauth.Redemption) error {
	if code, err := s.FindCode(ctx, r.Code); err == nil && strings.EqualFold(code.ClientID, r.ClientID) {
		r.ClientID = code.ClientID
	}
	return s.Store.RedeemCode(ctx, r)
}

type rotatesForLookalike struct{ oauth.Store }

func (s rotatesForLookalike) RotateRefresh(ctx context.Context, r oauth.Rotation) (oauth.Outcome, oauth.Family, error) {
	r.ClientID = withoutBlanks(r.ClientID)
	return s.Store.RotateRefresh(ctx, r)
}

type revokesLookalike struct{ oauth.Store }

func (s revokesLookalike) RevokeFamily(ctx context.Context, familyID string, now time.Time) error {
	return s.Store.RevokeFamily(ctx, withoutBlanks(familyID), now)
}

type marksLookalike struct{ oauth.Store }

func (s marksLookalike) MarkUsed(ctx context.Context, familyID string, generation int) error {
	return s.Store.MarkUsed(ctx, withoutAccent(familyID), generation)
}

type losesTickets struct{ oauth.Store }

func (s losesTickets) SaveCode(ctx context.Context, code oauth.Code) error {
	if code.ClientID == "" {
		return nil
	}
	return s.Store.SaveCode(ctx, code)
}

// keepsTickets has tickets where neither RevokeUser nor Sweep looks.
type keepsTickets struct {
	oauth.Store
	tickets map[oauth.Digest]oauth.Code
}

func (s keepsTickets) SaveCode(ctx context.Context, code oauth.Code) error {
	if code.ClientID == "" {
		s.tickets[code.Digest] = code
		return nil
	}
	return s.Store.SaveCode(ctx, code)
}

func (s keepsTickets) FindCode(ctx context.Context, digest oauth.Digest) (oauth.Code, error) {
	if ticket, ok := s.tickets[digest]; ok {
		return ticket, nil
	}
	return s.Store.FindCode(ctx, digest)
}
