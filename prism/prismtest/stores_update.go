package prismtest

import (
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/b2bprism/b2bprism/prism"
)

func (s *suite) updates() {
	s.rule("UpdateLive keeps what is nil", func(k *kit) {
		at := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
		for name, update := range map[string]prism.LiveUpdate{
			"the title":         {Title: ptr("새 제목 🎬")},
			"the description":   {Description: ptr("a new one\nof two lines")},
			"no description":    {Description: ptr("")},
			"the scope":         {Scope: ptr(prism.ScopePrivate)},
			"the reserved time": {ReservedAt: &at},
			"all of them":       {Title: ptr("all"), Description: ptr("of them"), Scope: ptr(prism.ScopeLimited), ReservedAt: &at},
		} {
			before := k.create("before")
			want := before
			if update.Title != nil {
				want.Title = *update.Title
			}
			if update.Description != nil {
				want.Description = *update.Description
			}
			if update.ReservedAt != nil {
				want.ReservedAt = *update.ReservedAt
			}
			k.tick()
			got, err := k.Update.UpdateLive(k.ctx, k.Owner, before.ID, update)
			k.noError("UpdateLive", err)
			if update.Scope != nil {
				// A store without scopes answers PUBLIC.
				want.Scope = *update.Scope
				if got.Scope == prism.ScopePublic || got.Scope == "" {
					want.Scope = got.Scope
				}
			}
			if diff := cmp.Diff(want, got, sameTimes, cmpopts.IgnoreFields(prism.Live{}, "ModifiedAt")); diff != "" {
				k.t.Errorf("UpdateLive of %s: a nil field keeps what is stored (-want +got):\n%s", name, diff)
			}
			if !got.ModifiedAt.After(before.ModifiedAt) {
				k.t.Errorf("UpdateLive of %s did not move ModifiedAt", name)
			}
			k.unchanged("reading", got)
		}
	})
	s.rule("UpdateLive changes a live on air without ending it", func(k *kit) {
		before := k.onAir("on air")
		k.tick()
		got, err := k.Update.UpdateLive(k.ctx, k.Owner, before.ID, prism.LiveUpdate{Title: ptr("still on air")})
		k.noError("UpdateLive of a live on air", err)
		if got.Title != "still on air" || got.Status != prism.StatusOnAir || got.Broadcast != before.Broadcast || !got.StartedAt.Equal(before.StartedAt) {
			k.t.Errorf("UpdateLive of a live on air: title %q, %s, broadcast %d, started %v; want the new title and the rest as it was: ON_AIR, %d, %v",
				got.Title, got.Status, got.Broadcast, got.StartedAt, before.Broadcast, before.StartedAt)
		}
	})
	s.rule("UpdateLive takes a reserved time in the past", func(k *kit) {
		at := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
		got, err := k.Update.UpdateLive(k.ctx, k.Owner, k.create("past").ID, prism.LiveUpdate{ReservedAt: &at})
		k.noError("UpdateLive with a past ReservedAt, which the PRISM client sends", err)
		if !near(got.ReservedAt, at) {
			k.t.Errorf("UpdateLive: ReservedAt is %v, want %v", got.ReservedAt, at)
		}
	})
	s.rule("UpdateLive keeps every text to the letter", func(k *kit) {
		l := k.create("texts")
		for _, text := range texts {
			got, err := k.Update.UpdateLive(k.ctx, k.Owner, l.ID, prism.LiveUpdate{Title: &text})
			k.noError("UpdateLive", err)
			if got.Title != text {
				k.t.Errorf("UpdateLive kept title %q, want %q", got.Title, text)
			}
		}
	})
}
