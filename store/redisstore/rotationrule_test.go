package redisstore_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// scripts/rotate.lua has Family.Rotate once more. The two are held together on
// families that no run of the store would bring about as well.
func TestRotateScriptIsFamilyRotate(t *testing.T) {
	client := startServer(t).client(t)
	store := open(t, client, redisstore.Options{})
	rapid.Check(t, func(rt *rapid.T) {
		code := newCode("juno", start)
		r := redemptionOf(code, start)
		must(rt, store.SaveCode(t.Context(), code))
		must(rt, store.RedeemCode(t.Context(), r))

		// Drawn at and beside the edges of the rule, where the two could differ.
		pick := func(name string, of ...int) int { return rapid.SampledFrom(of).Draw(rt, name) }
		grace := rapid.SampledFrom([]time.Duration{-time.Second, 0, time.Microsecond, time.Minute}).Draw(rt, "grace")
		family := r.Family
		family.Generation = pick("generation", 2, 3, 10)
		generation := family.Generation - pick("behind", 0, 1, 1, 1, 2, -1)
		family.Pairs = pick("pairs", 1, oauth.MaxPairs-1, oauth.MaxPairs, oauth.MaxPairs+1)
		family.Used = rapid.Bool().Draw(rt, "used")
		family.RotatedAt = start.Add(time.Hour)
		now := family.RotatedAt.Add(max(grace, 0) + time.Duration(pick("late", -1, 0, 0, 1))*time.Microsecond)

		used := 0
		if family.Used {
			used = 1
		}
		key := "{prism}:family:" + family.ID
		must(rt, client.HSet(t.Context(), key, "generation", family.Generation, "pairs", family.Pairs, "used", used,
			"rotated", family.RotatedAt.UnixMicro()).Err())
		must(rt, client.HSet(t.Context(), keyOf("refresh", r.Pair.Refresh), "generation", strconv.Itoa(generation)).Err())

		want, next := family.Rotate(generation, now, grace)
		got, stored, err := store.RotateRefresh(t.Context(), oauth.Rotation{
			Refresh: r.Pair.Refresh, ClientID: family.ClientID, Pair: newPair(now), Now: now, Grace: grace,
		})
		must(rt, err)
		if got != want {
			rt.Fatalf("token of generation %d at %v, grace %v, family %+v: outcome %d, want %d", generation, now, grace, family, got, want)
		}
		if diff := cmp.Diff(next, stored); diff != "" {
			rt.Fatalf("token of generation %d at %v, grace %v: the family (-Family.Rotate +script):\n%s", generation, now, grace, diff)
		}
	})
}
