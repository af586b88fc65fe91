package prismtest

import (
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/prism"
)

// texts are titles that a store must keep to the letter.
var texts = []string{
	"Live",
	"오늘의 방송 📺 첫 번째",
	"日本語の配信",
	"e\u0301 is not \u00e9, 𝒳 is two UTF-16 units",
	`quotes ' " and \ % _ <b>&amp;</b>`,
	strings.Repeat("가", prism.MaxTitle),
	strings.Repeat("🎥", prism.MaxTitle/2),
}

func (s *suite) createLives() {
	s.rule("CreateLive makes a RESERVED live that has never begun", func(k *kit) {
		l := k.create("new")
		if l.Status != prism.StatusReserved || l.Broadcast != 0 || !l.StartedAt.IsZero() || !l.EndedAt.IsZero() {
			k.t.Errorf("CreateLive: Status %q, Broadcast %d, StartedAt %v, EndedAt %v; want RESERVED, 0 and two zero times", l.Status, l.Broadcast, l.StartedAt, l.EndedAt)
		}
		if l.Stats != (prism.LiveStats{}) {
			k.t.Errorf("CreateLive: Stats is %+v, want zeros", l.Stats)
		}
		if l.CreatedAt.IsZero() || l.ModifiedAt.IsZero() {
			k.t.Errorf("CreateLive: CreatedAt is %v and ModifiedAt %v; both must be set, as they give the order of lists", l.CreatedAt, l.ModifiedAt)
		}
	})
	s.rule("CreateLive keeps what it was given", func(k *kit) {
		for _, text := range texts {
			in := newLive(text)
			in.Description = "first line\n\t" + text
			l, err := k.Lives.CreateLive(k.ctx, k.Owner, k.EnabledChannel, in)
			k.noError("CreateLive", err)
			if l.Title != in.Title || l.Description != in.Description {
				k.t.Errorf("CreateLive kept title %q and description %q, want %q and %q byte for byte", l.Title, l.Description, in.Title, in.Description)
			}
		}
		in := newLive("long")
		in.Description = strings.Repeat("긴 ", prism.MaxDescription/2)
		l, err := k.Lives.CreateLive(k.ctx, k.Owner, k.EnabledChannel, in)
		k.noError("CreateLive with a description of MaxDescription units", err)
		if l.Description != in.Description {
			k.t.Errorf("CreateLive cut a description of %d UTF-16 units to %d bytes of %d: make the column longer", prism.MaxDescription, len(l.Description), len(in.Description))
		}
		in.Description = ""
		l, err = k.Lives.CreateLive(k.ctx, k.Owner, k.EnabledChannel, in)
		k.noError("CreateLive without a description", err)
		if l.Description != "" {
			k.t.Errorf("CreateLive made up the description %q", l.Description)
		}
	})
	s.rule("CreateLive keeps the reserved time, past ones too", func(k *kit) {
		seoul := time.FixedZone("KST", 9*60*60)
		for _, at := range []time.Time{
			time.Date(2026, 11, 22, 12, 30, 15, 123456000, time.UTC),
			time.Date(2026, 12, 31, 23, 59, 59, 0, seoul),
			time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC),
		} {
			in := newLive("reserved")
			in.ReservedAt = at
			l, err := k.Lives.CreateLive(k.ctx, k.Owner, k.EnabledChannel, in)
			k.noError("CreateLive", err)
			for method, got := range map[string]time.Time{"CreateLive": l.ReservedAt, "Live": k.live(l.ID).ReservedAt} {
				if d := got.Sub(at).Abs(); d >= time.Second {
					k.t.Errorf("%s: ReservedAt is %v, want the same instant as %v, at least to the second (mind time zones)", method, got, at)
				}
			}
		}
	})
	s.rule("CreateLive keeps the scope, or every live is PUBLIC", func(k *kit) {
		kept, public := 0, 0
		scopes := []prism.Scope{prism.ScopePublic, prism.ScopeLimited, prism.ScopePrivate}
		for _, scope := range scopes {
			in := newLive(string(scope))
			in.Scope = scope
			l, err := k.Lives.CreateLive(k.ctx, k.Owner, k.EnabledChannel, in)
			k.noError("CreateLive", err)
			got := k.live(l.ID).Scope
			if got == scope {
				kept++
			}
			if got == prism.ScopePublic || got == "" {
				public++
			}
		}
		if kept != len(scopes) && public != len(scopes) {
			k.t.Errorf("%d of %d scopes were kept: keep all three, or answer PUBLIC for every live if the service has no scopes", kept, len(scopes))
		}
	})
	s.rule("Live returns what CreateLive returned", func(k *kit) {
		l := k.create("same")
		if diff := cmp.Diff(l, k.live(l.ID), sameTimes); diff != "" {
			k.t.Errorf("Live differs from what CreateLive returned (-created +read):\n%s", diff)
		}
	})
	s.rule("every live has an rtmpPath of its own from creation on", func(k *kit) {
		keys, servers := make(map[string]bool), make(map[string]bool)
		for range 8 {
			l := k.create("pushed")
			server, key, err := prism.SplitRTMPPath(l.RTMPPath)
			if err != nil {
				k.t.Fatalf("CreateLive: the rtmpPath cannot be taken apart as the PRISM client does it: %v; build it with prism.RTMPPath and prism.NewStreamKey", err)
			}
			if keys[key] {
				k.t.Errorf("two lives have the same stream key: make one for each live, with prism.NewStreamKey")
			}
			keys[key], servers[server] = true, true
			if l.PlaybackID != "" && (l.PlaybackID == key || strings.Contains(l.PlaybackID, key)) {
				k.t.Errorf("PlaybackID holds the stream key: viewers see it, so it must be an id of its own")
			}
			if k.live(l.ID).RTMPPath != l.RTMPPath {
				k.t.Errorf("Live returned another rtmpPath than CreateLive: it must stay the same")
			}
		}
		if len(servers) != 1 {
			k.t.Errorf("the lives have %d different servers before their keys: the PRISM client keeps the first it saw, so all must be the same", len(servers))
		}
	})
	s.rule("parallel creates make lives of their own", func(k *kit) {
		lives := parallel(k, 16, func(int) (prism.Live, error) {
			return k.Lives.CreateLive(k.ctx, k.Owner, k.EnabledChannel, newLive("parallel"))
		})
		seen := make(map[string]bool)
		for _, l := range lives {
			if seen[l.ID] || seen[l.RTMPPath] {
				k.t.Errorf("two parallel creates share an id or an rtmpPath")
			}
			seen[l.ID], seen[l.RTMPPath] = true, true
		}
	})
	s.rule("CreateLive on a disabled channel is ErrChannelDisabled", func(k *kit) {
		before, err := k.Lives.Lives(k.ctx, k.Owner, k.DisabledChannel, prism.LiveFilter{})
		k.noError("Lives of a disabled channel, which its owner may list", err)
		_, err = k.Lives.CreateLive(k.ctx, k.Owner, k.DisabledChannel, newLive("refused"))
		k.wantError("CreateLive on a disabled channel", err, prism.ErrChannelDisabled)
		after, err := k.Lives.Lives(k.ctx, k.Owner, k.DisabledChannel, prism.LiveFilter{})
		k.noError("Lives of a disabled channel", err)
		if len(after) != len(before) {
			k.t.Errorf("the refused CreateLive left a live: check the channel in the same transaction")
		}
	})
}

