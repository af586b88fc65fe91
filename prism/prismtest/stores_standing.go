package prismtest

import (
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

func (k *kit) wantStanding(when, liveID, userID string, want prism.Standing) {
	k.t.Helper()
	got, err := k.Standings.Standing(k.ctx, liveID, userID)
	k.noError("Standing "+when, err)
	if got != want {
		k.t.Errorf("Standing %s is %+v, want %+v", when, got, want)
	}
}

func (s *suite) standings() {
	s.rule("Standing knows the owner in any state of the live, and nobody else", func(k *kit) {
		l := k.create("standing")
		check := func(state string) {
			k.t.Helper()
			k.wantStanding("of the owner while the live is "+state, l.ID, k.Owner, prism.Standing{Owner: true})
			k.wantStanding("of another user while the live is "+state, l.ID, k.Stranger, prism.Standing{})
		}
		check("RESERVED")
		k.start(l.ID)
		check("ON_AIR")
		k.end(l.ID, prism.EndOptions{})
		check("ENDed")
		for name, id := range unknownIDs(k.Owner) {
			k.wantStanding("of a user with "+name, l.ID, id, prism.Standing{})
		}
	})
	s.rule("Standing in a live that does not exist is ErrNotFound", func(k *kit) {
		l := k.create("standing")
		for name, id := range unknownIDs(l.ID) {
			_, err := k.Standings.Standing(k.ctx, id, k.Owner)
			k.wantError("Standing in a live with "+name, err, prism.ErrNotFound)
		}
	})
	s.part(s.has.Managers != nil && s.has.Viewer != "", "Managers (with Viewer)", func() {
		s.rule("Standing knows a manager at once", func(k *kit) {
			l := k.onAir("managed")
			k.noError("AddManager", k.Managers.AddManager(k.ctx, k.Owner, l.ID, k.Viewer))
			k.wantStanding("of a manager", l.ID, k.Viewer, prism.Standing{Manager: true})
			k.wantStanding("of somebody who is no manager", l.ID, k.Stranger, prism.Standing{})
			if k.Ban != nil {
				k.ban(l.ID, 0)
				k.wantStanding("of a manager who is banned", l.ID, k.Viewer, prism.Standing{Manager: true, Banned: true})
				k.unban(l.ID)
			}
			k.noError("RemoveManager", k.Managers.RemoveManager(k.ctx, k.Owner, l.ID, k.Viewer))
			k.wantStanding("of a manager who was removed", l.ID, k.Viewer, prism.Standing{})
		})
	})
	s.part(s.has.Ban != nil && s.has.Viewer != "", "Ban (with Viewer)", func() {
		s.rule("Standing knows a ban in all lives of the channel, as long as it lasts", func(k *kit) {
			first, second := k.create("first"), k.create("second")
			banned := func(when string, want bool) {
				k.t.Helper()
				for _, l := range []prism.Live{first, second} {
					k.wantStanding("of the viewer "+when, l.ID, k.Viewer, prism.Standing{Banned: want})
				}
				k.wantStanding("of the owner "+when, first.ID, k.Owner, prism.Standing{Owner: true})
			}
			banned("before the ban", false)
			k.ban(first.ID, 0)
			banned("while banned without end", true)
			k.unban(second.ID)
			banned("after the ban was lifted", false)
			k.ban(first.ID, time.Hour)
			banned("during a timed ban", true)
			if k.Advance != nil {
				k.Advance(time.Hour - time.Second)
				banned("a second before the ban is over", true)
				k.Advance(2 * time.Second)
				banned("a second after the ban was over, swept or not", false)
				return
			}
			k.unban(first.ID)
			banned("after a timed ban was lifted", false)
		})
	})
}
