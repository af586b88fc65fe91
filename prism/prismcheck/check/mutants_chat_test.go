package check_test

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	chatCall   = "POST /live/*/chat"
	sendCall   = "PUT /live/*/chat"
	deleteCall = "DELETE /live/*/chat/*"
)

// eachMessage changes the messages of chat pages.
func (w *world) eachMessage(f func(message object)) {
	w.json(chatCall, func(body object) { body.at("data").each("messages", f) })
}

// reading refuses or changes chat requests.
func (w *world) reading(refuse func(o object) bool) {
	w.asking(chatCall, func(rw http.ResponseWriter, r *http.Request) bool {
		refused := false
		body(r, func(o object) { refused = refuse(o) })
		return refused && fails(rw, http.StatusBadRequest)
	})
}

// brokenChat is a chat whose Messages are made by f.
type brokenChat struct {
	prism.ChatReader
	f func(page func(prism.ChatQuery) (prism.ChatPage, error), q prism.ChatQuery) (prism.ChatPage, error)
}

func (c brokenChat) Messages(ctx context.Context, userID, liveID string, q prism.ChatQuery) (prism.ChatPage, error) {
	return c.f(func(q prism.ChatQuery) (prism.ChatPage, error) { return c.ChatReader.Messages(ctx, userID, liveID, q) }, q)
}

func paging(f func(page func(prism.ChatQuery) (prism.ChatPage, error), q prism.ChatQuery) (prism.ChatPage, error)) func(*world) {
	return func(w *world) { w.config.Chat = brokenChat{w.store, f} }
}

// losing drops a message when two are sent at once.
type losing struct {
	prism.ChatSender
	pairs *meeting
	mu    *sync.Mutex
	lost  *bool
}

func (l losing) SendMessage(ctx context.Context, userID, liveID, text string) error {
	if strings.HasPrefix(text, "prismcheck c") && l.pairs.met("send") {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !*l.lost {
			*l.lost = true
			return nil
		}
	}
	return l.ChatSender.SendMessage(ctx, userID, liveID, text)
}

// repeat refuses a call that comes a second time.
func repeat(pattern string) func(*world) {
	return func(w *world) {
		var before sync.Map
		w.asking(pattern, func(rw http.ResponseWriter, r *http.Request) bool {
			_, again := before.LoadOrStore(r.URL.Path, true)
			return again && fails(rw, http.StatusNotFound)
		})
	}
}

