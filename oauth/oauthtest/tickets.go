package oauthtest

import (
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/oauth"
)

// ticketLife is how long a consent page can be answered.
const ticketLife = 10 * time.Minute

// saveTicket saves the ticket of a consent page that is shown at the given time.
func (k *kit) saveTicket(now time.Time) oauth.Code {
	k.Helper()
	ticket := oauth.Code{Digest: newDigest(), FamilyID: unique("family"), UserID: k.user, ExpiresAt: now.Add(ticketLife)}
	k.noError("SaveCode of a ticket, which is a code without ClientID", k.store.SaveCode(k.ctx, ticket))
	return ticket
}

func (s *suite) tickets() {
	s.rule("a consent page's ticket is found, and ends with RevokeUser", func(k *kit) {
		someone := &kit{T: k.T, store: k.store, ctx: k.ctx, client: k.client, user: unique("user")}
		tickets, others := []oauth.Code{k.saveTicket(start), k.saveTicket(start)}, someone.saveTicket(start)
		for _, want := range append(tickets, others) {
			got, err := k.store.FindCode(k.ctx, want.Digest)
			k.noError("FindCode of a ticket", err)
			if diff := cmp.Diff(want, got, sameTimes); diff != "" {
				k.Errorf("FindCode of a ticket (-saved +found):\n%s", diff)
			}
		}
		k.wantRevokedCount("RevokeUser of a user who has tickets only", start.Add(time.Second), 0)
		for _, ticket := range tickets {
			_, err := k.store.FindCode(k.ctx, ticket.Digest)
			k.wantNotFound("FindCode of a ticket after RevokeUser", err)
		}
		_, err := k.store.FindCode(k.ctx, others.Digest)
		k.noError("FindCode of another user's ticket after RevokeUser", err)
	})
	s.rule("a consent page's ticket is redeemed by no client", func(k *kit) {
		ticket := k.saveTicket(start)
		r := redemptionOf(ticket, start)
		r.ClientID, r.Family.ClientID = k.client, k.client
		k.wantNotFound("RedeemCode of a ticket", k.store.RedeemCode(k.ctx, r))
		k.wantIssued("RedeemCode of a ticket", r.Pair, false)
		k.wantUnused(ticket.Digest)
	})
	s.rule("Sweep deletes a consent page's ticket like any code", func(k *kit) {
		k.sweepAll(past.Add(2*familyLife), 1000)
		ticket := k.saveTicket(past)
		k.wantSwept("at the ticket's ExpiresAt", past.Add(ticketLife), 0)
		k.wantSwept("after the ticket's ExpiresAt", past.Add(ticketLife+time.Microsecond), 1)
		_, err := k.store.FindCode(k.ctx, ticket.Digest)
		k.wantNotFound("FindCode of a swept ticket", err)
	})
}
