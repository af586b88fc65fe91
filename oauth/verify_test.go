package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn("scope", "live chat live")
	got, err := r.server.Verify(context.Background(), pair.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(prism.Principal{UserID: "u1", ClientID: clientID, Scope: "live chat"}, got); diff != "" {
		t.Error(diff)
	}
	for name, token := range map[string]string{
		"unknown":      strings.Repeat("a", 43),
		"other digit":  flipLast(pair.AccessToken),
		"trailing bit": pair.AccessToken[:42] + "_",
	} {
		if _, err := r.server.Verify(context.Background(), token); !errors.Is(err, prism.ErrUnauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func flipLast(s string) string {
	last := byte('A')
	if s[len(s)-1] == last {
		last = 'B'
	}
	return s[:len(s)-1] + string(last)
}

func TestMalformedTokenDoesNotReachTheStore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, token := range []string{
		"", "a", strings.Repeat("a", 42), strings.Repeat("a", 44), strings.Repeat("a", 1<<20),
		strings.Repeat("a", 42) + "=", strings.Repeat("a", 42) + "\x00", strings.Repeat("a", 42) + "+", strings.Repeat("é", 21) + "a",
	} {
		if _, err := r.server.Verify(context.Background(), token); !errors.Is(err, prism.ErrUnauthorized) {
			t.Errorf("%.50q: %v", token, err)
		}
		if len(token) > 0 && len(token) < 1000 {
			r.wantError(r.redeem(token), 400, "invalid_grant")
			r.wantError(r.refresh(token), 400, "invalid_grant")
		}
	}
	for _, method := range []string{"FindAccess", "FindCode", "FindRefresh"} {
		if n := r.store.called(method); n != 0 {
			t.Errorf("%s was called %d times", method, n)
		}
	}
}

func TestFirstUseIsMarkedOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pair := r.signIn()
	for range 5 {
		r.wantWorks(pair.AccessToken, true)
	}
	if n := r.store.called("MarkUsed"); n != 1 {
		t.Errorf("%d marks, want 1", n)
	}
	next := r.mustOK(r.refresh(pair.RefreshToken))
	r.wantWorks(pair.AccessToken, true) // of the generation before: no mark
	if n := r.store.called("MarkUsed"); n != 1 {
		t.Errorf("the use of an old token was marked")
	}
	for _, err := range []error{prism.ErrUnavailable, errors.New("boom")} {
		r.store.failWith("MarkUsed", err)
		r.wantWorks(next.AccessToken, true)
	}
	if n := r.logs.FilterLevelExact(zap.WarnLevel).Len(); n != 2 {
		t.Errorf("%d warnings, want 2", n)
	}
	r.store.failWith("MarkUsed", nil)
	r.wantWorks(next.AccessToken, true)
	if n := r.store.called("MarkUsed"); n != 4 {
		t.Errorf("%d marks, want 4: a failed one is tried again", n)
	}
}

// oneToken is a Store that knows one access token and costs nothing.
type oneToken struct {
	oauth.Store
	digest oauth.Digest
	token  oauth.Token
}

func (o *oneToken) FindAccess(_ context.Context, digest oauth.Digest) (oauth.Token, error) {
	if digest != o.digest {
		return oauth.Token{}, prism.ErrNotFound
	}
	return o.token, nil
}

func TestVerifyAllocatesNothingOfItsOwn(t *testing.T) {
	const token = "abcdefghijabcdefghijabcdefghijabcdefghij123"
	store := &oneToken{digest: oauth.DigestOf(token)}
	r := newRig(t, func(c *oauth.Config) { c.Store = store })
	end := r.clock.now().Add(time.Hour)
	store.token = oauth.Token{Generation: 1, ExpiresAt: end, Family: oauth.Family{
		ID: "f", UserID: "u1", ClientID: clientID, Generation: 1, Used: true, ExpiresAt: end,
	}}
	r.wantWorks(token, true)
	ctx := context.Background()
	for name, text := range map[string]string{"good": token, "malformed": "x", "unknown": flipLast(token)} {
		if n := testing.AllocsPerRun(100, func() { _, _ = r.server.Verify(ctx, text) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func asUser(id string) func(*http.Request, string) (string, string, error) {
	return func(*http.Request, string) (string, string, error) { return id, "", nil }
}

func TestRevokeUser(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := context.Background()
	first := r.signIn()
	r.clock.advance(time.Second)
	second := r.signIn()
	code := r.code()
	r.login = asUser("u2")
	other, otherCode := r.signIn(), r.code()

	families, err := r.server.Families(ctx, "u1")
	if err != nil || len(families) != 2 || !families[0].CreatedAt.After(families[1].CreatedAt) {
		t.Fatalf("Families: %+v, %v", families, err)
	}
	if n, err := r.server.RevokeUser(ctx, "u1"); n != 2 || err != nil {
		t.Fatalf("RevokeUser: %d, %v", n, err)
	}
	for _, pair := range []answer{first, second} {
		r.wantWorks(pair.AccessToken, false)
		r.wantError(r.refresh(pair.RefreshToken), 400, "invalid_grant")
	}
	r.wantError(r.redeem(code), 400, "invalid_grant")
	r.wantWorks(other.AccessToken, true)
	r.mustOK(r.redeem(otherCode))
	if families, err := r.server.Families(ctx, "u1"); err != nil || len(families) != 0 {
		t.Errorf("Families: %+v, %v", families, err)
	}
	if n, err := r.server.RevokeUser(ctx, "u1"); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
	if _, err := r.server.RevokeUser(ctx, ""); !errors.Is(err, prism.ErrInvalid) {
		t.Errorf("no user: %v", err)
	}
}

func TestRevokeFamily(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := context.Background()
	first := r.signIn()
	families, err := r.server.Families(ctx, "u1")
	if err != nil || len(families) != 1 {
		t.Fatalf("Families: %+v, %v", families, err)
	}
	second := r.signIn()
	for _, id := range []string{families[0].ID, families[0].ID, "unknown"} {
		if err := r.server.RevokeFamily(ctx, id); err != nil {
			t.Error(err)
		}
	}
	r.wantWorks(first.AccessToken, false)
	r.wantWorks(second.AccessToken, true)

	for _, method := range []string{"RevokeFamily", "RevokeUser", "Families"} {
		r.store.failWith(method, prism.ErrUnavailable)
	}
	_, errFamilies := r.server.Families(ctx, "u1")
	_, errUser := r.server.RevokeUser(ctx, "u1")
	for _, err := range []error{errFamilies, errUser, r.server.RevokeFamily(ctx, "f")} {
		if !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("%v", err)
		}
	}
}
