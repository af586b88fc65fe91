package oauthtest

import "time"

// lookalikes are ids that a store must tell from id, which begins with a "k":
// the default collations of databases compare without case or accents, or
// ignore blanks at the end.
func lookalikes(id string) map[string]string {
	return map[string]string{
		"case":               "K" + id[1:],
		"an accent":          "ḱ" + id[1:],
		"a blank at the end": id + " ",
	}
}

func (s *suite) ids() {
	s.rule("user ids are compared byte for byte", func(k *kit) {
		r, unused := k.signIn(start), k.saveCode(start)
		at := start.Add(time.Second)
		for difference, id := range lookalikes(k.user) {
			other := &kit{T: k.T, store: k.store, ctx: k.ctx, client: k.client, user: id}
			if got := other.families(at); len(got) != 0 {
				k.Errorf("Families lists the families of a user whose id differs in %s", difference)
			}
			other.wantRevokedCount("RevokeUser of a user whose id differs in "+difference, at, 0)
			k.wantRevoked("RevokeUser of a user whose id differs in "+difference, r.Pair.Access, time.Time{})
			k.wantUnused(unused.Digest)
			others := other.signIn(start)
			if got := k.families(at); len(got) != 1 {
				k.Errorf("Families lists %d families, want 1: one more has a user whose id differs in %s", len(got), difference)
			}
			other.wantRevokedCount("RevokeUser of that user with a family", at, 1)
			k.wantRevoked("RevokeUser of a user whose id differs in "+difference, r.Pair.Access, time.Time{})
			k.wantRevoked("RevokeUser of that user", others.Pair.Access, at)
		}
	})
	s.rule("client ids are compared byte for byte", func(k *kit) {
		r, code := k.signIn(start), k.saveCode(start)
		for difference, id := range lookalikes(k.client) {
			redemption := redemptionOf(code, start)
			redemption.ClientID = id
			k.wantNotFound("RedeemCode of a client whose id differs in "+difference, k.store.RedeemCode(k.ctx, redemption))
			k.wantIssued("RedeemCode of a client whose id differs in "+difference, redemption.Pair, false)
			k.wantUnused(code.Digest)
			rotation := k.rotationOf(r.Pair.Refresh, start)
			rotation.ClientID = id
			_, _, err := k.store.RotateRefresh(k.ctx, rotation)
			k.wantNotFound("RotateRefresh of a client whose id differs in "+difference, err)
			k.wantFamily("RotateRefresh of a client whose id differs in "+difference, r.Pair.Access, r.Family)
		}
	})
	s.rule("family ids are compared byte for byte", func(k *kit) {
		r := k.signIn(start)
		for difference, id := range lookalikes(r.Family.ID) {
			k.noError("MarkUsed of an unknown family", k.store.MarkUsed(k.ctx, id, 1))
			k.noError("RevokeFamily of an unknown family", k.store.RevokeFamily(k.ctx, id, start))
			k.wantFamily("a call with a family id that differs in "+difference, r.Pair.Access, r.Family)
		}
	})
}
