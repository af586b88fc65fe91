package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// tokenTable keeps codes, families and tokens under a lock of its own, so that
// the check of a token never waits for a list of lives.
type tokenTable struct {
	mu           sync.Mutex
	codes        map[oauth.Digest]oauth.Code
	codesOf      map[string]map[oauth.Digest]struct{} // by user
	families     map[string]*familyRecord
	familiesOf   map[string]map[string]*familyRecord // by user, then by id
	access       map[oauth.Digest]tokenRecord
	refresh      map[oauth.Digest]tokenRecord
	expiries     expiryQueue
	withoutToken []string // ids of families that Sweep may delete
}

type familyRecord struct {
	family oauth.Family
	tokens int
}

type tokenRecord struct {
	family     *familyRecord
	generation int
	expiresAt  time.Time
}

func newTokenTable() tokenTable {
	return tokenTable{
		codes:      make(map[oauth.Digest]oauth.Code),
		codesOf:    make(map[string]map[oauth.Digest]struct{}),
		families:   make(map[string]*familyRecord),
		familiesOf: make(map[string]map[string]*familyRecord),
		access:     make(map[oauth.Digest]tokenRecord),
		refresh:    make(map[oauth.Digest]tokenRecord),
	}
}

// SaveCode implements oauth.Store. It returns prism.ErrConflict for a digest
// that is there already.
func (s *Store) SaveCode(ctx context.Context, code oauth.Code) error {
	t := &s.tokens
	if err := lockUnlessDone(ctx, &t.mu); err != nil {
		return err
	}
	defer t.mu.Unlock()
	if _, ok := t.codes[code.Digest]; ok {
		return conflict("the code exists")
	}
	t.codes[code.Digest] = code
	if t.codesOf[code.UserID] == nil {
		t.codesOf[code.UserID] = make(map[oauth.Digest]struct{})
	}
	t.codesOf[code.UserID][code.Digest] = struct{}{}
	t.expiries.add(code.ExpiresAt, kindCode, code.Digest)
	return nil
}

// FindCode implements oauth.Store.
func (s *Store) FindCode(ctx context.Context, digest oauth.Digest) (oauth.Code, error) {
	t := &s.tokens
	if err := lockUnlessDone(ctx, &t.mu); err != nil {
		return oauth.Code{}, err
	}
	defer t.mu.Unlock()
	code, ok := t.codes[digest]
	if !ok {
		return oauth.Code{}, notFound("code")
	}
	return code, nil
}

// RedeemCode implements oauth.Store. It returns prism.ErrInvalid, and changes
// nothing, when the family is not the one that the code names.
func (s *Store) RedeemCode(ctx context.Context, r oauth.Redemption) error {
	t := &s.tokens
	if err := lockUnlessDone(ctx, &t.mu); err != nil {
		return err
	}
	defer t.mu.Unlock()
	code, ok := t.codes[r.Code]
	if !ok || code.ClientID != r.ClientID || !r.Now.Before(code.ExpiresAt) {
		return notFound("code")
	}
	if !code.UsedAt.IsZero() {
		t.revoke(code.FamilyID, r.Now)
		return fmt.Errorf("memory: %w", oauth.ErrCodeUsed)
	}
	if r.Family.ID != code.FamilyID {
		return prism.InvalidField("Redemption.Family.ID", "is not the code's FamilyID")
	}
	code.UsedAt = r.Now
	t.codes[r.Code] = code
	f := &familyRecord{family: r.Family}
	t.families[f.family.ID] = f
	if t.familiesOf[f.family.UserID] == nil {
		t.familiesOf[f.family.UserID] = make(map[string]*familyRecord)
	}
	t.familiesOf[f.family.UserID][f.family.ID] = f
	t.addPair(f, r.Pair)
	return nil
}

// FindAccess implements oauth.Store.
func (s *Store) FindAccess(ctx context.Context, access oauth.Digest) (oauth.Token, error) {
	return s.tokens.find(ctx, s.tokens.access, access)
}

// FindRefresh implements oauth.Store.
func (s *Store) FindRefresh(ctx context.Context, refresh oauth.Digest) (oauth.Token, error) {
	return s.tokens.find(ctx, s.tokens.refresh, refresh)
}

func (t *tokenTable) find(ctx context.Context, in map[oauth.Digest]tokenRecord, digest oauth.Digest) (oauth.Token, error) {
	if err := lockUnlessDone(ctx, &t.mu); err != nil {
		return oauth.Token{}, err
	}
	defer t.mu.Unlock()
	r, ok := in[digest]
	if !ok {
		return oauth.Token{}, notFound("token")
	}
	return oauth.Token{Generation: r.generation, ExpiresAt: r.expiresAt, Family: r.family.family}, nil
}

