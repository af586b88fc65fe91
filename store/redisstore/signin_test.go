package redisstore_test

import (
	"crypto/rand"
	"encoding/base64"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// What the tests issue. The retention is added to these in Redis.
const (
	codeLife    = time.Minute
	accessLife  = time.Hour
	refreshLife = 10 * time.Hour
	familyLife  = 24 * time.Hour
	clientID    = "a client"
)

// failer is what *testing.T and *rapid.T have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func must(t failer, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

func newDigest() oauth.Digest { return oauth.DigestOf(rand.Text()) }

func newCode(user string, now time.Time) oauth.Code {
	return oauth.Code{
		Digest: newDigest(), FamilyID: "family-" + rand.Text(), ClientID: clientID, UserID: user,
		Scope: "live", RedirectURI: "https://client.example/cb", ExpiresAt: now.Add(codeLife),
	}
}

func newPair(now time.Time) oauth.Pair {
	return oauth.Pair{
		Access: newDigest(), AccessExpiresAt: now.Add(accessLife),
		Refresh: newDigest(), RefreshExpiresAt: now.Add(refreshLife),
	}
}

func redemptionOf(code oauth.Code, now time.Time) oauth.Redemption {
	return oauth.Redemption{
		Code: code.Digest, ClientID: code.ClientID, Pair: newPair(now), Now: now,
		Family: oauth.Family{
			ID: code.FamilyID, ClientID: code.ClientID, UserID: code.UserID, Scope: code.Scope,
			CreatedAt: now, ExpiresAt: now.Add(familyLife), Generation: 1, RotatedAt: now, Pairs: 1,
		},
	}
}

func rotationOf(r oauth.Redemption, now time.Time) oauth.Rotation {
	return oauth.Rotation{Refresh: r.Pair.Refresh, ClientID: r.ClientID, Pair: newPair(now), Now: now, Grace: time.Minute}
}

// signIn saves a code and redeems it.
func signIn(t testing.TB, s *redisstore.Store, user string, now time.Time) oauth.Redemption {
	t.Helper()
	code := newCode(user, now)
	must(t, s.SaveCode(t.Context(), code))
	r := redemptionOf(code, now)
	must(t, s.RedeemCode(t.Context(), r))
	return r
}

// keyOf is the key of a record of a Store with the default prefix.
func keyOf(kind string, d oauth.Digest) string {
	return "{prism}:" + kind + ":" + base64.RawURLEncoding.EncodeToString(d[:])
}
