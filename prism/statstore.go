package prism

import "context"

// MaxStatsBatch is the most reports, or heartbeats, that a call of a StatsStore
// gets from Statistics.
const MaxStatsBatch = 1000

// StatsStore takes the numbers of lives that a host counts, many lives at a
// time, so that no viewer's click is a write of its own. The ready stores
// implement it; Statistics collects for it.
type StatsStore interface {
	// SaveStats applies all reports in one transaction, in their order; a live
	// may stand in them more than once. Reports of lives that do not exist are
	// left out. It returns ErrInvalid when a number is negative or Add has
	// Viewers, and then applies none. Increments of parallel calls all count,
	// and no call fails because of another. ModifiedAt does not move.
	SaveStats(ctx context.Context, reports []StatsReport) error
	// SaveViewers is Audience.ViewerSeen for many heartbeats in one
	// transaction: of a viewer's heartbeats the first of a broadcast counts as
	// a view. Those of lives that do not exist or are not on air are left out.
	// A viewer may stand in it twice.
	SaveViewers(ctx context.Context, heartbeats []ViewerHeartbeat) error
}

// StatsReport is what is new about the numbers of one live. A number in Set
// replaces what is stored, then Add is added.
type StatsReport struct {
	LiveID string
	Set    StatsValues
	// Add has no Viewers: instances that go away would never take theirs back.
	Add LiveStats
}

// Check returns an error that wraps ErrInvalid and names the field, if the
// report has what no StatsStore may take. It is for implementers.
func (r StatsReport) Check() error {
	for _, n := range []struct {
		field string
		value *int64
	}{
		{"Set.Views", r.Set.Views},
		{"Set.Viewers", r.Set.Viewers},
		{"Set.Likes", r.Set.Likes},
		{"Set.Chats", r.Set.Chats},
		{"Add.Views", &r.Add.Views},
		{"Add.Likes", &r.Add.Likes},
		{"Add.Chats", &r.Add.Chats},
	} {
		if n.value != nil && *n.value < 0 {
			return InvalidField("StatsReport."+n.field, "is negative")
		}
	}
	if r.Add.Viewers != 0 {
		return InvalidField("StatsReport.Add.Viewers", "is set: viewers are reported as they are, with Set")
	}
	return nil
}

// StatsValues are absolute numbers of a live. A nil one stays as it is.
type StatsValues struct {
	// Views, Likes and Chats are taken in any state of the live, and go on
	// counting from there.
	Views, Likes, Chats *int64
	// Viewers are those whom the host counts elsewhere, at a CDN for example.
	// The viewers seen by heartbeat come on top. The number is kept until the
	// next report or the end of the broadcast, and is left out when the live
	// is not on air. A broadcast begins with 0.
	Viewers *int64
}

// MaxViewerID is the most bytes of a viewer's id.
const MaxViewerID = 255

// ViewerHeartbeat says that a viewer is watching.
type ViewerHeartbeat struct {
	// LiveID is the live, ViewerID an opaque id of the viewer of 1 to
	// MaxViewerID bytes.
	LiveID, ViewerID string
}
