package oauth_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/b2bprism/b2bprism/oauth"
)

// modelFamily is what the property test knows of one sign-in.
type modelFamily struct {
	code    string
	codeEnd time.Time
	used    bool // the code was redeemed
	swept   bool // the code is forgotten, so that its replay is none
	dead    bool // revoked or reuse
	end     time.Time
	access  []modelToken
	refresh []modelToken
}

// modelToken is a token and when it ends by itself.
type modelToken struct {
	text string
	end  time.Time
}

// world is what the property test knows: sign-ins of two users at two clients.
type world struct {
	*rig
	families []*worldFamily
}

type worldFamily struct {
	modelFamily
	client, secret, user string
}

var worldClients = [2][2]string{{clientID, clientSecret}, {otherID, otherSecret}}

// ask makes a token request in either dialect.
func (w *world) ask(rt *rapid.T, id, secret string, pairs ...string) answer {
	if rapid.Bool().Draw(rt, "standard dialect") {
		return w.postAs(id, secret, append(pairs, "redirect_uri", redirectURI)...)
	}
	return w.tokenAs(id, secret, pairs...)
}

func (w *world) pick(rt *rapid.T) *worldFamily {
	if len(w.families) == 0 {
		w.signIn(rt)
	}
	return rapid.SampledFrom(w.families).Draw(rt, "family")
}

func (w *world) signIn(rt *rapid.T) {
	client := rapid.SampledFrom(worldClients[:]).Draw(rt, "client")
	user := rapid.SampledFrom([]string{"u1", "u2"}).Draw(rt, "user")
	w.login = asUser(user)
	f := &worldFamily{client: client[0], secret: client[1], user: user}
	f.code, f.codeEnd = w.code("client_id", f.client), w.clock.now().Add(oauth.DefaultCodeTTL)
	w.families = append(w.families, f)
}

const (
	worldTotal = 40 * time.Hour
	worldIdle  = 20 * time.Hour
)

// take notes a pair and wants it to verify for whom it was asked, and not to
// outlive its family.
func (w *world) take(rt *rapid.T, f *worldFamily, a answer) {
	now := w.clock.now()
	end := now.Add(time.Duration(a.ExpiresIn) * time.Second)
	if end.After(f.end) {
		rt.Fatalf("an access token outlives its family by %v", end.Sub(f.end))
	}
	f.access = append(f.access, modelToken{a.AccessToken, end})
	refreshEnd := now.Add(worldIdle)
	if f.end.Before(refreshEnd) {
		refreshEnd = f.end
	}
	f.refresh = append(f.refresh, modelToken{a.RefreshToken, refreshEnd})
	p, err := w.server.Verify(context.Background(), a.AccessToken)
	if err != nil || p.UserID != f.user || p.ClientID != f.client {
		rt.Fatalf("a token of a 200 verifies as %+v, %v", p, err)
	}
}

func (w *world) redeem(rt *rapid.T) {
	f := w.pick(rt)
	now := w.clock.now()
	want := !f.used && !f.dead && now.Before(f.codeEnd)
	a := w.ask(rt, f.client, f.secret, "grant_type", "authorization_code", "code", f.code)
	if (a.status == http.StatusOK) != want {
		rt.Fatalf("redeem: %d, want ok %v", a.status, want)
	}
	if !want {
		f.dead = f.dead || f.used && !f.swept
		return
	}
	f.used, f.end = true, now.Add(worldTotal)
	w.take(rt, f, a)
}

func (w *world) refreshAny(rt *rapid.T) {
	f := w.pick(rt)
	if len(f.refresh) == 0 {
		return
	}
	token := rapid.SampledFrom(f.refresh).Draw(rt, "token")
	before := len(w.reused)
	a := w.ask(rt, f.client, f.secret, "grant_type", "refresh_token", "refresh_token", token.text)
	now := w.clock.now()
	if a.status == http.StatusOK {
		if f.dead || !now.Before(f.end) || !now.Before(token.end) {
			rt.Fatal("a refresh of a dead family or token succeeded")
		}
		w.take(rt, f, a)
	}
	f.dead = f.dead || len(w.reused) > before
}

