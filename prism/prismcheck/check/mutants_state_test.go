package check_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

// memory of what passed, by live.
type seen struct {
	mu   sync.Mutex
	text map[string]any
}

func (s *seen) put(id string, v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text == nil {
		s.text = map[string]any{}
	}
	s.text[id] = v
}

func (s *seen) get(id string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text[id]
}

// idOf is the live's id in a path.
func idOf(r *http.Request) string {
	return strings.Split(strings.TrimPrefix(r.URL.Path, base+"/live/"), "/")[0]
}

// status follows the states of lives and lets f refuse a start or a stop.
func (w *world) status(f func(r *http.Request, status any) bool) {
	var states seen
	w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		turn := matches(startCall, r) || matches(stopCall, r)
		if turn && f(r, states.get(idOf(r))) {
			fails(rw, http.StatusConflict)
			return
		}
		a := httptest.NewRecorder()
		next.ServeHTTP(a, r)
		if live := parse(a.Body.Bytes()).at("data", "live"); turn && a.Code == http.StatusOK {
			states.put(idOf(r), live["status"])
		}
		for name, values := range a.Header() {
			rw.Header()[name] = values
		}
		rw.WriteHeader(a.Code)
		_, _ = rw.Write(a.Body.Bytes())
	})
}

// turned changes data.live and its copy in data of a start or a stop.
func (w *world) turned(pattern string, f func(live object)) {
	w.json(pattern, func(body object) { f(body.at("data", "live")); f(body.at("data")) })
}

var stateMutants = []mutant{
	{"stopping a reserved live is 409", "state.stop-reserved", func(w *world) {
		w.status(func(r *http.Request, status any) bool { return matches(stopCall, r) && status == nil })
	}},
	{"stopping a reserved live ends it", "state.stop-reserved", func(w *world) {
		w.turned(stopCall, func(live object) { live["status"] = "END" })
	}},
	{"start answers the state before", "state.start", func(w *world) { w.turned(startCall, func(live object) { live["status"] = "RESERVED" }) }},
	{"startAt stays null", "state.start", func(w *world) { w.everyLive(func(live object) { live["startAt"] = nil }) }},
	{"starting twice is 409", "state.start-again", func(w *world) {
		w.status(func(r *http.Request, status any) bool { return matches(startCall, r) && status == "ON_AIR" })
	}},
	{"starting twice moves startAt", "state.start-again", func(w *world) {
		var n atomic.Int64
		w.everyLive(func(live object) {
			if live["startAt"] != nil {
				live["startAt"] = time.Date(2030, 1, 1, 0, 0, int(n.Add(1)), 0, time.UTC).Format(time.RFC3339)
			}
		})
	}},
	{"a second live of a channel is 409", "state.newest-wins", func(w *world) {
		var on atomic.Int64
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			switch {
			case matches(startCall, r) && on.Load() > 0:
				fails(rw, http.StatusConflict)
				return
			case matches(startCall, r):
				on.Add(1)
			case matches(stopCall, r):
				on.Store(0)
			}
			next.ServeHTTP(rw, r)
		})
	}},
	{"the older live stays on air", "state.newest-wins", func(w *world) {
		var stopped seen
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if matches(stopCall, r) {
				stopped.put(idOf(r), true)
			}
			if matches(startCall, r) {
				stopped.put(idOf(r), false)
			}
			next.ServeHTTP(rw, r)
		})
		w.oneLive(func(live object) {
			if id, _ := live["liveId"].(string); live["status"] == "END" && stopped.get(id) == false {
				live["status"] = "ON_AIR"
			}
		})
	}},
	{"a second stop is 409", "state.stop", func(w *world) {
		w.status(func(r *http.Request, status any) bool { return matches(stopCall, r) && status == "END" })
	}},
	{"live info is behind a stop", "state.stop", func(w *world) {
		w.oneLive(func(live object) {
			if live["status"] == "END" {
				live["status"] = "ON_AIR"
			}
		})
	}},
	{"an ended live cannot be started", "state.restart", func(w *world) {
		w.status(func(r *http.Request, status any) bool { return matches(startCall, r) && status == "END" })
	}},
	{"a restart makes a new stream key", "state.restart", func(w *world) {
		w.turned(startCall, func(live object) { live["rtmpPath"] = "rtmp://ingest.example/live/abcdefghijklmnopqrstuvwxyz012345" })
	}},
	{"there are no statistics", "state.statistics", func(w *world) { w.everyLive(func(live object) { delete(live, "liveStat") }) }},
	{"viewers of the last broadcast count on", "state.statistics", func(w *world) {
		w.turned(startCall, func(live object) { live.at("liveStat")["viewerCount"] = 7 })
	}},
	{"starts at once win all", "state.one-on-air", func(w *world) {
		var pairs meeting
		var both seen
		w.asking(startCall, func(_ http.ResponseWriter, r *http.Request) bool {
			both.put(idOf(r), pairs.met("start"))
			return false
		})
		w.asking(stopCall, func(_ http.ResponseWriter, r *http.Request) bool { both.put(idOf(r), false); return false })
		w.oneLive(func(live object) {
			if id, _ := live["liveId"].(string); both.get(id) == true {
				live["status"] = "ON_AIR"
			}
		})
	}},
	{"a start renames the live", "state.text", func(w *world) {
		w.oneLive(func(live object) {
			if live["status"] == "END" {
				live["title"] = "was live"
			}
		})
	}},
	{"a stop ends nothing", "state.off-air", func(w *world) {
		w.asking(stopCall, func(rw http.ResponseWriter, r *http.Request) bool {
			r.URL.Path = strings.TrimSuffix(r.URL.Path, "/stop") + "/start"
			return false
		})
	}},
}

