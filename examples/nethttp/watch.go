package main

import (
	"crypto/rand"
	"fmt"
	"net/http"

	"github.com/b2bprism/b2bprism/prism"
)

// viewerCookie names one browser for the count of viewers, and nothing else.
const viewerCookie = "viewer"

type watchPage struct {
	Live    prism.Live
	Channel prism.Channel
	// CanPlay tells that there is a media server to play from.
	CanPlay bool
	// CanChat tells that a member is signed in.
	CanChat bool
	Owner   bool
	// Messages and Next are the chat as it was when the page was made.
	Messages []prism.Message
	Next     int64
}

// showWatch is where Live.Link leads. A limited live is for whoever has the
// link, a private one for its owner.
func (a *app) showWatch(w http.ResponseWriter, r *http.Request) {
	live, err := a.watchable(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	ch, err := a.channel(r.Context(), live.ChannelID)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	chat, err := a.store.LiveChat(r.Context(), live.ID, prism.ChatQuery{Limit: chatShown})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	who := a.signedIn(r)
	a.nameViewer(w, r)
	a.render(w, r, http.StatusOK, "watch", page{Title: live.Title, Body: watchPage{
		Live: live, Channel: ch, CanPlay: a.hls != "",
		CanChat: who != nil && !who.admin, Owner: a.owns(who, live),
		Messages: chat.Messages, Next: chat.Next,
	}})
}

// watchable returns the request's live if this browser may see it, and
// prism.ErrNotFound otherwise.
func (a *app) watchable(r *http.Request) (prism.Live, error) {
	live, err := a.store.WatchLive(r.Context(), r.PathValue("live"))
	if err != nil {
		return prism.Live{}, err
	}
	if live.Scope == prism.ScopePrivate && !a.owns(a.signedIn(r), live) {
		return prism.Live{}, fmt.Errorf("private live: %w", prism.ErrNotFound)
	}
	return live, nil
}

func (a *app) owns(who *account, live prism.Live) bool {
	return who != nil && !who.admin && a.accounts.owners[live.ChannelID] == who.userID
}

func (a *app) nameViewer(w http.ResponseWriter, r *http.Request) {
	if _, err := r.Cookie(viewerCookie); err == nil {
		return
	}
	//nolint:gosec // G124: the plain listener has viewers too, and this cookie no rights
	http.SetCookie(w, &http.Cookie{
		Name: viewerCookie, Value: rand.Text(), Path: "/watch/",
		Secure: a.peers.secure(r), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// viewerSeen is the heartbeat of an open watch page.
func (a *app) viewerSeen(w http.ResponseWriter, r *http.Request) {
	live, err := a.watchable(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	c, err := r.Cookie(viewerCookie)
	if err == nil && c.Value != "" && len(c.Value) <= 64 && live.Status == prism.StatusOnAir {
		if err := a.statistics.ViewerSeen(live.ID, c.Value); err != nil {
			a.fail(w, r, err)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}
