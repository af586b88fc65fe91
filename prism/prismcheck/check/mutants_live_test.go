package check_test

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	createCall = "POST /channel/*/live"
	listCall   = "GET /channel/*/lives"
	infoCall   = "GET /live/*"
	startCall  = "PUT /live/*/start"
	stopCall   = "PUT /live/*/stop"
	updateCall = "PUT /live/*"
)

// creating changes or refuses the bodies of create.
func (w *world) creating(refuse func(r *http.Request, o object) bool) {
	w.asking(createCall, func(rw http.ResponseWriter, r *http.Request) bool {
		refused := false
		body(r, func(o object) { refused = refuse(r, o) })
		return refused && fails(rw, http.StatusBadRequest)
	})
}

// onError changes the status of failures of a call.
func onError(pattern string, from, to int) func(*world) {
	return func(w *world) {
		w.failures(pattern, func(a *httptest.ResponseRecorder, _ *http.Request, _ object) {
			if a.Code == from {
				a.Code = to
			}
		})
	}
}

// emptyFor answers what does not exist with an empty success.
func emptyFor(pattern string, data any) func(*world) {
	return func(w *world) {
		w.answering(pattern, func(a *httptest.ResponseRecorder, _ *http.Request) {
			if a.Code == http.StatusNotFound {
				a.Code = http.StatusOK
				a.Body.Reset()
				a.Body.Write(encode(object{"success": true, "errorCode": 0, "errorName": nil, "message": nil, "data": data}))
			}
		})
	}
}

func reverse(o object, key string) {
	if list, ok := o[key].([]any); ok {
		slices.Reverse(list)
	}
}

var channelMutants = []mutant{
	{"userId is new each time", "user.info", func(w *world) {
		var n atomic.Int64
		w.json("GET /user", func(body object) { body.at("data", "user")["userId"] = fmt.Sprint("u", n.Add(1)) })
	}},
	{"the user is cached for everybody", "user.second", func(w *world) {
		w.json("GET /user", func(body object) { body.at("data", "user")["userId"] = "minji" })
	}},
	{"the channel list is empty", "channel.list", func(w *world) {
		w.json("GET /channel/list", func(body object) { body.at("data")["channels"] = []any{} })
	}},
	{"no channel is enabled", "channel.list", func(w *world) {
		w.json("GET /channel/list", func(body object) { body.at("data").each("channels", func(c object) { c["channelEnabled"] = false }) })
	}},
	{"the list has another userName", "channel.user-name", func(w *world) {
		w.json("GET /channel/list", func(body object) { body.at("data")["userName"] = "minji@example" })
	}},
	{"a disabled channel comes first", "channel.first-enabled", func(w *world) {
		w.json("GET /channel/list", func(body object) { reverse(body.at("data"), "channels") })
	}},
	{"a single channel lacks its tags", "channel.info", func(w *world) {
		w.json("GET /channel/*", func(body object) { body.at("data", "channel")["channelTags"] = nil })
	}},
	{"an unknown channel is an empty 200", "channel.unknown", emptyFor("GET /channel/*", object{})},
	{"an unknown channel is 403", "channel.unknown", onError("GET /channel/*", http.StatusNotFound, http.StatusForbidden)},
	{"odd ids reach the database", "channel.odd-ids", func(w *world) {
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.ContainsAny(r.URL.Path, "'\x00") {
				fails(rw, http.StatusInternalServerError)
				return
			}
			next.ServeHTTP(rw, r)
		})
	}},
	{"a thumbnail is a path", "channel.thumbnail", func(w *world) {
		w.json("GET /user", func(body object) { body.at("data", "user")["profileThumbnail"] = "/me.png" })
	}},
}