// updating refuses updates.
func (w *world) updating(refuse func(o object) bool) {
	w.asking(updateCall, func(rw http.ResponseWriter, r *http.Request) bool {
		refused := false
		body(r, func(o object) { refused = refuse(o) })
		return refused && fails(rw, http.StatusBadRequest)
	})
}

var updateMutants = []mutant{
	{"there is no update", "update.available", func(w *world) { w.config.Update = nil }},
	{"an update keeps the description", "update.live", func(w *world) { w.updating(func(o object) bool { delete(o, "description"); return false }) }},
	{"an update cannot empty the description", "update.live", func(w *world) {
		w.updating(func(o object) bool {
			if o["description"] == "" {
				delete(o, "description")
			}
			return false
		})
	}},
	{"an update makes a new stream key", "update.live", func(w *world) {
		w.json(updateCall, func(body object) {
			body.at("data", "live")["rtmpPath"] = "rtmp://ingest.example/live/abcdefghijklmnopqrstuvwxyz012345"
		})
	}},
	{"an empty reservedAt is refused", "update.reserved-at", func(w *world) { w.updating(func(o object) bool { return o["reservedAt"] == "" }) }},
	{"an absent reservedAt is now", "update.reserved-at", func(w *world) {
		w.updating(func(o object) bool {
			if o["reservedAt"] == nil {
				o["reservedAt"] = "2031-01-01T00:00:00Z"
			}
			return false
		})
	}},
	{"an update cannot reserve in the past", "update.reserved-at", func(w *world) {
		w.updating(func(o object) bool {
			text, _ := o["reservedAt"].(string)
			at, err := time.Parse(time.RFC3339, text)
			return err == nil && at.Before(time.Now().Add(-time.Minute))
		})
	}},
	{"a live on air cannot be updated", "update.on-air", func(w *world) {
		var on atomic.Bool
		w.asking(startCall, func(http.ResponseWriter, *http.Request) bool { on.Store(true); return false })
		w.asking(stopCall, func(http.ResponseWriter, *http.Request) bool { on.Store(false); return false })
		w.asking(updateCall, func(rw http.ResponseWriter, _ *http.Request) bool { return on.Load() && fails(rw, http.StatusConflict) })
	}},
	{"an update does not move a live in the list", "update.order", func(w *world) {
		var moved seen
		w.asking(updateCall, func(_ http.ResponseWriter, r *http.Request) bool { moved.put(idOf(r), true); return false })
		w.json(listCall, func(body object) {
			list, _ := body.at("data")["lives"].([]any)
			var front, back []any
			for _, item := range list {
				live, _ := item.(map[string]any)
				if id, _ := live["liveId"].(string); moved.get(id) == true {
					back = append(back, item)
				} else {
					front = append(front, item)
				}
			}
			body.at("data")["lives"] = append(front, back...)
		})
	}},
	{"updating an unknown live succeeds", "update.unknown", emptyFor(updateCall, object{})},
}