func (s *suite) listLives() {
	s.rule("Lives is ordered by ModifiedAt, then CreatedAt, newest first", func(k *kit) {
		k.silence()
		made := make([]string, 4)
		for i := range made {
			made[i] = k.create("ordered").ID
			k.tick()
		}
		expect := func(what string, want ...string) {
			k.t.Helper()
			list := k.list(prism.LiveFilter{})
			if got := ids(among(list, made...)); !slices.Equal(got, want) {
				k.t.Errorf("after %s the order is %v, want %v: ORDER BY modified DESC, created DESC", what, got, want)
			}
			for i := 1; i < len(list); i++ {
				a, b := list[i-1], list[i]
				if !newestFirst(a.ModifiedAt, b.ModifiedAt, a.CreatedAt, b.CreatedAt) {
					k.t.Errorf("after %s a live modified %v, created %v stands before one modified %v, created %v", what, a.ModifiedAt, a.CreatedAt, b.ModifiedAt, b.CreatedAt)
				}
			}
		}
		expect("four creates", made[3], made[2], made[1], made[0])
		k.start(made[0])
		k.tick()
		expect("a start of the oldest", made[0], made[3], made[2], made[1])
		k.start(made[2])
		k.tick()
		k.end(made[2], prism.EndOptions{})
		k.tick()
		expect("a start of another (which ends the first) and its end", made[2], made[0], made[3], made[1])
	})
	s.rule("Lives keeps only the status that the filter names", func(k *kit) {
		k.silence()
		reserved, ended := k.create("reserved"), k.onAir("ended")
		k.end(ended.ID, prism.EndOptions{})
		onAir := k.onAir("on air")
		want := map[prism.Status]string{
			prism.StatusReserved: reserved.ID, prism.StatusOnAir: onAir.ID, prism.StatusEnd: ended.ID,
		}
		for status, id := range want {
			list := k.list(prism.LiveFilter{Status: status})
			if len(among(list, id)) != 1 {
				k.t.Errorf("Lives with Status %s does not list the live in that state", status)
			}
			for _, l := range list {
				if l.Status != status {
					k.t.Errorf("Lives with Status %s lists a live that is %s", status, l.Status)
				}
			}
		}
		if got := among(k.list(prism.LiveFilter{}), reserved.ID, onAir.ID, ended.ID); len(got) != 3 {
			k.t.Errorf("Lives without a Status lists %d of 3 lives: \"\" keeps all states", len(got))
		}
	})
	s.rule("Limit keeps the newest, and every RESERVED and ON_AIR live", func(k *kit) {
		k.silence()
		k.create("old reserved")
		k.tick()
		k.onAir("old on air")
		k.tick()
		for range 4 {
			k.start(k.create("ended").ID)
			k.tick()
		}
		k.silence()
		k.onAir("on air")
		k.tick()
		extra := k.create("scratch")
		k.tick()
		k.start(extra.ID)
		for _, status := range []prism.Status{"", prism.StatusReserved, prism.StatusOnAir, prism.StatusEnd} {
			all := k.list(prism.LiveFilter{Status: status})
			for _, limit := range []int{1, 2, 3, 200} {
				var want []string
				for i, l := range all {
					if i < limit || l.Status != prism.StatusEnd {
						want = append(want, l.ID)
					}
				}
				got := ids(k.list(prism.LiveFilter{Status: status, Limit: limit}))
				if !slices.Equal(got, want) {
					k.t.Errorf("Lives with Status %q and Limit %d returned %v, want %v: the newest %d of those that match, and all RESERVED and ON_AIR ones beyond them", status, limit, got, want, limit)
				}
			}
		}
	})
	s.rule("Lives lists a live as Live returns it", func(k *kit) {
		k.silence()
		made := []string{k.create("a").ID, k.onAir("b").ID}
		list := among(k.list(prism.LiveFilter{}), made...)
		if len(list) != len(made) {
			k.t.Fatalf("Lives lists %d of %d lives", len(list), len(made))
		}
		for _, l := range list {
			if diff := cmp.Diff(k.live(l.ID), l, sameTimes); diff != "" {
				k.t.Errorf("Lives and Live differ (-Live +Lives): the PRISM client reads rtmpPath and statistics from both:\n%s", diff)
			}
		}
	})
}

func newestFirst(modifiedA, modifiedB, createdA, createdB time.Time) bool {
	if !modifiedA.Equal(modifiedB) {
		return modifiedA.After(modifiedB)
	}
	return !createdA.Before(createdB)
}
