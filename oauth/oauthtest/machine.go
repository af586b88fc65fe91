package oauthtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// modelToken is a refresh token that the model issued, with the access token
// of its pair.
type modelToken struct {
	pair       oauth.Pair
	generation int
}

// machine compares one family of a store with a model that asks Family.Rotate
// itself, in random order of calls and of time.
type machine struct {
	store  oauth.Store
	ctx    context.Context
	code   oauth.Redemption
	now    time.Time
	family oauth.Family
	tokens []modelToken
}

func (s *suite) machine() {
	s.t.Run("a family follows Family.Rotate in any order of calls", func(t *testing.T) {
		store := s.open(t)
		rapid.Check(t, func(rt *rapid.T) {
			m := &machine{store: store, ctx: t.Context(), now: start}
			m.signIn(rt)
			rt.Repeat(map[string]func(*rapid.T){
				"wait":             m.wait,
				"use":              m.use,
				"refresh":          m.refresh,
				"refresh newest":   m.refreshNewest,
				"refresh by other": m.refreshByOther,
				"replay":           m.replay,
				"":                 m.compare,
			})
		})
	})
}

func (m *machine) signIn(rt *rapid.T) {
	code := oauth.Code{Digest: newDigest(), FamilyID: unique("family"), ClientID: unique("client"), UserID: unique("user"), ExpiresAt: start.Add(familyLife)}
	m.code = redemptionOf(code, start)
	if err := errors.Join(m.store.SaveCode(m.ctx, code), m.store.RedeemCode(m.ctx, m.code)); err != nil {
		rt.Fatalf("sign-in: %v", err)
	}
	m.family = m.code.Family
	m.tokens = []modelToken{{m.code.Pair, 1}}
}

// wait moves the time on, often to an edge of the grace time.
func (m *machine) wait(rt *rapid.T) {
	m.now = m.now.Add(rapid.SampledFrom([]time.Duration{
		time.Microsecond, time.Second, grace - time.Microsecond, grace, grace + time.Microsecond, accessLife, refreshLife / 2,
	}).Draw(rt, "wait"))
}

// use is what a server does when an access token comes in.
func (m *machine) use(rt *rapid.T) {
	generation := rapid.SampledFrom(m.tokens).Draw(rt, "token").generation
	if err := m.store.MarkUsed(m.ctx, m.family.ID, generation); err != nil {
		rt.Fatalf("MarkUsed: %v", err)
	}
	if generation == m.family.Generation {
		m.family.Used = true
	}
}

func (m *machine) refresh(rt *rapid.T) {
	m.rotate(rt, rapid.SampledFrom(m.tokens).Draw(rt, "token"))
}

func (m *machine) refreshNewest(rt *rapid.T) { m.rotate(rt, m.tokens[len(m.tokens)-1]) }

func (m *machine) rotate(rt *rapid.T, token modelToken) {
	r := oauth.Rotation{Refresh: token.pair.Refresh, ClientID: m.family.ClientID, Pair: newPair(m.now), Now: m.now, Grace: grace}
	outcome, family, err := m.store.RotateRefresh(m.ctx, r)
	if !m.family.Alive(m.now) || !m.now.Before(token.pair.RefreshExpiresAt) {
		if !errors.Is(err, prism.ErrNotFound) {
			rt.Fatalf("RotateRefresh of a token that does not work any more: got error %v, want prism.ErrNotFound", err)
		}
		return
	}
	if err != nil {
		rt.Fatalf("RotateRefresh: %v", err)
	}
	want, next := m.family.Rotate(token.generation, m.now, grace)
	if outcome != want {
		rt.Fatalf("RotateRefresh of a token of generation %d at %v, family %+v: outcome %d, want %d as Family.Rotate decides", token.generation, m.now, m.family, outcome, want)
	}
	if want != oauth.OutcomeRefused {
		m.family = next
	}
	if want == oauth.OutcomeRotated || want == oauth.OutcomeSibling {
		m.tokens = append(m.tokens, modelToken{r.Pair, next.Generation})
	}
	if diff := cmp.Diff(m.family, family, sameTimes); diff != "" {
		rt.Fatalf("RotateRefresh returned another family than the one that is to be stored (-want +got):\n%s", diff)
	}
}

func (m *machine) refreshByOther(rt *rapid.T) {
	token := rapid.SampledFrom(m.tokens).Draw(rt, "token")
	_, _, err := m.store.RotateRefresh(m.ctx, oauth.Rotation{Refresh: token.pair.Refresh, ClientID: "kit-other-client", Pair: newPair(m.now), Now: m.now, Grace: grace})
	if !errors.Is(err, prism.ErrNotFound) {
		rt.Fatalf("RotateRefresh of another client: got error %v, want prism.ErrNotFound", err)
	}
}

// replay presents the code again, seldom, as it ends the family.
func (m *machine) replay(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "replay") != 0 || !m.now.Before(start.Add(familyLife)) {
		return
	}
	r := m.code
	r.Pair, r.Now = newPair(m.now), m.now
	if err := m.store.RedeemCode(m.ctx, r); !errors.Is(err, oauth.ErrCodeUsed) {
		rt.Fatalf("RedeemCode of a used code: got error %v, want oauth.ErrCodeUsed", err)
	}
	if m.family.RevokedAt.IsZero() {
		m.family.RevokedAt = m.now
	}
}

// compare reads every token back.
func (m *machine) compare(rt *rapid.T) {
	for _, token := range m.tokens {
		access, accessErr := m.store.FindAccess(m.ctx, token.pair.Access)
		refresh, refreshErr := m.store.FindRefresh(m.ctx, token.pair.Refresh)
		if err := errors.Join(accessErr, refreshErr); err != nil {
			rt.Fatalf("finding a pair of generation %d: %v", token.generation, err)
		}
		want := oauth.Token{Generation: token.generation, ExpiresAt: token.pair.AccessExpiresAt, Family: m.family}
		if diff := cmp.Diff(want, access, sameTimes); diff != "" {
			rt.Fatalf("an access token is not as it must be (-want +found):\n%s", diff)
		}
		want.ExpiresAt = token.pair.RefreshExpiresAt
		if diff := cmp.Diff(want, refresh, sameTimes); diff != "" {
			rt.Fatalf("a refresh token is not as it must be (-want +found):\n%s", diff)
		}
	}
}
