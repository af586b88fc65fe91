package prism

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/prism/internal/wire"
)

// listLives answers GET /channel/{channelId}/lives.
func (s *Service) listLives(x *exchange) (any, error) {
	query, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		return nil, InvalidField("query", "is malformed")
	}
	status, err := wire.ParseStatus(query["status"])
	if err != nil {
		return nil, invalid(err)
	}
	filter := LiveFilter{Status: Status(status), Limit: s.cfg.LiveListLimit}
	lives, err := call(x.ctx, s, s.cfg.Lives, func(ctx context.Context) ([]Live, error) {
		return s.cfg.Lives.Lives(ctx, x.user, x.channelID, filter)
	})
	if err != nil {
		return nil, err
	}
	channelID, _ := wire.EncodeID(x.channelID) // it came in a path, so it travels
	data := wire.LivesData{ChannelID: channelID, Lives: make([]wire.Live, 0, len(lives))}
	for i := range lives {
		live := &lives[i]
		if live.ChannelID != x.channelID {
			_ = x.cannotSend(s.cfg.Lives, "Live.ChannelID")
			continue
		}
		if l, err := x.wireLive(live); err == nil {
			data.Lives = append(data.Lives, l)
		}
	}
	return data, nil
}

// getLive answers GET /live/{liveId}, which is polled every few seconds.
func (s *Service) getLive(x *exchange) (any, error) {
	live, err := call(x.ctx, s, s.cfg.Lives, func(ctx context.Context) (Live, error) {
		return s.cfg.Lives.Live(ctx, x.user, x.liveID)
	})
	if err != nil {
		return nil, err
	}
	return x.liveData(&live)
}

// createLive answers POST /channel/{channelId}/live.
func (s *Service) createLive(x *exchange) (any, error) {
	body, err := x.body()
	if err != nil {
		return nil, err
	}
	req, err := wire.ParseCreateLive(body)
	if err != nil {
		return nil, invalid(err)
	}
	scope := ScopePublic
	if req.Scope != "" {
		scope = Scope(req.Scope)
	}
	created := NewLive{Title: req.Title, Description: req.Description, Scope: scope, ReservedAt: req.ReservedTime}
	live, err := call(x.ctx, s, s.cfg.Lives, func(ctx context.Context) (Live, error) {
		return s.cfg.Lives.CreateLive(ctx, x.user, x.channelID, created)
	})
	if err != nil {
		return nil, err
	}
	s.liveChanged(x.ctx, LiveCreated, live, "")
	return x.liveData(&live)
}

// updateLive answers PUT /live/{liveId}.
func (s *Service) updateLive(x *exchange) (any, error) {
	body, err := x.body()
	if err != nil {
		return nil, err
	}
	req, err := wire.ParseUpdateLive(body)
	if err != nil {
		return nil, invalid(err)
	}
	update := LiveUpdate{Title: req.Title, Description: req.Description, Scope: (*Scope)(req.Scope), ReservedAt: req.ReservedTime}
	live, err := call(x.ctx, s, s.cfg.Update, func(ctx context.Context) (Live, error) {
		return s.cfg.Update.UpdateLive(ctx, x.user, x.liveID, update)
	})
	if err != nil {
		return nil, err
	}
	s.liveChanged(x.ctx, LiveUpdated, live, "")
	return x.liveData(&live)
}

// startLive answers PUT /live/{liveId}/start.
func (s *Service) startLive(x *exchange) (any, error) {
	result, err := call(x.ctx, s, s.cfg.Lives, func(ctx context.Context) (StartResult, error) {
		return s.cfg.Lives.StartLive(ctx, x.user, x.liveID)
	})
	if err != nil {
		return nil, err
	}
	if result.Ended != nil {
		s.LiveEnded(x.ctx, *result.Ended, EndedByNewerLive)
	}
	if result.Changed {
		s.liveChanged(x.ctx, LiveStarted, result.Live, "")
	}
	return x.flatLiveData(&result.Live)
}

// stopLive answers PUT /live/{liveId}/stop.
func (s *Service) stopLive(x *exchange) (any, error) {
	result, err := call(x.ctx, s, s.cfg.Lives, func(ctx context.Context) (EndResult, error) {
		return s.cfg.Lives.EndLive(ctx, x.user, x.liveID, EndOptions{})
	})
	if err != nil {
		return nil, err
	}
	if result.Changed {
		s.liveChanged(x.ctx, LiveEnded, result.Live, EndedByStreamer)
	}
	return x.flatLiveData(&result.Live)
}

