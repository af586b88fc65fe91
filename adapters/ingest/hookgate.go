package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// gate is what the hooks of every media server come down to.
type gate struct {
	events  Events
	control prism.PublisherKicker
	log     *zap.Logger
}

func newGate(events Events, control prism.PublisherKicker, log *zap.Logger) *gate {
	if log == nil {
		log = zap.NewNop()
	}
	return &gate{events: events, control: control, log: log}
}

// othersKicker drops the publishers of a live but one session. The controls of
// servers that already count the new publisher implement it.
type othersKicker interface {
	kickOthers(ctx context.Context, live prism.Live, session string) error
}

// publish asks whether a publisher may publish, drops the one before it, and
// makes it the live's publisher. err is what was wrong with the hook, if
// anything was. The outcome is logged.
func (g *gate) publish(ctx context.Context, p Publish, err error) (Decision, error) {
	var d Decision
	if err == nil {
		d, err = g.events.Authorize(ctx, p)
	}
	if err == nil && !nameSafe(strings.TrimPrefix(d.Playback, "~")) {
		// Anything else could be a URL, which nginx would push the stream to.
		err = fmt.Errorf("ingest: live %q: the playback name is not safe: %w", d.Live.ID, prism.ErrInvalid)
	}
	if err == nil && g.control != nil {
		if kickErr := g.kickFormer(ctx, d.Live, p.Session); kickErr != nil {
			g.log.Warn("the former publisher may still be there", zap.String("live", d.Live.ID), zap.Error(kickErr))
		}
	}
	if err == nil {
		err = g.events.Started(ctx, p)
	}
	switch {
	case err == nil:
		g.log.Debug("publish allowed", zap.String("live", d.Live.ID), zap.String("session", p.Session))
	case refused(err):
		g.log.Info("publish refused", zap.String("session", p.Session), zap.String("addr", p.RemoteAddr), zap.Error(err))
	default:
		g.log.Error("publish could not be decided", zap.String("session", p.Session), zap.Error(err))
	}
	return d, err
}

func (g *gate) kickFormer(ctx context.Context, live prism.Live, session string) error {
	if k, ok := g.control.(othersKicker); ok {
		return k.kickOthers(ctx, live, session)
	}
	return g.control.KickPublisher(ctx, live)
}

// ended records the end of a session. The media server may be gone before the
// answer; the end still counts.
func (g *gate) ended(ctx context.Context, p Publish, err error) {
	if err == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hookTimeout)
		defer cancel()
		err = g.events.Ended(ctx, p)
	}
	if err != nil {
		g.log.Warn("end of a publisher not recorded", zap.String("session", p.Session), zap.Error(err))
	}
}

// refused reports whether err is a refusal, rather than a failure of the
// service.
func refused(err error) bool { return mustGo(err) || errors.Is(err, errHook) }

// mustGo reports whether err says that the publisher has no right to publish,
// rather than that the service failed.
func mustGo(err error) bool {
	return errors.Is(err, prism.ErrNotFound) || errors.Is(err, prism.ErrConflict) || errors.Is(err, prism.ErrForbidden)
}
