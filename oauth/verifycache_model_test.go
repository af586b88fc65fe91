package oauth_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/b2bprism/b2bprism/oauth"
)

// cacheWorld is one store under three servers: cached, which the test is
// about; elsewhere, another process; and model, which remembers nothing.
type cacheWorld struct {
	cached, elsewhere, model *rig
	pairs                    []cachePair
	// ended says when what happened elsewhere last ended a sign-in of the user.
	ended map[string]time.Time
}

type cachePair struct {
	answer
	user, family string
}

func newCacheWorld(rt *rapid.T, t *testing.T) *cacheWorld {
	entries := rapid.SampledFrom([]int{4, 8, oauth.DefaultVerifyCacheEntries}).Draw(rt, "entries")
	short := func(c *oauth.Config) { c.AccessTTL, c.RefreshTotalTTL = time.Hour, 90*time.Minute }
	w := &cacheWorld{ended: map[string]time.Time{}}
	w.cached = newRig(t, short, func(c *oauth.Config) { c.VerifyCacheEntries = entries })
	share := func(c *oauth.Config) {
		c.Store, c.Now, c.VerifyCacheTTL = w.cached.store, w.cached.clock.now, -1
	}
	w.elsewhere, w.model = newRig(t, short, share), newRig(t, short, share)
	return w
}

func (w *cacheWorld) close() {
	for _, r := range []*rig{w.cached, w.elsewhere, w.model} {
		_ = r.server.Close()
	}
}

func (w *cacheWorld) signIn(rt *rapid.T) {
	user := rapid.SampledFrom([]string{"u1", "u2"}).Draw(rt, "user")
	w.cached.login = asUser(user)
	a := w.cached.signIn()
	w.pairs = append(w.pairs, cachePair{a, user, w.cached.issued[len(w.cached.issued)-1].FamilyID})
}

func (w *cacheWorld) pick(rt *rapid.T) cachePair {
	if len(w.pairs) == 0 {
		w.signIn(rt)
	}
	return rapid.SampledFrom(w.pairs).Draw(rt, "pair")
}

// at draws the server that is asked, and notes the end of a sign-in that the
// cached one cannot know of.
func (w *cacheWorld) at(rt *rapid.T, user string) *rig {
	if rapid.Bool().Draw(rt, "elsewhere") {
		w.ended[user] = w.cached.clock.now()
		return w.elsewhere
	}
	return w.cached
}

func (w *cacheWorld) refresh(rt *rapid.T) {
	p := w.pick(rt)
	if a := w.at(rt, p.user).refresh(p.RefreshToken); a.status == http.StatusOK {
		w.pairs = append(w.pairs, cachePair{a, p.user, p.family})
	}
}

func (w *cacheWorld) revoke(rt *rapid.T) {
	p := w.pick(rt)
	if rapid.Bool().Draw(rt, "by token") {
		w.at(rt, p.user).revokeAs(clientID, clientSecret, "token", p.AccessToken)
	} else if err := w.at(rt, p.user).server.RevokeFamily(context.Background(), p.family); err != nil {
		rt.Fatal(err)
	}
}

func (w *cacheWorld) revokeUser(rt *rapid.T) {
	if rapid.IntRange(0, 3).Draw(rt, "rarely") != 0 {
		return
	}
	user := rapid.SampledFrom([]string{"u1", "u2"}).Draw(rt, "user")
	if _, err := w.at(rt, user).server.RevokeUser(context.Background(), user); err != nil {
		rt.Fatal(err)
	}
}

// check asks about one token, the cached server first, so that the model
// does not record its use.
func (w *cacheWorld) check(rt *rapid.T) {
	ctx := context.Background()
	p := w.pick(rt)
	got, err := w.cached.server.Verify(ctx, p.AccessToken)
	if err == nil {
		token, storeErr := w.cached.store.Store.FindAccess(ctx, oauth.DigestOf(p.AccessToken))
		if storeErr != nil || token.Generation == token.Family.Generation && !token.Family.Used {
			rt.Fatalf("the use of a good token is not recorded: %+v, %v", token, storeErr)
		}
	}
	want, wantErr := w.model.server.Verify(ctx, p.AccessToken)
	switch {
	case err == nil && wantErr == nil && got != want:
		rt.Fatalf("%+v, want %+v", got, want)
	case err != nil && wantErr == nil:
		rt.Fatalf("a good token: %v", err)
	case err == nil && wantErr != nil:
		ended, ok := w.ended[p.user]
		if now := w.cached.clock.now(); !ok || now.Sub(ended) >= oauth.DefaultVerifyCacheTTL {
			rt.Fatalf("good %v after what happened elsewhere: %v", now.Sub(ended), wantErr)
		}
	}
}

// Whatever happens at this server, its answers are those of one that remembers
// nothing. What happened elsewhere it knows within the cache time.
func TestCacheAnswersAsTheStoreDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newCacheWorld(rt, t)
		defer w.close()
		rt.Repeat(map[string]func(*rapid.T){
			"sign in":     w.signIn,
			"refresh":     w.refresh,
			"revoke":      w.revoke,
			"revoke user": w.revokeUser,
			"check":       w.check,
			"check again": w.check,
			"wait": func(rt *rapid.T) {
				w.cached.clock.advance(time.Duration(rapid.SampledFrom([]int{1, 4999, 5000, 10000, 61000, 30 * 60_000}).Draw(rt, "milliseconds")) * time.Millisecond)
			},
			"": func(*rapid.T) {},
		})
	})
}
