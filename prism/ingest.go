package prism

import (
	"context"
	"time"
)

// IngestStore is what a media server's hooks need of a data layer. The ready
// stores implement it; package adapters/ingest uses it.
//
// A session is one connection of a publisher, named by the media server. Only
// the latest session of a live's present broadcast counts, so that a late
// event of an older one changes nothing.
type IngestStore interface {
	// LiveByStreamKey returns the live whose stream key has this digest (see
	// KeyDigest), in any state, or ErrNotFound. ForUser is the owner of its
	// channel.
	LiveByStreamKey(ctx context.Context, digest [32]byte) (Live, error)

	// IngestStarted makes session the live's publisher, and counts as a
	// packet seen. It returns ErrConflict when the live is not on air with
	// this broadcast.
	IngestStarted(ctx context.Context, liveID string, broadcast int, session string) error

	// IngestSeen records that packets came in just now. It returns
	// ErrConflict when the session is not the live's publisher or the live is
	// not on air: the publisher should be dropped.
	IngestSeen(ctx context.Context, liveID, session string) error

	// IngestEnded records that the session is over. It ends no live: the
	// client may reconnect. A session that is not the publisher's is ignored.
	IngestEnded(ctx context.Context, liveID, session string) error

	// IdleLives returns up to limit lives that are on air and whose last
	// packet, or start if none came in since, was before the given time,
	// longest idle first.
	IdleLives(ctx context.Context, before time.Time, limit int) ([]Live, error)
}

// PublisherKicker drops the publisher of a live, where the media server can
// (Config.Ingest).
type PublisherKicker interface {
	// KickPublisher drops the publisher of the live, if there is one. It is
	// called when a broadcast has ended by the host or by a newer live. An
	// error is logged, and changes nothing for the caller.
	KickPublisher(ctx context.Context, live Live) error
}