var createMutants = []mutant{
	{"the description is lost", "create.live", func(w *world) {
		w.creating(func(_ *http.Request, o object) bool { delete(o, "description"); return false })
	}},
	{"reservedAt loses its zone", "create.live", func(w *world) {
		w.creating(func(_ *http.Request, o object) bool {
			if text, ok := o["reservedAt"].(string); ok {
				o["reservedAt"] = strings.Replace(text, "Z", "+09:00", 1)
			}
			return false
		})
	}},
	{"the scope is lost", "create.live", func(w *world) { w.creating(func(_ *http.Request, o object) bool { delete(o, "scope"); return false }) }},
	{"a new live is END", "create.state", func(w *world) { w.json(createCall, func(body object) { body.at("data", "live")["status"] = "END" }) }},
	{"a new live has startAt", "create.state", func(w *world) {
		w.json(createCall, func(body object) { live := body.at("data", "live"); live["startAt"] = live["reservedAt"] })
	}},
	{"rtmpPath comes after the start", "create.rtmp-path", func(w *world) {
		w.everyLive(func(live object) {
			if live["status"] == "RESERVED" {
				live["rtmpPath"] = nil
			}
		})
	}},
	{"rtmpPath is new in live info", "create.rtmp-path", func(w *world) {
		w.oneLive(func(live object) { live["rtmpPath"] = "rtmp://ingest.example/live/" + prism.NewStreamKey() })
	}},
	{"all lives have one stream key", "create.stream-key", func(w *world) {
		w.everyLive(func(live object) { live["rtmpPath"] = "rtmp://ingest.example/live/abcdefghijklmnopqrstuvwxyz012345" })
	}},
	{"the stream key is the live's id", "create.stream-key", func(w *world) {
		w.everyLive(func(live object) { live["rtmpPath"] = fmt.Sprintf("rtmp://ingest.example/live/key-%v", live["liveId"]) })
	}},
	{"the description is demanded", "create.minimal", func(w *world) { w.creating(func(_ *http.Request, o object) bool { return o["description"] == nil }) }},
	{"the scope is PRIVATE by default", "create.minimal", func(w *world) {
		w.creating(func(_ *http.Request, o object) bool {
			if o["scope"] == nil {
				o["scope"] = "PRIVATE"
			}
			return false
		})
	}},
	{"a past reservedAt is refused", "create.past", func(w *world) {
		w.creating(func(_ *http.Request, o object) bool {
			text, _ := o["reservedAt"].(string)
			at, err := time.Parse(time.RFC3339, text)
			return err == nil && at.Before(time.Now())
		})
	}},
	{"an offset without colon is refused", "create.dates", func(w *world) {
		w.creating(func(_ *http.Request, o object) bool {
			text, _ := o["reservedAt"].(string)
			return strings.HasSuffix(text, "+0900")
		})
	}},
	{"a content type is demanded", "create.content-type", func(w *world) {
		w.creating(func(r *http.Request, _ object) bool { return r.Header.Get("Content-Type") == "" })
	}},
	{"titles are cut at 255 bytes", "create.unicode", func(w *world) {
		w.creating(func(_ *http.Request, o object) bool {
			if text, ok := o["title"].(string); ok {
				o["title"] = strings.ToValidUTF8(text[:min(len(text), 255)], "")
			}
			return false
		})
	}},
	{"titles are escaped in the store", "create.unicode", func(w *world) {
		w.creating(func(_ *http.Request, o object) bool {
			if text, ok := o["title"].(string); ok {
				o["title"] = html.EscapeString(text)
			}
			return false
		})
	}},
	{"emoji are lost", "create.unicode", func(w *world) {
		w.creating(func(_ *http.Request, o object) bool {
			if text, ok := o["title"].(string); ok {
				o["title"] = strings.ReplaceAll(text, "😀", "?")
			}
			return false
		})
	}},
	{"unknown fields are refused", "create.unknown-field", func(w *world) {
		w.creating(func(_ *http.Request, o object) bool { return o["prismcheckUnknown"] != nil })
	}},
	{"an unknown scope becomes PUBLIC", "create.invalid", func(w *world) {
		w.creating(func(_ *http.Request, o object) bool {
			if o["scope"] == "SECRET" {
				o["scope"] = "PUBLIC"
			}
			return false
		})
	}},
	{"a bad body is 500", "create.invalid", onError(createCall, http.StatusBadRequest, http.StatusInternalServerError)},
	{"a disabled channel is 409", "create.disabled", onError(createCall, http.StatusForbidden, http.StatusConflict)},
	{"a body of any size is read", "error.body-size", func(w *world) {
		w.asking(createCall, func(_ http.ResponseWriter, r *http.Request) bool {
			if r.ContentLength > 1<<20 {
				_, _ = io.Copy(io.Discard, r.Body)
				text := encode(object{"title": "big", "reservedAt": "2030-01-01T00:00:00Z"})
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
			}
			return false
		})
	}},
	{"a form's content type is read as JSON", "error.form-body", func(w *world) {
		w.asking(createCall, func(_ http.ResponseWriter, r *http.Request) bool { r.Header.Del("Content-Type"); return false })
	}},
	{"an unknown filter is a 500", "error.not-500", func(w *world) { onError(listCall, http.StatusBadRequest, http.StatusInternalServerError)(w) }},
}