var optionalMutants = []mutant{
	{"the chat is missing", "optional.expected", func(w *world) {
		w.target.Expect = check.APIs()
		w.config.Chat, w.config.ChatSend, w.config.ChatDelete, w.config.Ban, w.config.Managers = nil, nil, nil, nil, nil
	}},
	{"bans are not switched on", "optional.expected", func(w *world) { w.target.Expect = []check.API{check.APIChat} }},
	{"what is off is 501", "optional.absent", func(w *world) {
		w.config.Update = nil
		onError(updateCall, http.StatusNotFound, http.StatusNotImplemented)(w)
	}},
	{"chat is sent and not listed", "optional.needs-chat", func(w *world) {
		w.config.Chat, w.config.ChatDelete, w.config.Ban, w.config.Managers = nil, nil, nil, nil
	}},
}

// underLoad calls f for polls that follow on each other, which only the load
// makes.
func (w *world) underLoad(f func(rw http.ResponseWriter, r *http.Request) bool) {
	var row atomic.Int64
	w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if !matches(infoCall, r) && !matches(chatCall, r) {
			row.Store(0)
		} else if row.Add(1) > 6 && f(rw, r) {
			return
		}
		next.ServeHTTP(rw, r)
	})
	w.target.Lives, w.target.LoadTime = 8, 100*time.Millisecond
}

var errPush = errors.New("the server closed the connection")

var loadMutants = []mutant{
	{"polls are limited", "load.errors", func(w *world) {
		w.underLoad(func(rw http.ResponseWriter, _ *http.Request) bool { return fails(rw, http.StatusTooManyRequests) })
	}},
	{"polls take too long", "load.time", func(w *world) {
		w.target.MaxTime = 20 * time.Millisecond
		w.underLoad(func(_ http.ResponseWriter, r *http.Request) bool { slow(25*time.Millisecond, r); return false })
	}},
	{"polls are slow", "load.recommended-time", func(w *world) {
		w.target.RecommendedTime = 10 * time.Millisecond
		w.underLoad(func(_ http.ResponseWriter, r *http.Request) bool { slow(15*time.Millisecond, r); return false })
	}},
	{"the channel list is slow", "answer.recommended-time", func(w *world) {
		w.target.RecommendedTime = 10 * time.Millisecond
		w.asking("GET /channel/list", func(_ http.ResponseWriter, r *http.Request) bool { slow(15*time.Millisecond, r); return false })
	}},
	{"the user call takes too long", "answer.time", func(w *world) {
		w.target.MaxTime = 10 * time.Millisecond
		w.asking("GET /user", func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get(accessName) != "" {
				slow(15*time.Millisecond, r)
			}
			return false
		})
	}},
	{"the ingest refuses", "rtmp.push", func(w *world) {
		w.target.Push = func(context.Context, string, func()) error { return errPush }
	}},
	{"the ingest takes any key", "rtmp.unknown-key", func(w *world) {
		w.target.Push = func(context.Context, string, func()) error { return nil }
	}},
}
