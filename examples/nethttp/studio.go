package main

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/b2bprism/b2bprism/prism"
)

type studioPage struct {
	Channels []studioChannel
	Form     scheduleForm
}

type studioChannel struct {
	prism.Channel
	Lives []studioLive
}

// studioLive is a live with what its owner, and nobody else, may see.
type studioLive struct {
	prism.Live
	Server, StreamKey string
}

type scheduleForm struct {
	Channel, Title, Description, Scope, ReservedAt string
}

// showStudio is the streamer's own page.
func (a *app) showStudio(w http.ResponseWriter, r *http.Request, who *account) {
	a.renderStudio(w, r, who, http.StatusOK, "", scheduleForm{Scope: string(prism.ScopePublic)})
}

func (a *app) renderStudio(w http.ResponseWriter, r *http.Request, who *account, status int, problem string, form scheduleForm) {
	channels, err := a.store.Channels(r.Context(), who.userID)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	body := studioPage{Form: form}
	for _, ch := range channels {
		lives, err := a.store.Lives(r.Context(), who.userID, ch.ID, prism.LiveFilter{Limit: listed})
		if err != nil {
			a.fail(w, r, err)
			return
		}
		sc := studioChannel{Channel: ch}
		for _, l := range lives {
			// A path that cannot be split is shown without a key.
			server, key, _ := prism.SplitRTMPPath(l.RTMPPath)
			sc.Lives = append(sc.Lives, studioLive{l, server, key})
		}
		body.Channels = append(body.Channels, sc)
	}
	a.render(w, r, status, "studio", page{Title: "Studio", Error: problem, Body: body})
}

// scheduleLive makes a reserved live, as PRISM's create does.
func (a *app) scheduleLive(w http.ResponseWriter, r *http.Request, who *account) {
	form := scheduleForm{
		Channel:     r.PostFormValue("channel"),
		Title:       strings.TrimSpace(r.PostFormValue("title")),
		Description: strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("description"), "\r\n", "\n")),
		Scope:       r.PostFormValue("scope"),
		ReservedAt:  r.PostFormValue("reservedAt"),
	}
	at, problem := form.check(r.PostFormValue("utcOffset"), a.now())
	if problem != "" {
		a.renderStudio(w, r, who, http.StatusBadRequest, problem, form)
		return
	}
	_, err := a.store.CreateLive(r.Context(), who.userID, form.Channel, prism.NewLive{
		Title: form.Title, Description: form.Description, Scope: prism.Scope(form.Scope), ReservedAt: at,
	})
	a.afterStudio(w, r, err, "scheduled")
}

// check returns the reserved time, or what is wrong with the form. utcOffset is
// the browser's, in minutes east of UTC; without it the time is UTC.
func (f scheduleForm) check(utcOffset string, now time.Time) (reservedAt time.Time, problem string) {
	switch n := len(utf16.Encode([]rune(f.Title))); {
	case n == 0 || !utf8.ValidString(f.Title):
		return time.Time{}, "Give the live a title."
	case n > prism.MaxTitle:
		return time.Time{}, "The title has at most 100 characters."
	}
	if len(utf16.Encode([]rune(f.Description))) > prism.MaxDescription || !utf8.ValidString(f.Description) {
		return time.Time{}, "The description has at most 5,000 characters."
	}
	if !prism.Scope(f.Scope).Valid() {
		return time.Time{}, "Choose who may watch."
	}
	if f.ReservedAt == "" {
		return now, ""
	}
	minutes, err := strconv.Atoi(utcOffset)
	if err != nil || minutes < -15*60 || minutes > 15*60 {
		minutes = 0
	}
	at, err := time.ParseInLocation("2006-01-02T15:04", f.ReservedAt, time.FixedZone("", minutes*60))
	if err != nil || at.Year() < 2000 || at.Year() > 9998 {
		return time.Time{}, "The time is not valid."
	}
	return at.UTC(), ""
}

// startLive puts a live on air for a streamer with an encoder of their own;
// with PRISM Live Studio, PRISM does it.
func (a *app) startLive(w http.ResponseWriter, r *http.Request, who *account) {
	result, err := a.store.StartLive(r.Context(), who.userID, r.PathValue("live"))
	if err == nil && result.Ended != nil {
		a.service.LiveEnded(r.Context(), *result.Ended, prism.EndedByNewerLive)
	}
	a.afterStudio(w, r, err, "started")
}

func (a *app) stopLive(w http.ResponseWriter, r *http.Request, who *account) {
	result, err := a.store.EndLive(r.Context(), who.userID, r.PathValue("live"), prism.EndOptions{})
	if err == nil && result.Changed {
		a.service.LiveEnded(r.Context(), result.Live, prism.EndedByStreamer)
	}
	a.afterStudio(w, r, err, "ended")
}

func (a *app) afterStudio(w http.ResponseWriter, r *http.Request, err error, notice string) {
	if errors.Is(err, prism.ErrChannelDisabled) {
		notice, err = "off-channel", nil
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/studio?notice="+notice, http.StatusSeeOther)
}
