package oauthtest

import (
	"context"
	"errors"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// soon is how long a call may take once its ctx is over. It is generous, as a
// test machine may be busy.
const soon = 5 * time.Second

type call struct {
	name string
	do   func(ctx context.Context) error
}

func (s *suite) context() {
	s.rule("a call whose ctx is over returns soon with its error, and changes nothing", func(k *kit) {
		r, code, fresh := k.signIn(start), k.saveCode(start), newDigest()
		redemption, rotation := redemptionOf(code, start), k.rotationOf(r.Pair.Refresh, start)
		calls := []call{
			{"SaveCode", func(ctx context.Context) error {
				return k.store.SaveCode(ctx, oauth.Code{Digest: fresh, FamilyID: unique("family"), ClientID: k.client, UserID: k.user, ExpiresAt: start.Add(codeLife)})
			}},
			{"FindCode", func(ctx context.Context) error { _, err := k.store.FindCode(ctx, code.Digest); return err }},
			{"RedeemCode", func(ctx context.Context) error { return k.store.RedeemCode(ctx, redemption) }},
			{"RedeemCode of a used code", func(ctx context.Context) error { return k.store.RedeemCode(ctx, r) }},
			{"FindAccess", func(ctx context.Context) error { _, err := k.store.FindAccess(ctx, r.Pair.Access); return err }},
			{"FindRefresh", func(ctx context.Context) error { _, err := k.store.FindRefresh(ctx, r.Pair.Refresh); return err }},
			{"MarkUsed", func(ctx context.Context) error { return k.store.MarkUsed(ctx, r.Family.ID, 1) }},
			{"RotateRefresh", func(ctx context.Context) error { _, _, err := k.store.RotateRefresh(ctx, rotation); return err }},
			{"RevokeFamily", func(ctx context.Context) error { return k.store.RevokeFamily(ctx, r.Family.ID, start) }},
			{"RevokeUser", func(ctx context.Context) error { _, err := k.store.RevokeUser(ctx, k.user, start); return err }},
			{"Families", func(ctx context.Context) error { _, err := k.store.Families(ctx, k.user, start); return err }},
			{"Sweep", func(ctx context.Context) error {
				_, err := k.store.Sweep(ctx, start.Add(familyLife), 1000)
				return err
			}},
		}
		cancelled, cancel := context.WithCancel(k.ctx)
		cancel()
		expired, cancel := context.WithDeadline(k.ctx, time.Unix(0, 0))
		defer cancel()
		for _, c := range calls {
			for _, ctx := range []context.Context{cancelled, expired} {
				k.wantContextError(ctx, c)
			}
		}

		_, err := k.store.FindCode(k.ctx, fresh)
		k.wantNotFound("FindCode after a SaveCode whose ctx was over", err)
		k.wantUnused(code.Digest)
		k.wantIssued("RedeemCode whose ctx was over", redemption.Pair, false)
		k.wantIssued("RotateRefresh whose ctx was over", rotation.Pair, false)
		if diff := cmp.Diff(r.Family, k.family(r.Pair.Access), sameTimes); diff != "" {
			k.Errorf("calls whose ctx was over changed the family (-before +after):\n%s", diff)
		}
	})
}

// wantContextError runs one call and gives up on it when it takes too long.
func (k *kit) wantContextError(ctx context.Context, c call) {
	k.Helper()
	done := make(chan error, 1)
	go func() { done <- c.do(ctx) }()
	timer := time.NewTimer(soon)
	defer timer.Stop()
	select {
	case <-timer.C:
		k.Fatalf("%s did not return within %v of a ctx that was over: pass ctx to the driver", c.name, soon)
	case err := <-done:
		if err == nil {
			k.Errorf("%s succeeded though its ctx was over (%v): pass ctx to the driver, or check ctx.Err() first", c.name, ctx.Err())
		} else if !errors.Is(err, ctx.Err()) && !errors.Is(err, prism.ErrUnavailable) {
			k.Errorf("%s: got error %q; the contract demands one that wraps ctx.Err() (%v) or prism.ErrUnavailable", c.name, err, ctx.Err())
		}
	}
}