var listMutants = []mutant{
	{"live info is behind", "live.info", func(w *world) { w.oneLive(func(live object) { live["title"] = "cached" }) }},
	{"live info has another reservedAt", "live.info", func(w *world) { w.oneLive(func(live object) { live["reservedAt"] = "2020-01-01T00:00:00Z" }) }},
	{"an unknown live is an empty 200", "live.unknown", emptyFor(infoCall, object{"channelId": "main", "live": object{}})},
	{"stopping an unknown live succeeds", "live.unknown", emptyFor(stopCall, object{})},
	{"the list has ended lives only", "lives.complete", func(w *world) {
		w.asking(listCall, func(_ http.ResponseWriter, r *http.Request) bool {
			query(r, func(q url.Values) {
				if q.Get("status") == "" || q.Get("status") == "ALL" {
					q.Set("status", "END")
				}
			})
			return false
		})
	}},
	{"ALL is unknown", "lives.complete", func(w *world) {
		w.asking(listCall, func(rw http.ResponseWriter, r *http.Request) bool {
			return r.URL.Query().Get("status") == "ALL" && fails(rw, http.StatusBadRequest)
		})
	}},
	{"an empty filter is refused", "lives.complete", func(w *world) {
		w.asking(listCall, func(rw http.ResponseWriter, r *http.Request) bool {
			return r.URL.Query().Has("status") && r.URL.Query().Get("status") == "" && fails(rw, http.StatusBadRequest)
		})
	}},
	{"the filter is ignored", "lives.filter", func(w *world) {
		w.asking(listCall, func(_ http.ResponseWriter, r *http.Request) bool { r.URL.RawQuery = ""; return false })
	}},
	{"reserved lives are hidden", "lives.filter", func(w *world) {
		w.answering(listCall, func(a *httptest.ResponseRecorder, r *http.Request) {
			if r.URL.Query().Get("status") == "RESERVED" {
				o := parse(a.Body.Bytes())
				o.at("data")["lives"] = []any{}
				a.Body.Reset()
				a.Body.Write(encode(o))
			}
		})
	}},
	{"an unknown filter is ignored", "lives.filter-values", func(w *world) {
		w.asking(listCall, func(_ http.ResponseWriter, r *http.Request) bool {
			query(r, func(q url.Values) {
				if q.Get("status") == "PRISMCHECK" {
					q.Del("status")
				}
			})
			return false
		})
	}},
	{"ONAIR is unknown", "lives.filter-values", func(w *world) {
		w.asking(listCall, func(rw http.ResponseWriter, r *http.Request) bool {
			return r.URL.Query().Get("status") == "ONAIR" && fails(rw, http.StatusBadRequest)
		})
	}},
	{"the oldest comes first", "lives.order", func(w *world) { w.json(listCall, func(body object) { reverse(body.at("data"), "lives") }) }},
	{"lists go by creation", "lives.order", func(w *world) {
		var mu sync.Mutex
		made := map[any]int{}
		w.json(createCall, func(body object) {
			mu.Lock()
			defer mu.Unlock()
			made[body.at("data", "live")["liveId"]] = len(made) + 1
		})
		w.json(listCall, func(body object) {
			mu.Lock()
			defer mu.Unlock()
			list, _ := body.at("data")["lives"].([]any)
			slices.SortFunc(list, func(a, b any) int {
				x, _ := a.(map[string]any)
				y, _ := b.(map[string]any)
				return made[y["liveId"]] - made[x["liveId"]]
			})
		})
	}},
}