// liveAnswers are for reuse, since most answers are one live.
var liveAnswers = sync.Pool{New: func() any { return new(wire.LiveData) }}

func (x *exchange) liveData(live *Live) (*wire.LiveData, error) {
	l, err := x.wireLive(live)
	if err != nil {
		return nil, err
	}
	channelID, ok := wire.EncodeID(live.ChannelID)
	if !ok {
		return nil, x.cannotSend(x.svc.cfg.Lives, "Live.ChannelID")
	}
	data := liveAnswers.Get().(*wire.LiveData)
	data.ChannelID, data.Live = channelID, l
	return data, nil
}

func (x *exchange) flatLiveData(live *Live) (any, error) {
	data, err := x.liveData(live)
	if err != nil {
		return nil, err
	}
	flat := wire.FlatLiveData{ChannelID: data.ChannelID, Nested: data.Live, Live: data.Live}
	liveAnswers.Put(data)
	return flat, nil
}

// wireLive turns a live into its wire form. An error means that it cannot be
// sent at all.
func (x *exchange) wireLive(live *Live) (wire.Live, error) {
	store, loc := x.svc.cfg.Lives, x.svc.cfg.Location
	id, ok := wire.EncodeID(live.ID)
	if !ok {
		return wire.Live{}, x.cannotSend(store, "Live.ID")
	}
	if live.ForUser != x.user {
		return wire.Live{}, x.cannotSend(store, "Live.ForUser")
	}
	if !live.Status.Valid() {
		return wire.Live{}, x.cannotSend(store, "Live.Status")
	}
	if !x.soundRTMPPath(live.RTMPPath) {
		return wire.Live{}, x.cannotSend(store, "Live.RTMPPath")
	}
	l := wire.Live{
		LiveID:      id,
		Title:       x.bounded(store, "Live.Title", x.nameOr(store, "Live.Title", live.Title, live.ID), MaxTitle),
		Description: x.bounded(store, "Live.Description", live.Description, MaxDescription),
		RTMPPath:    live.RTMPPath,
		Status:      string(live.Status),
		Scope:       string(x.scope(live.Scope)),
		LiveLink:    x.link(store, "Live.Link", live.Link),
		StartAt:     x.timeOrNull(store, "Live.StartedAt", live.StartedAt),
		LiveStat: wire.LiveStat{
			ViewCount:   x.count(store, "Live.Stats.Views", live.Stats.Views),
			ViewerCount: x.count(store, "Live.Stats.Viewers", live.Stats.Viewers),
			LikeCount:   x.count(store, "Live.Stats.Likes", live.Stats.Likes),
			ChatCount:   x.count(store, "Live.Stats.Chats", live.Stats.Chats),
		},
	}
	if live.Status == StatusOnAir && x.svc.cfg.LegacyOnAir {
		l.Status = "ONAIR"
	}
	reserved := live.ReservedAt
	if !wire.CanSend(reserved) {
		x.badData(store, "Live.ReservedAt")
		if reserved = live.CreatedAt; !wire.CanSend(reserved) {
			reserved = time.Unix(0, 0) // it must not be null
		}
	}
	l.ReservedAt = wire.TimeIn(reserved, loc)
	return l, nil
}

// soundRTMPPath checks that the PRISM client will read the path as it is meant,
// and warns once when the part before the key differs between lives: the
// client keeps the first one that it saw.
func (x *exchange) soundRTMPPath(path string) bool {
	if first := x.svc.rtmpServer.get(); first != "" && soundKeyOf(path, first) {
		return true
	}
	server, _, err := SplitRTMPPath(path)
	if err != nil {
		return false
	}
	if !x.svc.rtmpServer.same(server) {
		x.badData(x.svc.cfg.Lives, "Live.RTMPPath (server part differs between lives)")
	}
	return true
}

// scope shows an unknown scope as the most private one.
func (x *exchange) scope(scope Scope) Scope {
	switch {
	case scope == "":
		return ScopePublic
	case !scope.Valid():
		x.badData(x.svc.cfg.Lives, "Live.Scope")
		return ScopePrivate
	}
	return scope
}