var chatMutants = []mutant{
	{"a page token of an empty chat gives a greeting", "chat.list", func(w *world) {
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if !matches(chatCall, r) {
				next.ServeHTTP(rw, r)
				return
			}
			paged := false
			body(r, func(o object) { paged = o["pageToken"] != nil })
			a := httptest.NewRecorder()
			next.ServeHTTP(a, r)
			o := parse(a.Body.Bytes())
			if list, _ := o.at("data")["messages"].([]any); paged && len(list) == 0 && a.Code == http.StatusOK {
				o.at("data")["messages"] = []any{object{"messageId": "hello", "authorId": "bot", "authorName": "Bot", "message": "Welcome!"}}
				o.at("data")["nextPageToken"] = "hello"
			}
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(a.Code)
			_, _ = rw.Write(encode(o))
		})
	}},
	{"messages are escaped", "chat.send", func(w *world) {
		w.eachMessage(func(m object) { text, _ := m["message"].(string); m["message"] = html.EscapeString(text) })
	}},
	{"messages are a bot's", "chat.send", func(w *world) { w.eachMessage(func(m object) { m["authorId"] = "bot" }) }},
	{"the streamer is no owner", "chat.send", func(w *world) { w.eachMessage(func(m object) { m["isLiveOwner"] = false }) }},
	{"a page token gives its message again", "chat.paging", paging(func(page func(prism.ChatQuery) (prism.ChatPage, error), q prism.ChatQuery) (prism.ChatPage, error) {
		if q.After != nil && *q.After > 0 {
			before := *q.After - 1
			q.After = &before
		}
		return page(q)
	})},
	{"paging skips every third", "chat.paging", paging(func(page func(prism.ChatQuery) (prism.ChatPage, error), q prism.ChatQuery) (prism.ChatPage, error) {
		p, err := page(q)
		if q.After != nil && len(p.Messages) == q.Limit {
			p.Next++
		}
		return p, err
	})},
	{"messages come newest first", "chat.paging", func(w *world) { w.json(chatCall, func(body object) { reverse(body.at("data"), "messages") }) }},
	{"without a token the oldest come", "chat.latest", paging(func(page func(prism.ChatQuery) (prism.ChatPage, error), q prism.ChatQuery) (prism.ChatPage, error) {
		if q.After == nil && q.Limit < prism.MaxChatPage {
			var zero int64
			q.After = &zero
		}
		return page(q)
	})},
	{"maxResults of 0 gives none", "chat.latest", func(w *world) {
		w.reading(func(o object) bool {
			if o["maxResults"] == json.Number("0") {
				o["maxResults"] = 1
			}
			return false
		})
	}},
	{"maxResults over 100 is refused", "chat.latest", func(w *world) { w.reading(func(o object) bool { return o["maxResults"] == json.Number("1000") }) }},
	{"the largest page has one more", "chat.most", func(w *world) {
		w.json(chatCall, func(body object) {
			data := body.at("data")
			if list, _ := data["messages"].([]any); len(list) == prism.MaxChatPage {
				data["messages"] = append([]any{object{"messageId": "more", "authorId": "bot", "authorName": "Bot", "message": "More."}}, list...)
			}
		})
	}},
	{"maxResults of 0 gives 50", "chat.most", func(w *world) {
		w.reading(func(o object) bool {
			if o["maxResults"] == json.Number("0") {
				o["maxResults"] = 50
			}
			return false
		})
	}},
	{"maxResults over 100 gives the oldest 100", "chat.most", paging(func(page func(prism.ChatQuery) (prism.ChatPage, error), q prism.ChatQuery) (prism.ChatPage, error) {
		if q.After == nil && q.Limit == prism.MaxChatPage {
			var zero int64
			q.After = &zero
		}
		return page(q)
	})},
	{"messages sent at once are lost", "chat.concurrent", func(w *world) {
		w.config.ChatSend = losing{w.store, &meeting{}, &sync.Mutex{}, new(bool)}
	}},
	{"an empty page token is refused", "chat.empty-token", func(w *world) { w.reading(func(o object) bool { return o["pageToken"] == "" }) }},
	{"a bad page token counts as none", "chat.forged-token", func(w *world) {
		w.around(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if !matches(chatCall, r) {
				next.ServeHTTP(rw, r)
				return
			}
			var o object
			body(r, func(sent object) { o = sent })
			a := httptest.NewRecorder()
			next.ServeHTTP(a, r)
			if token, _ := o["pageToken"].(string); a.Code == http.StatusBadRequest && token != "" {
				succeeds(rw, object{"liveId": idOf(r), "nextPageToken": token, "messages": []any{}})
				return
			}
			for name, values := range a.Header() {
				rw.Header()[name] = values
			}
			rw.WriteHeader(a.Code)
			_, _ = rw.Write(a.Body.Bytes())
		})
	}},
	{"an empty message is taken", "chat.invalid", func(w *world) {
		w.asking(sendCall, func(rw http.ResponseWriter, r *http.Request) bool {
			empty := false
			body(r, func(o object) { empty = o["message"] == "" })
			return empty && succeeds(rw, nil)
		})
	}},
	{"the chat of an unknown live is empty", "chat.unknown", func(w *world) {
		w.asking(chatCall, func(rw http.ResponseWriter, r *http.Request) bool {
			return idOf(r) == "prismcheck-no-such-id" && succeeds(rw, object{"liveId": idOf(r), "nextPageToken": "x", "messages": []any{}})
		})
	}},
	{"a deletion deletes nothing", "chat.delete", func(w *world) {
		w.asking(deleteCall, func(rw http.ResponseWriter, r *http.Request) bool {
			return !strings.HasSuffix(r.URL.Path, "-id") && succeeds(rw, nil)
		})
	}},
	{"a second deletion is 404", "chat.delete", repeat(deleteCall)},
	{"deleting what never was succeeds", "chat.delete", emptyFor(deleteCall, nil)},
	{"a second ban is 404", "ban.ban", repeat("PUT /live/*/ban/*")},
	{"a second unban is 404", "ban.ban", repeat("PUT /live/*/unban/*")},
	{"a ban for 0 s succeeds", "ban.timed", func(w *world) {
		w.asking("PUT /live/*/timedBan/*", func(rw http.ResponseWriter, r *http.Request) bool {
			zero := false
			body(r, func(o object) { zero = o["banTime"] == json.Number("0") })
			return zero && succeeds(rw, nil)
		})
	}},
	{"timedban is in lower case", "ban.timed", func(w *world) {
		w.asking("PUT /live/*/timedBan/*", func(rw http.ResponseWriter, r *http.Request) bool {
			return r.Header.Get(accessName) != "" && fails(rw, http.StatusNotFound)
		})
	}},
	{"anybody can be banned, even nobody", "ban.unknown", emptyFor("PUT /live/*/ban/*", nil)},
	{"a second mod is 404", "managers.grant", repeat("PUT /live/*/mod/*")},
	{"nobody can be manager", "managers.unknown", emptyFor("PUT /live/*/mod/*", nil)},
	{"sending answers the message", "answer.data-null", func(w *world) { w.json(sendCall, func(body object) { body["data"] = object{"messageId": "1"} }) }},
	{"nextPageToken is empty with nothing new", "chat.page-token", func(w *world) {
		w.json(chatCall, func(body object) {
			if list, _ := body.at("data")["messages"].([]any); len(list) == 0 {
				body.at("data")["nextPageToken"] = ""
			}
		})
	}},
	{"maxResults is ignored", "chat.page-size", func(w *world) { w.reading(func(o object) bool { o["maxResults"] = 100; return false }) }},
	{"messages are dated backwards", "chat.order", func(w *world) {
		w.json(chatCall, func(body object) {
			at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
			body.at("data").each("messages", func(m object) {
				at = at.Add(-time.Minute)
				m["messageAt"] = at.Format(time.RFC3339)
			})
		})
	}},
}
