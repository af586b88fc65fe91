package prismtest

import (
	"errors"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// Fixture is what TestStores works on: a host's adapters and the test data
// behind them.
//
// Users, Channels, Lives, Owner, Stranger, EnabledChannel and DisabledChannel
// are required. An optional capability that is nil does without its rules, and
// the test log says so.
type Fixture struct {
	Users    prism.UserSource
	Channels prism.ChannelStore
	Lives    prism.LiveStore

	// Chat, ChatSend, ChatDelete, Ban, Managers and Update are the optional
	// capabilities of prism.Config.
	Chat       prism.ChatReader
	ChatSend   prism.ChatSender
	ChatDelete prism.ChatDeleter
	Ban        prism.Banner
	Managers   prism.ManagerStore
	Update     prism.LiveUpdater

	// Ingest, Directory and Audience are those of a ready store. A host's own
	// adapters seldom have them.
	Ingest    prism.IngestStore
	Directory prism.Directory
	Audience  prism.Audience

	// Stats, Sweep and Standings are what prism.Statistics, prism.Sweeper and
	// a chat that is kept elsewhere need.
	Stats     prism.StatsStore
	Sweep     prism.SweepStore
	Standings prism.StandingSource
	// SecondStats and SecondSweep are Stats and Sweep of another instance on
	// the same data: a second handle with a connection pool of its own. The
	// races run on both. Without them they run on one.
	SecondStats prism.StatsStore
	SecondSweep prism.SweepStore

	// Owner is the id of a user who is not disabled and who owns both
	// channels. Stranger is another such user, who may use neither.
	Owner, Stranger string
	// Viewer is a third user, who may chat. Bans and managers are tested on
	// it. "" leaves those rules out.
	Viewer string

	// EnabledChannel is where the kit makes, starts and ends lives.
	// DisabledChannel is one with Channel.Enabled false.
	EnabledChannel, DisabledChannel string

	// Advance moves the stores' clock on. With it the rules of time are
	// tested in full. nil means that the stores run on the real clock: the
	// kit then waits for Resolution where times must differ, and leaves out
	// what would take minutes.
	Advance func(time.Duration)
	// Resolution is how far apart two times must be for the stores to tell
	// them apart: 2 ms when it is 0. Set a second for columns that keep whole
	// seconds. It is not used when Advance is set.
	Resolution time.Duration
}

// problems names everything that is missing.
func (f Fixture) problems() error {
	var errs []error
	need := func(ok bool, field string) {
		if !ok {
			errs = append(errs, errors.New("Fixture."+field+" is required"))
		}
	}
	need(f.Users != nil, "Users")
	need(f.Channels != nil, "Channels")
	need(f.Lives != nil, "Lives")
	need(f.Owner != "", "Owner")
	need(f.Stranger != "", "Stranger")
	need(f.EnabledChannel != "", "EnabledChannel")
	need(f.DisabledChannel != "", "DisabledChannel")
	if len(errs) == 0 && f.Owner == f.Stranger {
		errs = append(errs, errors.New("Fixture.Owner and Fixture.Stranger must be two users"))
	}
	if f.Viewer != "" && (f.Viewer == f.Owner || f.Viewer == f.Stranger) {
		errs = append(errs, errors.New("Fixture.Viewer must be a third user"))
	}
	if (f.SecondStats != nil && f.Stats == nil) || (f.SecondSweep != nil && f.Sweep == nil) {
		errs = append(errs, errors.New("Fixture.SecondStats needs Stats, and SecondSweep needs Sweep"))
	}
	return errors.Join(errs...)
}

// canPost reports whether the kit can write chat, and so test its reading.
func (f Fixture) canPost() bool {
	return f.ChatSend != nil || (f.Audience != nil && f.Viewer != "")
}
