package oauthtest

import (
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

func (s *suite) tokens() {
	s.rule("expired and revoked tokens are still found", func(k *kit) {
		r := k.signIn(start)
		k.noError("RevokeFamily", k.store.RevokeFamily(k.ctx, r.Family.ID, start.Add(time.Second)))
		token, err := k.store.FindAccess(k.ctx, r.Pair.Access)
		k.noError("FindAccess of a revoked family", err)
		if token.Family.Alive(start.Add(2 * time.Second)) {
			k.Errorf("FindAccess returned a family that is alive after RevokeFamily")
		}
		_, err = k.store.FindRefresh(k.ctx, r.Pair.Refresh)
		k.noError("FindRefresh of a revoked family", err)
	})
	s.rule("an unknown token is ErrNotFound", func(k *kit) {
		k.signIn(start)
		for _, digest := range []oauth.Digest{newDigest(), {}} {
			_, err := k.store.FindAccess(k.ctx, digest)
			k.wantNotFound("FindAccess of an unknown token", err)
			_, err = k.store.FindRefresh(k.ctx, digest)
			k.wantNotFound("FindRefresh of an unknown token", err)
		}
	})
	s.rule("MarkUsed marks the current generation only", func(k *kit) {
		r := k.signIn(start)
		wantUsed := func(what string, want bool) {
			k.Helper()
			if got := k.family(r.Pair.Access).Used; got != want {
				k.Errorf("%s: Used is %v, want %v", what, got, want)
			}
		}
		k.noError("MarkUsed of a later generation", k.store.MarkUsed(k.ctx, r.Family.ID, 2))
		wantUsed("after MarkUsed of a later generation", false)
		for range 2 {
			k.noError("MarkUsed", k.store.MarkUsed(k.ctx, r.Family.ID, 1))
			wantUsed("after MarkUsed", true)
		}
		k.rotate("the current refresh token", r.Pair.Refresh, start.Add(time.Second), oauth.OutcomeRotated)
		wantUsed("after a rotation", false)
		k.noError("MarkUsed of an earlier generation", k.store.MarkUsed(k.ctx, r.Family.ID, 1))
		wantUsed("after MarkUsed of an earlier generation", false)
		k.noError("MarkUsed", k.store.MarkUsed(k.ctx, r.Family.ID, 2))
		wantUsed("after MarkUsed of the new generation", true)
		k.noError("MarkUsed of an unknown family", k.store.MarkUsed(k.ctx, "kit-no-family", 1))
	})
}

func (s *suite) rotation() {
	s.rule("RotateRefresh begins the next generation", func(k *kit) {
		r := k.signIn(start)
		k.noError("MarkUsed", k.store.MarkUsed(k.ctx, r.Family.ID, 1))
		now := start.Add(time.Hour)
		pair := k.rotate("the current refresh token", r.Pair.Refresh, now, oauth.OutcomeRotated)
		want := r.Family
		want.Generation, want.RotatedAt, want.Pairs, want.Used = 2, now, 1, false
		k.wantFamily("after a rotation", pair.Access, want)
		for digest, generation := range map[oauth.Digest]int{r.Pair.Access: 1, pair.Access: 2} {
			token, err := k.store.FindAccess(k.ctx, digest)
			k.noError("FindAccess", err)
			if token.Generation != generation {
				k.Errorf("an access token of generation %d has Generation %d: it keeps the one that it was issued in", generation, token.Generation)
			}
		}
		token, err := k.store.FindRefresh(k.ctx, r.Pair.Refresh)
		k.noError("FindRefresh of a refresh token that was used", err)
		if token.Generation != 1 || token.ExpiresAt.Sub(r.Pair.RefreshExpiresAt).Abs() > time.Microsecond {
			k.Errorf("the old refresh token has Generation %d and ExpiresAt %v, want 1 and %v as issued", token.Generation, token.ExpiresAt, r.Pair.RefreshExpiresAt)
		}
	})
	s.rule("a token of the generation before gets siblings, MaxPairs at most", func(k *kit) {
		r := k.signIn(start)
		now := start.Add(time.Second)
		first := k.rotate("the current refresh token", r.Pair.Refresh, now, oauth.OutcomeRotated)
		var sibling oauth.Pair
		for pairs := 2; pairs <= oauth.MaxPairs; pairs++ {
			sibling = k.rotate("the refresh token before", r.Pair.Refresh, now, oauth.OutcomeSibling)
			if f := k.family(sibling.Access); f.Pairs != pairs || f.Generation != 2 {
				k.Fatalf("after a sibling the family has %d pairs in generation %d, want %d in 2", f.Pairs, f.Generation, pairs)
			}
		}
		for range 2 {
			k.rotate("the refresh token before, once too often", r.Pair.Refresh, now, oauth.OutcomeRefused)
		}
		k.wantRevoked("after a refusal", first.Access, time.Time{})
		k.rotate("a sibling's refresh token", sibling.Refresh, now, oauth.OutcomeRotated)
		k.rotate("the other sibling's refresh token", first.Refresh, now, oauth.OutcomeSibling)
	})
	s.rule("the generation before is accepted for as long as its answer may have been lost", func(k *kit) {
		r := k.signIn(start)
		lost := k.rotate("the current refresh token", r.Pair.Refresh, start.Add(time.Second), oauth.OutcomeRotated)
		k.rotate("the refresh token before, long after, while no newer token was used", r.Pair.Refresh, start.Add(5*time.Hour), oauth.OutcomeSibling)
		k.noError("MarkUsed", k.store.MarkUsed(k.ctx, r.Family.ID, 2))
		late := start.Add(6 * time.Hour)
		k.rotate("the refresh token before, after a newer token was used", r.Pair.Refresh, late, oauth.OutcomeReused)
		k.wantRevoked("after reuse", lost.Access, late)
		_, _, err := k.store.RotateRefresh(k.ctx, k.rotationOf(lost.Refresh, late))
		k.wantNotFound("RotateRefresh with the newest token after reuse", err)
	})
	s.rule("a token two generations old is refused within the grace time and is reuse after it", func(k *kit) {
		r := k.signIn(start)
		second := k.rotate("the first refresh token", r.Pair.Refresh, start.Add(time.Hour), oauth.OutcomeRotated)
		at := start.Add(2 * time.Hour)
		third := k.rotate("the second refresh token", second.Refresh, at, oauth.OutcomeRotated)
		k.rotate("the first refresh token within the grace time", r.Pair.Refresh, at.Add(time.Second), oauth.OutcomeRefused)
		k.wantRevoked("after a refusal", third.Access, time.Time{})
		late := at.Add(grace + time.Microsecond)
		k.rotate("the first refresh token after the grace time", r.Pair.Refresh, late, oauth.OutcomeReused)
		k.wantRevoked("after reuse", third.Access, late)
	})
	s.rule("RotateRefresh returns the family as stored, also when it refuses", func(k *kit) {
		r := k.signIn(start)
		second := k.rotate("the first refresh token", r.Pair.Refresh, start.Add(time.Hour), oauth.OutcomeRotated)
		third := k.rotate("the second refresh token", second.Refresh, start.Add(2*time.Hour), oauth.OutcomeRotated)
		for _, at := range []time.Duration{2*time.Hour + time.Second, 3 * time.Hour} {
			_, family, err := k.store.RotateRefresh(k.ctx, k.rotationOf(r.Pair.Refresh, start.Add(at)))
			k.noError("RotateRefresh that is refused or reuse", err)
			k.wantFamily("RotateRefresh that is refused or reuse", third.Access, family)
		}
	})
	s.rule("RotateRefresh of another client burns nothing", func(k *kit) {
		r := k.signIn(start)
		second := k.rotate("the first refresh token", r.Pair.Refresh, start.Add(time.Second), oauth.OutcomeRotated)
		before := k.family(second.Access)
		// The second time would be reuse, if the client were the right one.
		for _, at := range []time.Duration{2 * time.Second, 2 * grace} {
			for _, refresh := range []oauth.Digest{r.Pair.Refresh, second.Refresh} {
				foreign := k.rotationOf(refresh, start.Add(at))
				foreign.ClientID = "kit-other-client"
				_, _, err := k.store.RotateRefresh(k.ctx, foreign)
				k.wantNotFound("RotateRefresh of another client", err)
				k.wantIssued("RotateRefresh of another client", foreign.Pair, false)
			}
		}
		k.wantFamily("RotateRefresh of another client", second.Access, before)
		k.rotate("the current refresh token after that", second.Refresh, start.Add(2*grace), oauth.OutcomeRotated)
	})
	s.rule("RotateRefresh of an unknown token is ErrNotFound", func(k *kit) {
		k.signIn(start)
		for _, digest := range []oauth.Digest{newDigest(), {}} {
			_, _, err := k.store.RotateRefresh(k.ctx, k.rotationOf(digest, start))
			k.wantNotFound("RotateRefresh of an unknown token", err)
		}
	})
}

func (s *suite) rotationClock() {
	s.rule("the grace time ends after its last instant", func(k *kit) {
		for _, tt := range []struct {
			name string
			at   time.Duration
			want oauth.Outcome
		}{
			{"at the instant of the rotation", 0, oauth.OutcomeSibling},
			{"exactly at the end of the grace time", grace, oauth.OutcomeSibling},
			{"a microsecond after the grace time", grace + time.Microsecond, oauth.OutcomeReused},
		} {
			r := k.signIn(start)
			rotated := start.Add(time.Hour)
			k.rotate("the current refresh token", r.Pair.Refresh, rotated, oauth.OutcomeRotated)
			k.noError("MarkUsed", k.store.MarkUsed(k.ctx, r.Family.ID, 2))
			k.rotate("the refresh token before, "+tt.name, r.Pair.Refresh, rotated.Add(tt.at), tt.want)
		}
	})
	s.rule("the grace time counts from the rotation, not from a sibling", func(k *kit) {
		r := k.signIn(start)
		k.rotate("the current refresh token", r.Pair.Refresh, start, oauth.OutcomeRotated)
		k.noError("MarkUsed", k.store.MarkUsed(k.ctx, r.Family.ID, 2))
		k.rotate("the refresh token before, at the end of the grace time", r.Pair.Refresh, start.Add(grace), oauth.OutcomeSibling)
		k.rotate("the refresh token before, after the grace time", r.Pair.Refresh, start.Add(grace+time.Second), oauth.OutcomeReused)
	})
	s.rule("a negative grace time is none", func(k *kit) {
		r := k.signIn(start)
		k.rotate("the current refresh token", r.Pair.Refresh, start, oauth.OutcomeRotated)
		k.noError("MarkUsed", k.store.MarkUsed(k.ctx, r.Family.ID, 2))
		again := k.rotationOf(r.Pair.Refresh, start)
		again.Grace = -1
		outcome, _, err := k.store.RotateRefresh(k.ctx, again)
		k.noError("RotateRefresh", err)
		if outcome != oauth.OutcomeReused {
			k.Errorf("the refresh token before, without a grace time: outcome %d, want %d (reused)", outcome, oauth.OutcomeReused)
		}
	})
	s.rule("a refresh token works until just before ExpiresAt, and not at it", func(k *kit) {
		for _, tt := range []struct {
			name string
			at   time.Duration
			ok   bool
		}{
			{"a microsecond before", refreshLife - time.Microsecond, true},
			{"at", refreshLife, false},
			{"after", refreshLife + time.Second, false},
		} {
			r := k.signIn(start)
			k.rotateAtEdge(r, start.Add(tt.at), tt.name+" its ExpiresAt", tt.ok)
		}
	})
	s.rule("a family works until just before ExpiresAt, and not at it", func(k *kit) {
		for _, tt := range []struct {
			name string
			at   time.Duration
			ok   bool
		}{
			{"a microsecond before", familyLife - time.Microsecond, true},
			{"at", familyLife, false},
		} {
			r := redemptionOf(k.saveCode(start), start)
			r.Pair.RefreshExpiresAt = start.Add(2 * familyLife)
			k.noError("RedeemCode", k.store.RedeemCode(k.ctx, r))
			k.rotateAtEdge(r, start.Add(tt.at), tt.name+" the family's ExpiresAt", tt.ok)
		}
	})
}

// rotateAtEdge uses a refresh token at a time when it still works, or no more.
func (k *kit) rotateAtEdge(r oauth.Redemption, now time.Time, when string, ok bool) {
	k.Helper()
	if ok {
		k.rotate("a refresh token "+when, r.Pair.Refresh, now, oauth.OutcomeRotated)
		return
	}
	rotation := k.rotationOf(r.Pair.Refresh, now)
	_, _, err := k.store.RotateRefresh(k.ctx, rotation)
	k.wantNotFound("RotateRefresh "+when, err)
	k.wantIssued("RotateRefresh "+when, rotation.Pair, false)
	k.wantFamily("RotateRefresh "+when, r.Pair.Access, r.Family)
}
