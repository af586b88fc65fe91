package oauthtest

import (
	"context"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

// Point is a moment of a call to a Store.
type Point int

const (
	// Before the call: the store does nothing, as when it cannot be reached.
	Before Point = iota
	// After the call: the store did it, and the answer is lost, as when the
	// connection breaks in a commit. A caller must treat it as not done, and
	// cope when it was.
	After
)

// String returns "before" or "after".
func (p Point) String() string {
	if p == Before {
		return "before"
	}
	return "after"
}

// Faulty returns a store that passes calls on to store, and fails those that
// fail picks. fail is called before and after each call with the method's
// name, such as "RedeemCode"; when it returns an error, the call returns that
// error and nothing else. It is called in the caller's goroutine and must be
// safe for concurrent use. A call that failed in the store itself is not
// reported again after it.
//
// A real store's failure wraps prism.ErrUnavailable or ctx.Err(); return such
// an error to test what a server does with it.
func Faulty(store oauth.Store, fail func(method string, at Point) error) oauth.Store {
	return &faulty{store: store, fail: fail}
}

type faulty struct {
	store oauth.Store
	fail  func(method string, at Point) error
}

// around runs a call that has no result but an error.
func (f *faulty) around(method string, call func() error) error {
	_, err := around(f, method, func() (struct{}, error) { return struct{}{}, call() })
	return err
}

func around[T any](f *faulty, method string, call func() (T, error)) (T, error) {
	var none T
	if err := f.fail(method, Before); err != nil {
		return none, err
	}
	result, err := call()
	if err != nil {
		return result, err
	}
	if err := f.fail(method, After); err != nil {
		return none, err
	}
	return result, nil
}

func (f *faulty) SaveCode(ctx context.Context, code oauth.Code) error {
	return f.around("SaveCode", func() error { return f.store.SaveCode(ctx, code) })
}

func (f *faulty) FindCode(ctx context.Context, code oauth.Digest) (oauth.Code, error) {
	return around(f, "FindCode", func() (oauth.Code, error) { return f.store.FindCode(ctx, code) })
}

func (f *faulty) RedeemCode(ctx context.Context, r oauth.Redemption) error {
	return f.around("RedeemCode", func() error { return f.store.RedeemCode(ctx, r) })
}

func (f *faulty) FindAccess(ctx context.Context, access oauth.Digest) (oauth.Token, error) {
	return around(f, "FindAccess", func() (oauth.Token, error) { return f.store.FindAccess(ctx, access) })
}

func (f *faulty) FindRefresh(ctx context.Context, refresh oauth.Digest) (oauth.Token, error) {
	return around(f, "FindRefresh", func() (oauth.Token, error) { return f.store.FindRefresh(ctx, refresh) })
}

func (f *faulty) MarkUsed(ctx context.Context, familyID string, generation int) error {
	return f.around("MarkUsed", func() error { return f.store.MarkUsed(ctx, familyID, generation) })
}

func (f *faulty) RotateRefresh(ctx context.Context, r oauth.Rotation) (oauth.Outcome, oauth.Family, error) {
	type rotated struct {
		outcome oauth.Outcome
		family  oauth.Family
	}
	result, err := around(f, "RotateRefresh", func() (rotated, error) {
		outcome, family, err := f.store.RotateRefresh(ctx, r)
		return rotated{outcome, family}, err
	})
	return result.outcome, result.family, err
}

func (f *faulty) RevokeFamily(ctx context.Context, familyID string, now time.Time) error {
	return f.around("RevokeFamily", func() error { return f.store.RevokeFamily(ctx, familyID, now) })
}

func (f *faulty) RevokeUser(ctx context.Context, userID string, now time.Time) (int, error) {
	return around(f, "RevokeUser", func() (int, error) { return f.store.RevokeUser(ctx, userID, now) })
}

func (f *faulty) Families(ctx context.Context, userID string, now time.Time) ([]oauth.Family, error) {
	return around(f, "Families", func() ([]oauth.Family, error) { return f.store.Families(ctx, userID, now) })
}

func (f *faulty) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return around(f, "Sweep", func() (int, error) { return f.store.Sweep(ctx, before, limit) })
}