// MarkUsed implements oauth.Store.
func (s *Store) MarkUsed(ctx context.Context, familyID string, generation int) error {
	t := &s.tokens
	if err := lockUnlessDone(ctx, &t.mu); err != nil {
		return err
	}
	defer t.mu.Unlock()
	if f, ok := t.families[familyID]; ok && f.family.Generation == generation {
		f.family.Used = true
	}
	return nil
}

// RotateRefresh implements oauth.Store.
func (s *Store) RotateRefresh(ctx context.Context, r oauth.Rotation) (oauth.Outcome, oauth.Family, error) {
	t := &s.tokens
	if err := lockUnlessDone(ctx, &t.mu); err != nil {
		return oauth.OutcomeRefused, oauth.Family{}, err
	}
	defer t.mu.Unlock()
	token, ok := t.refresh[r.Refresh]
	if !ok || token.family.family.ClientID != r.ClientID ||
		!r.Now.Before(token.expiresAt) || !token.family.family.Alive(r.Now) {
		return oauth.OutcomeRefused, oauth.Family{}, notFound("refresh token")
	}
	f := token.family
	outcome, next := f.family.Rotate(token.generation, r.Now, r.Grace)
	switch outcome {
	case oauth.OutcomeRotated, oauth.OutcomeSibling:
		f.family = next
		t.addPair(f, r.Pair)
	case oauth.OutcomeReused:
		f.family = next
	case oauth.OutcomeRefused:
	}
	return outcome, f.family, nil
}

// RevokeFamily implements oauth.Store.
func (s *Store) RevokeFamily(ctx context.Context, familyID string, now time.Time) error {
	t := &s.tokens
	if err := lockUnlessDone(ctx, &t.mu); err != nil {
		return err
	}
	defer t.mu.Unlock()
	t.revoke(familyID, now)
	return nil
}

// RevokeUser implements oauth.Store. Families that have expired and were never
// revoked are revoked and counted as well.
func (s *Store) RevokeUser(ctx context.Context, userID string, now time.Time) (int, error) {
	t := &s.tokens
	if err := lockUnlessDone(ctx, &t.mu); err != nil {
		return 0, err
	}
	defer t.mu.Unlock()
	revoked := 0
	for id := range t.familiesOf[userID] {
		if t.revoke(id, now) {
			revoked++
		}
	}
	for digest := range t.codesOf[userID] {
		if t.codes[digest].UsedAt.IsZero() {
			t.deleteCode(digest)
		}
	}
	return revoked, nil
}

// Families implements oauth.Store.
func (s *Store) Families(ctx context.Context, userID string, now time.Time) ([]oauth.Family, error) {
	t := &s.tokens
	if err := lockUnlessDone(ctx, &t.mu); err != nil {
		return nil, err
	}
	defer t.mu.Unlock()
	alive := make([]oauth.Family, 0, len(t.familiesOf[userID]))
	for _, f := range t.familiesOf[userID] {
		if f.family.Alive(now) {
			alive = append(alive, f.family)
		}
	}
	slices.SortFunc(alive, func(a, b oauth.Family) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return alive, nil
}

// revoke reports whether the family was alive until now. The lock must be held.
func (t *tokenTable) revoke(familyID string, now time.Time) bool {
	f, ok := t.families[familyID]
	if !ok || !f.family.RevokedAt.IsZero() {
		return false
	}
	f.family.RevokedAt = now
	return true
}

// addPair stores a pair in the family's current generation. The lock must be
// held.
func (t *tokenTable) addPair(f *familyRecord, p oauth.Pair) {
	t.access[p.Access] = tokenRecord{f, f.family.Generation, p.AccessExpiresAt}
	t.refresh[p.Refresh] = tokenRecord{f, f.family.Generation, p.RefreshExpiresAt}
	f.tokens += 2
	t.expiries.add(p.AccessExpiresAt, kindAccess, p.Access)
	t.expiries.add(p.RefreshExpiresAt, kindRefresh, p.Refresh)
}

func (t *tokenTable) deleteCode(digest oauth.Digest) {
	userID := t.codes[digest].UserID
	delete(t.codes, digest)
	delete(t.codesOf[userID], digest)
	if len(t.codesOf[userID]) == 0 {
		delete(t.codesOf, userID)
	}
}
