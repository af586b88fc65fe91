package check_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
)

// setting puts a value into every live.
func setting(key string, value any) func(*world) {
	return func(w *world) { w.everyLive(func(live object) { live[key] = value }) }
}

// raw changes the bytes of successful answers.
func (w *world) raw(pattern string, f func(text string) string) {
	w.answering(pattern, func(a *httptest.ResponseRecorder, _ *http.Request) {
		if a.Code == http.StatusOK {
			text := f(a.Body.String())
			a.Body.Reset()
			a.Body.WriteString(text)
		}
	})
}

func header(f func(h http.Header)) func(*world) {
	return func(w *world) {
		w.answering("*", func(a *httptest.ResponseRecorder, _ *http.Request) { f(a.Header()) })
	}
}

var answerMutants = []mutant{
	{"an unknown live redirects", "answer.no-redirect", func(w *world) {
		w.failures(infoCall, func(a *httptest.ResponseRecorder, _ *http.Request, _ object) {
			if a.Code == http.StatusNotFound {
				a.Code = http.StatusFound
				a.Header().Set("Location", "/404")
			}
		})
	}},
	{"failures are 200", "answer.status", func(w *world) {
		w.failures("GET /channel/*", func(a *httptest.ResponseRecorder, _ *http.Request, _ object) {
			if a.Code == http.StatusNotFound {
				a.Code = http.StatusOK
			}
		})
	}},
	{"created is 201", "answer.status", func(w *world) {
		w.answering(createCall, func(a *httptest.ResponseRecorder, _ *http.Request) {
			if a.Code == http.StatusOK {
				a.Code = http.StatusCreated
			}
		})
	}},
	{"JSON is text", "answer.content-type", header(func(h http.Header) { h.Set("Content-Type", "text/plain; charset=utf-8") })},
	{"every origin may read", "answer.no-cors", header(func(h http.Header) { h.Set("Access-Control-Allow-Origin", "*") })},
	{"answers may be stored", "answer.no-store", header(func(h http.Header) { h.Set("Cache-Control", "private, max-age=60") })},
	{"a 405 lacks Allow", "answer.allow", func(w *world) {
		w.config.Chat, w.config.ChatSend, w.config.ChatDelete, w.config.Ban, w.config.Managers = nil, nil, nil, nil, nil
		w.asking(chatCall, func(rw http.ResponseWriter, r *http.Request) bool { return fails(rw, http.StatusMethodNotAllowed) })
	}},
	{"the channel list is huge", "answer.size", func(w *world) {
		w.answering("GET /channel/list", func(a *httptest.ResponseRecorder, _ *http.Request) {
			if a.Code == http.StatusOK {
				a.Body.Write(big())
			}
		})
	}},
	{"JSON has a tail", "answer.json", func(w *world) { w.raw("GET /user", func(text string) string { return text + "<!-- 3 ms -->" }) }},
	{"failures are HTML", "answer.json", func(w *world) {
		w.answering(infoCall, func(a *httptest.ResponseRecorder, _ *http.Request) {
			if a.Code == http.StatusNotFound {
				a.Body.Reset()
				a.Body.WriteString("<h1>Not found</h1>")
			}
		})
	}},
	{"a key comes twice", "answer.duplicate-key", func(w *world) {
		w.raw(infoCall, func(text string) string { return strings.Replace(text, `"liveId":`, `"title":"","liveId":`, 1) })
	}},
	{"the envelope has a timestamp", "answer.envelope", func(w *world) { w.json("*", func(body object) { body["timestamp"] = 1 }) }},
	{"errorCode is null", "answer.envelope", func(w *world) { w.json("*", func(body object) { body["errorCode"] = nil }) }},
	{"a failure has no errorName", "answer.failure-envelope", func(w *world) {
		w.failures(infoCall, func(_ *httptest.ResponseRecorder, _ *http.Request, body object) { body["errorName"] = nil })
	}},
	{"a failure shows SQL", "answer.no-internals", func(w *world) {
		w.failures(infoCall, func(_ *httptest.ResponseRecorder, _ *http.Request, body object) {
			body["message"] = "sql: no rows in result set"
		})
	}},
	{"a failure repeats the token", "answer.no-secrets", func(w *world) {
		w.failures(infoCall, func(_ *httptest.ResponseRecorder, r *http.Request, body object) {
			body["message"] = "no live for " + r.Header.Get(accessName)
		})
	}},
	{"liveLink is missing", "field.required", func(w *world) { w.everyLive(func(live object) { delete(live, "liveLink") }) }},
	{"liveId is a number", "field.type", func(w *world) { w.oneLive(func(live object) { live["liveId"] = 27155 }) }},
	{"channelEnabled is a text", "field.type", func(w *world) {
		w.json("GET /channel/*", func(body object) { body.at("data", "channel")["channelEnabled"] = "true" })
	}},
	{"no lives are null", "field.type", func(w *world) {
		w.json(listCall, func(body object) {
			if list, _ := body.at("data")["lives"].([]any); len(list) == 0 {
				body.at("data")["lives"] = nil
			}
		})
	}},
	{"viewCount is a float", "field.number", func(w *world) { w.everyLive(func(live object) { live.at("liveStat")["viewCount"] = 1.5 }) }},
	{"viewCount is over 31 bits", "field.number", func(w *world) {
		w.everyLive(func(live object) { live.at("liveStat")["viewCount"] = json.Number("3000000000") })
	}},
	{"userId is an e-mail address", "field.id", func(w *world) {
		w.json("GET /user", func(body object) { body.at("data", "user")["userId"] = "minji@example.com" })
	}},
	{"a live is listed twice", "field.unique-id", func(w *world) {
		w.json(listCall, func(body object) {
			if list, _ := body.at("data")["lives"].([]any); len(list) > 0 {
				body.at("data")["lives"] = append(list, list[0])
			}
		})
	}},
	{"live info is of another live", "field.same-id", func(w *world) { w.oneLive(func(live object) { live["liveId"] = "another" }) }},
	{"a channel has no name", "field.not-blank", func(w *world) {
		w.json("GET /channel/*", func(body object) { body.at("data", "channel")["channelName"] = "" })
	}},
	{"a title is too long", "field.length", func(w *world) { w.oneLive(func(live object) { live["title"] = strings.Repeat("x", 101) }) }},
	{"channelLink is a path", "field.link", func(w *world) {
		w.json("GET /channel/*", func(body object) { body.at("data", "channel")["channelLink"] = "/main" })
	}},
	{"dates lack a zone", "field.date", func(w *world) {
		w.oneLive(func(live object) {
			text, _ := live["reservedAt"].(string)
			live["reservedAt"] = strings.TrimSuffix(text, "+00:00")
		})
	}},
	{"dates are numbers", "field.type", setting("reservedAt", 1700000000)},
	{"dates have fractions", "field.date", func(w *world) {
		w.oneLive(func(live object) {
			text, _ := live["reservedAt"].(string)
			live["reservedAt"] = strings.Replace(text, "+00:00", ".000+00:00", 1)
		})
	}},
	{"the status is ONAIR", "live.status", func(w *world) { w.config.LegacyOnAir = true }},
	{"the status is in lower case", "live.status", func(w *world) {
		w.oneLive(func(live object) { text, _ := live["status"].(string); live["status"] = strings.ToLower(text) })
	}},
	{"the scope is UNLISTED", "live.scope", func(w *world) { w.oneLive(func(live object) { live["scope"] = "UNLISTED" }) }},
	{"rtmpPath ends with a slash", "live.rtmp-path", func(w *world) {
		w.everyLive(func(live object) { text, _ := live["rtmpPath"].(string); live["rtmpPath"] = text + "/" })
	}},
	{"the stream key is in the app", "live.rtmp-path", setting("rtmpPath", "rtmp://ingest.example/live-1/live")},
	{"rtmpPath is https", "live.rtmp-path", setting("rtmpPath", "https://ingest.example/live/abcdefghijklmnop")},
	{"the ingest host goes round", "live.rtmp-server", func(w *world) {
		var n atomic.Int64
		w.everyLive(func(live object) {
			text, _ := live["rtmpPath"].(string)
			if n.Add(1)%2 == 0 {
				live["rtmpPath"] = strings.Replace(text, "ingest.", "ingest2.", 1)
			}
		})
	}},
	{"start has data.live only", "live.flat-fields", func(w *world) {
		w.json(startCall, func(body object) {
			live := body.at("data", "live")
			body["data"] = object{"channelId": "main", "live": live}
		})
	}},
	{"a filter gives other states", "lives.status-filter", func(w *world) {
		w.asking(listCall, func(_ http.ResponseWriter, r *http.Request) bool { r.URL.RawQuery = ""; return false })
	}},
	{"two lives are on air", "lives.one-on-air", func(w *world) {
		w.json(listCall, func(body object) { body.at("data").each("lives", func(live object) { live["status"] = "ON_AIR" }) })
	}},
}
