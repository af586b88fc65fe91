package prism

import (
	"context"
	"time"
)

// Status is the state of a live. A live goes RESERVED -> ON_AIR -> END, and
// from END to ON_AIR again when it is reused.
type Status string

// The states of a live.
const (
	StatusReserved Status = "RESERVED"
	StatusOnAir    Status = "ON_AIR"
	StatusEnd      Status = "END"
)

// Valid reports whether s is one of the three states.
func (s Status) Valid() bool {
	return s == StatusReserved || s == StatusOnAir || s == StatusEnd
}

// Scope says who may watch a live.
type Scope string

// The scopes of a live.
const (
	ScopePublic  Scope = "PUBLIC"
	ScopeLimited Scope = "LIMITED"
	ScopePrivate Scope = "PRIVATE"
)

// Valid reports whether s is one of the three scopes.
func (s Scope) Valid() bool {
	return s == ScopePublic || s == ScopeLimited || s == ScopePrivate
}

// Bounds of a live's texts, in UTF-16 units as the PRISM client counts them.
// The handler refuses a request beyond them with 400.
const (
	MaxTitle       = 100
	MaxDescription = 5000
)

// Live is one broadcast unit of the host's service. It can be broadcast many
// times.
type Live struct {
	// ID and ChannelID are the host's own ids.
	ID, ChannelID string
	// ForUser is the id of the acting user whom this live was selected for;
	// see Channel.ForUser.
	ForUser string
	// Title is 1 to MaxTitle units, Description 0 to MaxDescription.
	Title, Description string
	// RTMPPath is where the client pushes to: "rtmp://" or "rtmps://", host,
	// app, and the stream key as the last segment. It is there from creation
	// on, and all of it but the key is the same for all lives of a service.
	// See RTMPPath (the function) to build one.
	RTMPPath string
	// PlaybackID is the id under which viewers fetch the pictures, where the
	// store has one. It is never the stream key and never sent to PRISM.
	PlaybackID string
	// Link is where to watch the live. It should not be blank: see
	// LivesWithDefaults.
	Link   string
	Status Status
	// Scope is PUBLIC when the host has no scopes. "" counts as PUBLIC.
	Scope Scope
	// Broadcast counts the starts of this live: 0 before the first.
	Broadcast int
	// ReservedAt is the reserved time. A zero one is sent as CreatedAt.
	ReservedAt time.Time
	// StartedAt is when the latest broadcast began; zero before the first.
	StartedAt time.Time
	// EndedAt is when the latest broadcast ended; zero before that.
	EndedAt time.Time
	// ModifiedAt moves on create, update, start and end only. ModifiedAt and
	// CreatedAt give the order of lists.
	ModifiedAt, CreatedAt time.Time
	Stats                 LiveStats
}

// LiveStats are a live's numbers. They are sent clamped to 0..2147483647.
type LiveStats struct {
	// Views is cumulative, Viewers current.
	Views, Viewers int64
	Likes, Chats   int64
}

// NewLive is what a streamer gives when creating a live. The handler has
// checked it: Title and Description are within their bounds, Scope is valid,
// ReservedAt is set (it may be past: the client sends "now").
type NewLive struct {
	Title, Description string
	Scope              Scope
	ReservedAt         time.Time
}

// LiveUpdate changes a live. A nil field keeps what is stored.
type LiveUpdate struct {
	Title, Description *string
	Scope              *Scope
	ReservedAt         *time.Time
}

// LiveFilter selects the lives of a list.
type LiveFilter struct {
	// Status keeps lives in one state; "" keeps all.
	Status Status
	// Limit is how many of the newest modified lives to return. RESERVED and
	// ON_AIR lives beyond them are returned as well. 0 means no limit.
	Limit int
}

// StartResult is the outcome of LiveStore.StartLive.
type StartResult struct {
	// Live is the live after the call.
	Live Live
	// Changed is false when the live was on air already.
	Changed bool
	// Ended is the channel's other live that was on air and that this start
	// ended, or nil.
	Ended *Live
}

// EndOptions bound what LiveStore.EndLive may end. The zero value is the
// acting user's own stop.
type EndOptions struct {
	// OnlyBroadcast ends the live only if Live.Broadcast still has this
	// value; 0 ends whichever broadcast runs. It keeps a late end of an
	// earlier broadcast from ending a newer one.
	OnlyBroadcast int
	// IdleBefore ends the live only if the store has seen no packet of it at
	// that time or later (IngestStore); before the first packet of a broadcast
	// its start counts. Zero ends it whenever that was. It keeps the end of an idle live from ending one that has just come back.
	// A store that is no IngestStore does not look at it.
	IdleBefore time.Time
	// AsService is set when the host itself ends the live (Service.EndLive).
	// Ownership is not checked then, userID is "", and ForUser of the live
	// that comes back is the owner of its channel.
	AsService bool
}

// EndResult is the outcome of LiveStore.EndLive.
type EndResult struct {
	// Live is the live after the call.
	Live Live
	// Changed is true for exactly one of the calls that end a broadcast.
	Changed bool
}

// LiveStore keeps lives. It must be safe for concurrent use and honour ctx:
// when ctx ends, the call returns soon with an error that wraps ctx.Err() or
// ErrUnavailable. A live that does not exist and one that the acting user may
// not use are the same: an error that wraps ErrNotFound.
//
// At any instant at most one live of a channel is ON_AIR, across all processes
// that share the store.
type LiveStore interface {
	// Lives returns the lives of a channel that pass the filter, ordered by
	// ModifiedAt descending, then CreatedAt descending. It returns
	// ErrNotFound for a channel that the user may not use.
	Lives(ctx context.Context, userID, channelID string, filter LiveFilter) ([]Live, error)

	// Live returns one live.
	Live(ctx context.Context, userID, liveID string) (Live, error)

	// CreateLive stores a new RESERVED live with its stream key and returns
	// it. It returns ErrChannelDisabled when the channel is disabled.
	CreateLive(ctx context.Context, userID, channelID string, live NewLive) (Live, error)

	// StartLive puts a RESERVED or ENDed live on air: StartedAt becomes now,
	// Broadcast grows by one, Stats.Viewers becomes 0; the stream key, the
	// chat and the other numbers go on. In the same transaction it ends the
	// channel's other live that is on air, if there is one. A live that is
	// on air already stays as it is. It returns ErrChannelDisabled when the
	// channel is disabled.
	StartLive(ctx context.Context, userID, liveID string) (StartResult, error)

	// EndLive ends the broadcast of a live that is on air. A live that is
	// not on air, or that opt leaves out, stays as it is.
	EndLive(ctx context.Context, userID, liveID string, opt EndOptions) (EndResult, error)
}

// LiveUpdater is the optional capability to change a live before and during
// its broadcast (Config.Update). PRISM's page does not list the call, its PC
// client makes it.
type LiveUpdater interface {
	// UpdateLive changes the fields that are not nil and returns the live.
	UpdateLive(ctx context.Context, userID, liveID string, update LiveUpdate) (Live, error)
}
