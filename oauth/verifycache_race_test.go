package oauth_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// slowAnswer is a Store that holds back what it found until it is released.
type slowAnswer struct {
	oauth.Store
	slow           atomic.Bool
	found, release chan struct{}
}

func (s *slowAnswer) FindAccess(ctx context.Context, digest oauth.Digest) (oauth.Token, error) {
	token, err := s.Store.FindAccess(ctx, digest)
	if s.slow.Load() {
		s.found <- struct{}{}
		<-s.release
	}
	return token, err
}

// A check that read the store before a revocation and ends after it does not
// bring the token back.
func TestSlowCheckDoesNotOutliveARevocation(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, revoke := range map[string]func(r *rig) error{
		"RevokeFamily": func(r *rig) error { return r.server.RevokeFamily(ctx, r.issued[0].FamilyID) },
		"RevokeUser": func(r *rig) error {
			_, err := r.server.RevokeUser(ctx, "u1")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slow := &slowAnswer{found: make(chan struct{}), release: make(chan struct{})}
			r := newRig(t, func(c *oauth.Config) { slow.Store, c.Store = c.Store, slow })
			token := r.signIn().AccessToken
			slow.slow.Store(true)
			checked := make(chan error)
			go func() {
				_, err := r.server.Verify(ctx, token)
				checked <- err
			}()
			<-slow.found
			if err := revoke(r); err != nil {
				t.Fatal(err)
			}
			slow.slow.Store(false)
			slow.release <- struct{}{}
			if err := <-checked; err != nil {
				t.Errorf("the check that began before: %v", err)
			}
			r.wantWorks(token, false)
		})
	}
}

// Whoever checks a token after the revocation came back is refused, whatever
// checks and revocations of others run meanwhile.
func TestManyChecksAgainstRevocations(t *testing.T) {
	t.Parallel()
	const rounds, checkers = 20, 64
	ctx := context.Background()
	// Few places, so that entries are replaced all the time as well.
	r := newRig(t, func(c *oauth.Config) {
		c.VerifyCacheEntries = 16
		c.Store = c.Store.(*faultStore).Store
	})
	for range rounds {
		type target struct {
			token   string
			family  string
			revoked atomic.Bool
		}
		targets := make([]*target, 8)
		for i := range targets {
			token := r.signIn().AccessToken
			targets[i] = &target{token: token, family: r.issued[len(r.issued)-1].FamilyID}
		}
		var wg sync.WaitGroup
		for i := range checkers {
			wg.Go(func() {
				own := targets[i%len(targets)]
				for {
					over := own.revoked.Load()
					_, err := r.server.Verify(ctx, own.token)
					switch {
					case over && err == nil:
						t.Error("a token was good after its revocation")
						return
					case err != nil && !errors.Is(err, prism.ErrUnauthorized):
						t.Error(err)
						return
					case over:
						return
					}
					runtime.Gosched()
				}
			})
		}
		for _, target := range targets {
			wg.Go(func() {
				if err := r.server.RevokeFamily(ctx, target.family); err != nil {
					t.Error(err)
				}
				target.revoked.Store(true)
			})
		}
		wg.Wait()
		r.clock.advance(time.Millisecond)
	}
}
