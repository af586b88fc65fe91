package memory

import (
	"container/list"
	"context"
	"slices"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// viewerSet knows every viewer of one broadcast, and who of them is watching.
type viewerSet struct {
	seen  map[string]*list.Element // nil for one who is gone
	queue *list.List               // of heartbeat, oldest first
}

type heartbeat struct {
	viewer string
	at     time.Time
}

func newViewerSet() viewerSet {
	return viewerSet{seen: make(map[string]*list.Element), queue: list.New()}
}

// mark records a heartbeat and reports whether it is the viewer's first.
func (v *viewerSet) mark(viewer string, now time.Time) (first bool) {
	el, known := v.seen[viewer]
	if el != nil {
		v.queue.Remove(el)
	}
	v.seen[viewer] = v.queue.PushBack(heartbeat{viewer, now})
	return !known
}

// watching counts the viewers seen after the given time, and lets the others
// go.
func (v *viewerSet) watching(after time.Time) int64 {
	for el := v.queue.Front(); el != nil; el = v.queue.Front() {
		beat := el.Value.(heartbeat)
		if beat.at.After(after) {
			break
		}
		v.queue.Remove(el)
		v.seen[beat.viewer] = nil
	}
	return int64(v.queue.Len())
}

// WatchLive implements prism.Audience.
func (s *Store) WatchLive(ctx context.Context, liveID string) (prism.Live, error) {
	if err := s.lock(ctx); err != nil {
		return prism.Live{}, err
	}
	defer s.mu.Unlock()
	l, err := s.anyLive(liveID)
	if err != nil {
		return prism.Live{}, err
	}
	return forViewers(s.liveView(l)), nil
}

// LivesOnAir implements prism.Audience.
func (s *Store) LivesOnAir(ctx context.Context, limit int) ([]prism.Live, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var onAir []*liveRecord
	for _, c := range s.channels {
		if c.onAir != nil {
			onAir = append(onAir, c.onAir)
		}
	}
	slices.SortFunc(onAir, func(a, b *liveRecord) int {
		return byNewest(a.live.StartedAt, b.live.StartedAt, a.live.CreatedAt, b.live.CreatedAt, a.live.ID, b.live.ID)
	})
	lives := s.liveViews(onAir, limit)
	for i := range lives {
		lives[i] = forViewers(lives[i])
	}
	return lives, nil
}

// LiveChat implements prism.Audience.
func (s *Store) LiveChat(ctx context.Context, liveID string, query prism.ChatQuery) (prism.ChatPage, error) {
	if err := s.lock(ctx); err != nil {
		return prism.ChatPage{}, err
	}
	defer s.mu.Unlock()
	l, err := s.anyLive(liveID)
	if err != nil {
		return prism.ChatPage{}, err
	}
	return s.chatPage(l, query), nil
}

// PostChat implements prism.Audience. It takes chat in any state of the live.
// It returns prism.ErrNotFound for a user that the store does not know and
// prism.ErrForbidden for one who is disabled.
func (s *Store) PostChat(ctx context.Context, liveID, userID, text string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	l, err := s.anyLive(liveID)
	if err != nil {
		return err
	}
	u, ok := s.users[userID]
	if !ok {
		return notFound("author")
	}
	if u.Disabled || l.channel.banned(userID, s.now()) {
		return forbidden("the author may not chat here")
	}
	s.say(l, userID, text)
	return nil
}

// ViewerSeen implements prism.Audience. It returns prism.ErrConflict, and
// counts nothing, when the live is not on air.
func (s *Store) ViewerSeen(ctx context.Context, liveID, viewerID string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	l, err := s.anyLive(liveID)
	if err != nil {
		return err
	}
	if l.live.Status != prism.StatusOnAir {
		return conflict("the live is not on air")
	}
	l.viewerSeen(viewerID, s.now())
	return nil
}

// viewerSeen takes a heartbeat of a live on air.
func (l *liveRecord) viewerSeen(viewerID string, now time.Time) {
	if l.audience.mark(viewerID, now) {
		l.live.Stats.Views = addCount(l.live.Stats.Views, 1)
	}
}

// AddLikes implements prism.Audience. It returns prism.ErrInvalid for a
// negative n.
func (s *Store) AddLikes(ctx context.Context, liveID string, n int) error {
	if n < 0 {
		return prism.InvalidField("n", "is negative")
	}
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	l, err := s.anyLive(liveID)
	if err != nil {
		return err
	}
	l.live.Stats.Likes = addCount(l.live.Stats.Likes, int64(n))
	return nil
}

// forViewers takes out what only the owner may see.
func forViewers(l prism.Live) prism.Live {
	l.RTMPPath, l.ForUser = "", ""
	return l
}
