package cluster

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// family is one sign-in of a streamer, whose tokens are refreshed by several
// calls at once, as PRISM's PC client does.
type family struct {
	*load
	streamer streamer

	mu sync.Mutex
	// pairs are all that were acknowledged.
	pairs []pair
	// present is the pair that the round uses.
	present int
}

// pair has the place of the pair that it was refreshed with.
type pair struct {
	tokens prismtest.Tokens
	parent int
}

func (l *load) newFamily(s streamer) *family {
	l.t.Helper()
	tokens, err := l.gateway.SignIn(l.ctx(), s.login)
	if err != nil {
		l.t.Fatal(err)
	}
	return &family{load: l, streamer: s, pairs: []pair{{tokens, -1}}}
}

// session makes calls with the access token of the round.
func (f *family) session() *prismtest.Session {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gateway.Session(f.pairs[f.present].tokens)
}

// play refreshes with one token several times at once.
func (f *family) play(calls *sync.WaitGroup) {
	parent := f.present
	old := f.pairs[parent].tokens.RefreshToken
	for range redeemers {
		calls.Go(func() {
			tokens, err := f.gateway.Refresh(f.ctx(), old)
			var refusal *prismtest.TokenError
			if errors.As(err, &refusal) && refusal.Code == "invalid_grant" {
				f.errorf("a refresh was refused: %v", err)
			}
			if !f.acknowledged(err) {
				return
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			f.pairs = append(f.pairs, pair{tokens, parent})
		})
	}
}

// endRound goes on with the latest pair, as the last answer wins.
func (f *family) endRound() { f.present = len(f.pairs) - 1 }

// code is one authorization code that several calls redeemed at once.
type code struct {
	text     string
	redeemed []prismtest.Tokens
	// spent is how many calls were told that it is used, or unknown. What
	// unknown calls did nobody was told.
	spent, unknown int
}

// playCode signs a streamer in and redeems the code several times at once, and
// signs in once more in the proper way.
func (l *load) playCode(calls *sync.WaitGroup) {
	who := l.families[l.rounds%len(l.families)].streamer
	c := &code{}
	l.codes = append(l.codes, c)
	calls.Go(func() {
		var err error
		if c.text, err = l.gateway.Authorize(l.ctx(), who.login); !l.acknowledged(err) {
			return
		}
		var mu sync.Mutex
		var redeeming sync.WaitGroup
		for range redeemers {
			redeeming.Go(func() {
				tokens, err := l.gateway.Exchange(l.ctx(), c.text)
				var refusal *prismtest.TokenError
				mu.Lock()
				defer mu.Unlock()
				if l.acknowledged(err) {
					c.redeemed = append(c.redeemed, tokens)
				} else if errors.As(err, &refusal) && refusal.Code == "invalid_grant" {
					c.spent++
				} else {
					c.unknown++
				}
			})
		}
		redeeming.Wait()
	})
	single := &code{}
	l.codes = append(l.codes, single)
	calls.Go(func() {
		var err error
		if single.text, err = l.gateway.Authorize(l.ctx(), who.login); !l.acknowledged(err) {
			return
		}
		if tokens, err := l.gateway.Exchange(l.ctx(), single.text); l.acknowledged(err) {
			single.redeemed = append(single.redeemed, tokens)
		}
	})
}

type tokenSum struct{ pairs, generations, codes, redeemed int }

// check holds the store of tokens against what was acknowledged.
func (f *family) check(t *testing.T, store oauth.Store, sum *tokenSum) {
	t.Helper()
	generations := make([]int, len(f.pairs))
	id := ""
	for i, p := range f.pairs {
		access, accessErr := store.FindAccess(t.Context(), oauth.DigestOf(p.tokens.AccessToken))
		refresh, refreshErr := store.FindRefresh(t.Context(), oauth.DigestOf(p.tokens.RefreshToken))
		if accessErr != nil || refreshErr != nil {
			t.Errorf("an acknowledged pair of %s is not there: %v, %v", f.streamer.login.Account, accessErr, refreshErr)
			continue
		}
		if id == "" {
			id = access.Family.ID
		}
		if access.Family.ID != id || refresh.Family.ID != id || access.Generation != refresh.Generation || !access.Family.Alive(time.Now()) {
			t.Errorf("a pair of %s is of generation %d and %d, its family alive: %t", f.streamer.login.Account,
				access.Generation, refresh.Generation, access.Family.Alive(time.Now()))
		}
		generations[i] = access.Generation
		// A token that was spent twice would have led to two generations.
		if p.parent >= 0 && access.Generation != generations[p.parent]+1 {
			t.Errorf("a refresh token of generation %d led to generation %d", generations[p.parent], access.Generation)
		}
		sum.generations = max(sum.generations, access.Generation)
	}
	sum.pairs += len(f.pairs)
	if _, err := f.session().User(t.Context()); err != nil {
		t.Errorf("the latest token of %s: %v", f.streamer.login.Account, err)
	}
}

func (c *code) check(t *testing.T, l *load, store oauth.Store, sum *tokenSum) {
	t.Helper()
	if c.text == "" {
		return
	}
	sum.codes++
	sum.redeemed += len(c.redeemed)
	if len(c.redeemed) > 1 {
		t.Errorf("a code was redeemed %d times", len(c.redeemed))
	}
	found, err := store.FindCode(t.Context(), oauth.DigestOf(c.text))
	if err != nil {
		t.Errorf("an acknowledged code is not there: %v", err)
		return
	}
	for _, tokens := range c.redeemed {
		token, err := store.FindAccess(t.Context(), oauth.DigestOf(tokens.AccessToken))
		switch {
		case err != nil:
			t.Errorf("the tokens of a code are not there: %v", err)
		case found.UsedAt.IsZero() || token.Family.ID != found.FamilyID || token.Family.Pairs != 1 || token.Generation != 1:
			t.Errorf("a redeemed code: used %v, family %+v", found.UsedAt, token.Family)
		case c.spent > 0 && token.Family.RevokedAt.IsZero():
			t.Error("a code was replayed, and its family is alive")
		case c.spent == 0 && c.unknown == 0:
			// Nobody has replayed it, so the sign-in goes on.
			if _, err := l.gateway.Session(tokens).User(t.Context()); err != nil {
				t.Errorf("the token of a sign-in: %v", err)
			}
		}
	}
	if len(c.redeemed) == 0 && found.UsedAt.IsZero() && c.spent > 0 {
		t.Error("a code was refused that nobody had used")
	}
}
