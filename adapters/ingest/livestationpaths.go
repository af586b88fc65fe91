package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	// liveStationPathAge is how old a publish address gets before it is asked
	// for again.
	liveStationPathAge = 5 * time.Minute
	// liveStationPathRetry is the time from a failed question to the next one
	// for an address that is known.
	liveStationPathRetry = 30 * time.Second
	// liveStationPathTimeout bounds one question. It leaves most of
	// prism.DefaultDeadline to the store.
	liveStationPathTimeout = time.Second
)

// liveStationPaths keeps the publish addresses of Live Station channels. It
// runs at most one question per channel, apart from the calls that wait for
// it, and each for a bounded time: so it needs no Close.
type liveStationPaths struct {
	station *LiveStation

	mu    sync.Mutex
	paths map[string]*liveStationPath // by Live Station channel
}

type liveStationPath struct {
	path string    // "" until the first good answer
	err  error     // of the last question
	next time.Time // when to ask again for a path that is known
	// asking is closed when the question that runs is over; nil if none runs.
	asking chan struct{}
}

// get returns the address of a channel: at once if it is known, however old,
// and else when Live Station has answered.
func (l *liveStationPaths) get(ctx context.Context, station string) (string, error) {
	l.mu.Lock()
	p := l.paths[station]
	if p == nil {
		p = &liveStationPath{}
		l.paths[station] = p
	}
	if p.asking == nil && (p.path == "" || !l.station.opt.Now().Before(p.next)) {
		p.asking = make(chan struct{})
		go l.ask(context.WithoutCancel(ctx), station, p)
	}
	path, asking := p.path, p.asking
	l.mu.Unlock()
	if path != "" {
		return path, nil
	}
	select {
	case <-asking:
	case <-ctx.Done():
		return "", fmt.Errorf("ingest: waiting for Live Station: %w", ctx.Err())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.path == "" {
		return "", p.err
	}
	return p.path, nil
}

// ask asks for one address. ctx is not cancelled with the request that it is
// from: another one may wait for the same answer.
func (l *liveStationPaths) ask(ctx context.Context, station string, p *liveStationPath) {
	ctx, cancel := context.WithTimeout(ctx, liveStationPathTimeout)
	defer cancel()
	c, err := l.station.Channel(ctx, station)
	path := ""
	if err == nil {
		path, err = c.RTMPPath()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.err = err; err == nil {
		p.path, p.next = path, l.station.opt.Now().Add(liveStationPathAge)
	} else {
		p.next = l.station.opt.Now().Add(liveStationPathRetry)
	}
	close(p.asking)
	p.asking = nil
}

// path returns the rtmpPath of a channel of the host, "" for one that Live
// Station does not carry.
func (l *LiveStationLives) path(ctx context.Context, channelID string) (string, error) {
	station, err := l.channels.StationOf(ctx, channelID)
	if errors.Is(err, prism.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("ingest: Live Station channel of channel %q: %w", channelID, err)
	}
	path, err := l.paths.get(ctx, station)
	if err != nil {
		// To the caller it is one thing that there is no address now, whether
		// the channel is still being created, is gone, or cannot be asked.
		return "", fmt.Errorf("ingest: rtmpPath of channel %q: %w: %s", channelID, prism.ErrUnavailable, err.Error())
	}
	return path, nil
}

// pathAfter is path for the answer to a change that is stored already. It may
// not fail, and where the address is not known it waits for no more than half
// of the time that is left to answer.
func (l *LiveStationLives) pathAfter(ctx context.Context, channelID string) string {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	path, err := l.path(ctx, channelID)
	if err != nil {
		return "" // the live keeps the address that it has
	}
	return path
}
