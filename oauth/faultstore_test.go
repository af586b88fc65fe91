package oauth_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

// faultStore is a Store whose methods can be made to fail by name, and that
// records what it was given.
type faultStore struct {
	oauth.Store
	mu    sync.Mutex
	fault map[string]error
	calls []string
	given strings.Builder
}

func (f *faultStore) enter(method string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, method)
	fmt.Fprintf(&f.given, "%+v\n", args)
	return f.fault[method]
}

func (f *faultStore) failWith(method string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault == nil {
		f.fault = make(map[string]error)
	}
	f.fault[method] = err
}

func (f *faultStore) called(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == method {
			n++
		}
	}
	return n
}

func (f *faultStore) SaveCode(ctx context.Context, code oauth.Code) error {
	if err := f.enter("SaveCode", code); err != nil {
		return err
	}
	return f.Store.SaveCode(ctx, code)
}

func (f *faultStore) FindCode(ctx context.Context, code oauth.Digest) (oauth.Code, error) {
	if err := f.enter("FindCode", code); err != nil {
		return oauth.Code{}, err
	}
	return f.Store.FindCode(ctx, code)
}

func (f *faultStore) RedeemCode(ctx context.Context, r oauth.Redemption) error {
	if err := f.enter("RedeemCode", r); err != nil {
		return err
	}
	return f.Store.RedeemCode(ctx, r)
}

func (f *faultStore) FindAccess(ctx context.Context, access oauth.Digest) (oauth.Token, error) {
	if err := f.enter("FindAccess", access); err != nil {
		return oauth.Token{}, err
	}
	return f.Store.FindAccess(ctx, access)
}

func (f *faultStore) FindRefresh(ctx context.Context, refresh oauth.Digest) (oauth.Token, error) {
	if err := f.enter("FindRefresh", refresh); err != nil {
		return oauth.Token{}, err
	}
	return f.Store.FindRefresh(ctx, refresh)
}

func (f *faultStore) MarkUsed(ctx context.Context, familyID string, generation int) error {
	if err := f.enter("MarkUsed", familyID, generation); err != nil {
		return err
	}
	return f.Store.MarkUsed(ctx, familyID, generation)
}

func (f *faultStore) RotateRefresh(ctx context.Context, r oauth.Rotation) (oauth.Outcome, oauth.Family, error) {
	if err := f.enter("RotateRefresh", r); err != nil {
		return oauth.OutcomeRefused, oauth.Family{}, err
	}
	return f.Store.RotateRefresh(ctx, r)
}

func (f *faultStore) RevokeFamily(ctx context.Context, familyID string, now time.Time) error {
	if err := f.enter("RevokeFamily", familyID); err != nil {
		return err
	}
	return f.Store.RevokeFamily(ctx, familyID, now)
}

func (f *faultStore) RevokeUser(ctx context.Context, userID string, now time.Time) (int, error) {
	if err := f.enter("RevokeUser", userID); err != nil {
		return 0, err
	}
	return f.Store.RevokeUser(ctx, userID, now)
}

func (f *faultStore) Families(ctx context.Context, userID string, now time.Time) ([]oauth.Family, error) {
	if err := f.enter("Families", userID); err != nil {
		return nil, err
	}
	return f.Store.Families(ctx, userID, now)
}

func (f *faultStore) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := f.enter("Sweep", before, limit); err != nil {
		return 0, err
	}
	return f.Store.Sweep(ctx, before, limit)
}
