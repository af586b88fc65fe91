package console

import (
	"context"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// WatchIngest returns store with an observer in front: the page then shows when
// the media server last told this process that packets of a live came in. Give
// it to package adapters/ingest in place of the store. Errors and results pass
// through unchanged.
func (c *Console) WatchIngest(store prism.IngestStore) prism.IngestStore {
	return &ingestWatch{IngestStore: store, seen: &c.packets, now: c.cfg.Now}
}

type ingestWatch struct {
	prism.IngestStore
	seen *lastSeen
	now  func() time.Time
}

func (w *ingestWatch) IngestStarted(ctx context.Context, liveID string, broadcast int, session string) error {
	err := w.IngestStore.IngestStarted(ctx, liveID, broadcast, session)
	if err == nil {
		w.seen.note(liveID, w.now())
	}
	return err
}

func (w *ingestWatch) IngestSeen(ctx context.Context, liveID, session string) error {
	err := w.IngestStore.IngestSeen(ctx, liveID, session)
	if err == nil {
		w.seen.note(liveID, w.now())
	}
	return err
}

// LastIngest makes the Console's own observation one of the sources.
func (s *lastSeen) LastIngest(_ context.Context, liveIDs []string) (map[string]time.Time, error) {
	return s.times(liveIDs), nil
}
