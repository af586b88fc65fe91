package prismtest

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/b2bprism/b2bprism/prism"
)

// TestStores holds a host's adapters against the contracts of package prism.
// Each rule is a subtest of its own, named after what it demands.
//
// open is called once per rule, and once before them. Fresh data each time is
// best; the same data again works too, as the kit looks only at the lives that
// it made itself, with the exception that it ends whatever is on air on
// EnabledChannel. Rules run one after the other, and leave no goroutine. Clean
// up with t.Cleanup.
//
// The kit is for adapters that manage titles and status. One that always
// answers PUBLIC for the scope is accepted.
//
// The rule of the state machine draws 100 random orders of calls; with a slow
// database, -short or -rapid.checks=20 makes that fewer.
func TestStores(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	probe := open(t)
	if err := probe.problems(); err != nil {
		t.Fatalf("prismtest: the fixture is not complete:\n%v", err)
	}
	s := &suite{t: t, open: open, has: probe}

	s.users()
	s.channels()
	s.context()
	s.ownership()
	s.createLives()
	s.listLives()
	s.broadcasts()
	s.stateMachine()
	s.races()
	s.part(probe.Update != nil, "Update", s.updates)
	s.part(probe.Chat != nil, "Chat", s.chat)
	s.part(probe.ChatDelete != nil && probe.Chat != nil, "ChatDelete (with Chat)", s.chatDeletes)
	s.part(probe.Ban != nil, "Ban", s.bans)
	s.part(probe.Managers != nil, "Managers", s.managers)
	s.part(probe.Ingest != nil, "Ingest", s.ingest)
	s.part(probe.Directory != nil, "Directory", s.directory)
	s.part(probe.Audience != nil, "Audience", s.audience)
	s.part(probe.Stats != nil, "Stats", s.stats)
	s.part(probe.Sweep != nil, "Sweep", s.sweeping)
	s.part(probe.Standings != nil, "Standings", s.standings)
}

// suite runs rules. has is a fixture that is asked only which parts it has.
type suite struct {
	t    *testing.T
	open func(t *testing.T) Fixture
	has  Fixture
}

// rule runs one rule on a fixture of its own.
func (s *suite) rule(name string, check func(k *kit)) {
	s.t.Run(name, func(t *testing.T) {
		k := &kit{t: t, Fixture: s.open(t), ctx: t.Context()}
		if err := k.problems(); err != nil {
			t.Fatalf("prismtest: the fixture is not complete:\n%v", err)
		}
		check(k)
	})
}

// part runs a part of the kit that needs something of the fixture.
func (s *suite) part(present bool, what string, run func()) {
	s.t.Helper()
	if !present {
		s.t.Logf("Fixture.%s is not set: its rules do not run", what)
		return
	}
	run()
}

// failer is what *testing.T and *rapid.T have in common.
type failer interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// kit is one rule at work: the fixture, and calls that fail the test when they
// fail.
type kit struct {
	Fixture
	t   failer
	ctx context.Context
}

// tick lets time go on, so that a later time differs from an earlier one.
func (k *kit) tick() {
	switch {
	case k.Advance != nil:
		k.Advance(time.Second)
	case k.Resolution > 0:
		time.Sleep(k.Resolution)
	default:
		time.Sleep(2 * time.Millisecond)
	}
}

// unique returns an id that the stores cannot have seen.
func unique(kind string) string { return "kit-" + kind + "-" + strings.ToLower(rand.Text()) }

func newLive(title string) prism.NewLive {
	return prism.NewLive{
		Title:       title,
		Description: "About " + title,
		Scope:       prism.ScopePublic,
		ReservedAt:  time.Date(2026, 11, 22, 12, 30, 15, 123456000, time.UTC),
	}
}

func (k *kit) create(title string) prism.Live {
	k.t.Helper()
	l, err := k.Lives.CreateLive(k.ctx, k.Owner, k.EnabledChannel, newLive(title))
	k.noError("CreateLive by the owner on EnabledChannel", err)
	if l.ID == "" {
		k.t.Fatalf("CreateLive returned a live without an id: every live needs one")
	}
	return l
}

func (k *kit) live(id string) prism.Live {
	k.t.Helper()
	l, err := k.Lives.Live(k.ctx, k.Owner, id)
	k.noError("Live by the owner", err)
	return l
}

func (k *kit) start(id string) prism.StartResult {
	k.t.Helper()
	r, err := k.Lives.StartLive(k.ctx, k.Owner, id)
	k.noError("StartLive by the owner", err)
	return r
}

func (k *kit) end(id string, opt prism.EndOptions) prism.EndResult {
	k.t.Helper()
	userID := k.Owner
	if opt.AsService {
		userID = ""
	}
	r, err := k.Lives.EndLive(k.ctx, userID, id, opt)
	k.noError("EndLive", err)
	return r
}

func (k *kit) list(filter prism.LiveFilter) []prism.Live {
	k.t.Helper()
	lives, err := k.Lives.Lives(k.ctx, k.Owner, k.EnabledChannel, filter)
	k.noError("Lives by the owner", err)
	return lives
}

// onAir starts a new live, so that the channel's only live on air is it.
func (k *kit) onAir(title string) prism.Live {
	k.t.Helper()
	return k.start(k.create(title).ID).Live
}

// silence ends whatever is on air on the channel.
func (k *kit) silence() {
	k.t.Helper()
	for _, l := range k.list(prism.LiveFilter{Status: prism.StatusOnAir}) {
		k.end(l.ID, prism.EndOptions{})
	}
}

// clock reads the stores' clock by the one time they tell: that of a new live.
func (k *kit) clock() time.Time {
	k.t.Helper()
	return k.create("clock").CreatedAt
}

func (k *kit) noError(what string, err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatalf("%s: unexpected error: %v", what, err)
	}
}

// wantError fails unless err wraps the sentinel.
func (k *kit) wantError(what string, err error, want *prism.Error) {
	k.t.Helper()
	if err == nil {
		k.t.Errorf("%s: got no error; the contract demands one that wraps prism's %s", what, want.Name)
		return
	}
	if !errors.Is(err, want) {
		k.t.Errorf("%s: got error %q; the contract demands one that wraps prism's %s, as fmt.Errorf(\"…: %%w\", …) makes it", what, err, want.Name)
	}
}

// unchanged fails when the live is not what it was.
func (k *kit) unchanged(what string, before prism.Live) {
	k.t.Helper()
	if diff := cmp.Diff(before, k.live(before.ID), sameTimes); diff != "" {
		k.t.Errorf("%s must leave the live as it is (-before +after):\n%s", what, diff)
	}
}

// sameTimes lets a store round times, up to whole seconds.
var sameTimes = cmpopts.EquateApproxTime(time.Second)

func ids(lives []prism.Live) []string {
	out := make([]string, len(lives))
	for i, l := range lives {
		out[i] = l.ID
	}
	return out
}

// among keeps the lives with these ids, in their order.
func among(lives []prism.Live, wanted ...string) []prism.Live {
	out := make([]prism.Live, 0, len(wanted))
	for _, l := range lives {
		for _, id := range wanted {
			if l.ID == id {
				out = append(out, l)
			}
		}
	}
	return out
}

func ptr[T any](v T) *T { return &v }