func (w *world) revokeAny(rt *rapid.T) {
	f := w.pick(rt)
	tokens := slices.Concat(f.access, f.refresh)
	if len(tokens) == 0 || rapid.IntRange(0, 2).Draw(rt, "rarely") != 0 {
		return
	}
	token := rapid.SampledFrom(tokens).Draw(rt, "token").text
	if a := w.revokeAs(f.client, f.secret, "token", token); a.status != http.StatusOK {
		rt.Fatalf("revoke: %d", a.status)
	}
	f.dead = true
}

// foreign is the other client, with all that belongs to a family of this one.
func (w *world) foreign(rt *rapid.T) {
	f := w.pick(rt)
	id, secret := clientID, clientSecret
	if f.client == id {
		id, secret = otherID, otherSecret
	}
	if a := w.ask(rt, id, secret, "grant_type", "authorization_code", "code", f.code); a.status == http.StatusOK {
		rt.Fatal("a foreign client redeemed")
	}
	for _, token := range f.refresh {
		if a := w.ask(rt, id, secret, "grant_type", "refresh_token", "refresh_token", token.text); a.status == http.StatusOK {
			rt.Fatal("a foreign client refreshed")
		}
	}
	for _, token := range slices.Concat(f.access, f.refresh) {
		if a := w.introspectAs(id, secret, "token", token.text); a.body != `{"active":false}` {
			rt.Fatalf("a foreign client was told %s", a.body)
		}
		w.revokeAs(id, secret, "token", token.text)
	}
}

// check wants every access token to work exactly as long as it should, also by
// introspection.
func (w *world) check(rt *rapid.T) {
	now := w.clock.now()
	alive := map[string]int{}
	for i, f := range w.families {
		if f.used && !f.dead && now.Before(f.end) {
			alive[f.user]++
		}
		for _, token := range f.access {
			want := !f.dead && now.Before(f.end) && now.Before(token.end)
			if _, err := w.server.Verify(context.Background(), token.text); (err == nil) != want {
				rt.Fatalf("family %d: access token: %v, want ok %v", i, err, want)
			}
		}
		if n := len(f.access); n > 0 {
			last := f.access[n-1]
			want := !f.dead && now.Before(f.end) && now.Before(last.end)
			if a := w.introspectAs(f.client, f.secret, "token", last.text); (a.body != `{"active":false}`) != want {
				rt.Fatalf("family %d: introspection says %s, want active %v", i, a.body, want)
			}
		}
	}
	for _, user := range []string{"u1", "u2"} {
		families, err := w.server.Families(context.Background(), user)
		if err != nil || len(families) != alive[user] {
			rt.Fatalf("%s has %d families, %v, want %d", user, len(families), err, alive[user])
		}
	}
}

// Any interleaving of authorize, redeem, refresh, revoke and expire, in both
// dialects over two clients and two users, keeps: one redemption per code; no
// token outlives its family or its own life; what is one client's or one
// user's ends with that client's or user's calls only; every 200 token
// verifies.
func TestTwoClientsAndTwoUsers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{rig: newRig(t, func(c *oauth.Config) { c.RefreshTotalTTL, c.RefreshIdleTTL = worldTotal, worldIdle })}
		defer func() { _ = w.server.Close() }()
		rt.Repeat(map[string]func(*rapid.T){
			"authorize": w.signIn,
			"redeem":    w.redeem,
			"refresh":   w.refreshAny,
			"revoke":    w.revokeAny,
			"foreign":   w.foreign,
			"revoke user": func(rt *rapid.T) {
				if rapid.IntRange(0, 4).Draw(rt, "rarely") != 0 {
					return
				}
				user := rapid.SampledFrom([]string{"u1", "u2"}).Draw(rt, "user")
				if _, err := w.server.RevokeUser(context.Background(), user); err != nil {
					rt.Fatal(err)
				}
				for _, f := range w.families {
					f.dead = f.dead || f.user == user
				}
			},
			"expire": func(rt *rapid.T) {
				w.clock.advance(time.Duration(rapid.SampledFrom([]int{1, 30, 59, 61, 3600, 8 * 3600}).Draw(rt, "seconds")) * time.Second)
			},
			"sweep": func(rt *rapid.T) {
				if _, err := w.server.Sweep(context.Background()); err != nil {
					rt.Fatal(err)
				}
				for _, f := range w.families {
					f.swept = f.swept || w.clock.now().Sub(f.codeEnd) > 24*time.Hour
				}
			},
			"": w.check,
		})
	})
}
