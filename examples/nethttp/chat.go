package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/time/rate"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	// chatShown is how many messages a page begins with.
	chatShown = 50
	// maxMessage is the longest message of a viewer, in characters.
	maxMessage = 300
)

// chatState is what an open watch page polls for.
type chatState struct {
	Status   prism.Status  `json:"status"`
	Viewers  int64         `json:"viewers"`
	Views    int64         `json:"views"`
	Likes    int64         `json:"likes"`
	Next     int64         `json:"next"`
	Messages []chatMessage `json:"messages"`
}

type chatMessage struct {
	ID      string    `json:"id"`
	Author  string    `json:"author"`
	Text    string    `json:"text"`
	At      time.Time `json:"at"`
	Owner   bool      `json:"owner"`
	Manager bool      `json:"manager"`
}

// pollChat answers the messages after a cursor, and the live's numbers.
func (a *app) pollChat(w http.ResponseWriter, r *http.Request) {
	query := prism.ChatQuery{Limit: prism.MaxChatPage}
	if raw := r.URL.Query().Get("after"); raw != "" {
		after, err := strconv.ParseInt(raw, 10, 64)
		if err != nil || after < 0 {
			a.fail(w, r, prism.InvalidField("after", "must be a cursor"))
			return
		}
		query.After = &after
	}
	live, err := a.watchable(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	chat, err := a.store.LiveChat(r.Context(), live.ID, query)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	state := chatState{
		Status: live.Status, Viewers: live.Stats.Viewers, Views: live.Stats.Views, Likes: live.Stats.Likes,
		Next: chat.Next, Messages: make([]chatMessage, 0, len(chat.Messages)),
	}
	for _, m := range chat.Messages {
		state.Messages = append(state.Messages, chatMessage{m.ID, m.AuthorName, m.Text, m.At, m.LiveOwner, m.LiveManager})
	}
	writeJSON(w, http.StatusOK, state)
}

// postChat adds a message of a viewer. It is a plain form; with JavaScript the
// page sends it without leaving.
func (a *app) postChat(w http.ResponseWriter, r *http.Request, who *account) {
	live, err := a.watchable(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	text := strings.TrimSpace(r.PostFormValue("message"))
	switch {
	case text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxMessage:
		a.refuseChat(w, r, live, http.StatusBadRequest, "A message has 1 to 300 characters.")
		return
	case !a.chatPace.allow(who.userID):
		a.refuseChat(w, r, live, http.StatusTooManyRequests, "Not so fast. Wait a moment.")
		return
	}
	err = a.store.PostChat(r.Context(), live.ID, who.userID, text)
	switch {
	case errors.Is(err, prism.ErrForbidden):
		a.refuseChat(w, r, live, http.StatusForbidden, "You cannot chat in this channel for now.")
	case err != nil:
		a.fail(w, r, err)
	case wantsJSON(r):
		writeJSON(w, http.StatusCreated, map[string]bool{"sent": true})
	default:
		http.Redirect(w, r, watchPath(live), http.StatusSeeOther)
	}
}

func (a *app) refuseChat(w http.ResponseWriter, r *http.Request, live prism.Live, status int, text string) {
	if wantsJSON(r) {
		writeJSON(w, status, map[string]string{"error": text})
		return
	}
	a.render(w, r, status, "error", page{Title: live.Title, Body: text})
}

// like counts once per member and live, in the memory of this process.
func (a *app) like(w http.ResponseWriter, r *http.Request, who *account) {
	live, err := a.watchable(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if a.likes.add(live.ID, who.userID) {
		if err := a.statistics.Add(live.ID, prism.LiveStats{Likes: 1}); err != nil {
			a.likes.remove(live.ID, who.userID)
			a.fail(w, r, err)
			return
		}
	}
	if wantsJSON(r) {
		writeJSON(w, http.StatusOK, map[string]bool{"liked": true})
		return
	}
	http.Redirect(w, r, watchPath(live), http.StatusSeeOther)
}

// likeBook remembers who liked what. The zero value is ready.
type likeBook struct {
	mu  sync.Mutex
	set map[[2]string]bool
}

func (b *likeBook) add(liveID, userID string) (first bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.set == nil {
		b.set = map[[2]string]bool{}
	}
	first = !b.set[[2]string{liveID, userID}]
	b.set[[2]string{liveID, userID}] = true
	return first
}

func (b *likeBook) remove(liveID, userID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.set, [2]string{liveID, userID})
}

// paceBook limits how fast each member chats.
type paceBook struct {
	every rate.Limit
	burst int
	mu    sync.Mutex
	pace  map[string]*rate.Limiter
}

func (b *paceBook) allow(userID string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pace == nil {
		b.pace = map[string]*rate.Limiter{}
	}
	if b.pace[userID] == nil {
		b.pace[userID] = rate.NewLimiter(b.every, b.burst)
	}
	return b.pace[userID].Allow()
}

func watchPath(live prism.Live) string { return "/watch/" + url.PathEscape(live.ID) }

func wantsJSON(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // only the connection can fail
}
