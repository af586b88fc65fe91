package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// adminBan is the length of the shorter ban that the admin page offers.
const adminBan = 10 * time.Minute

type adminPage struct {
	OnAir []liveCard
	Users []adminUser
}

type adminUser struct {
	prism.User
	Login    string
	Channels []prism.Channel
}

// showAdmin lists what can be ended, disabled and moderated.
func (a *app) showAdmin(w http.ResponseWriter, r *http.Request, _ *account) {
	onAir, err := a.livesOnAir(r.Context())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	body := adminPage{OnAir: onAir}
	for _, m := range a.accounts.members {
		user, err := a.store.User(r.Context(), m.userID)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		channels, err := a.store.Channels(r.Context(), m.userID)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		body.Users = append(body.Users, adminUser{user, m.login, channels})
	}
	a.render(w, r, http.StatusOK, "admin", page{Title: "Admin", Body: body})
}

type adminLivePage struct {
	Live     liveCard
	Messages []prism.Message
}

// showAdminLive shows one live with its chat, to ban from.
func (a *app) showAdminLive(w http.ResponseWriter, r *http.Request, _ *account) {
	live, err := a.store.WatchLive(r.Context(), r.PathValue("live"))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	ch, err := a.channel(r.Context(), live.ChannelID)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	chat, err := a.store.LiveChat(r.Context(), live.ID, prism.ChatQuery{Limit: prism.MaxChatPage})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.render(w, r, http.StatusOK, "adminlive", page{Title: live.Title, Body: adminLivePage{liveCard{live, ch}, chat.Messages}})
}

// forceEnd ends a live against its streamer's will: the store, the publisher
// and PRISM, which polls the live's status, all learn of it.
func (a *app) forceEnd(w http.ResponseWriter, r *http.Request, _ *account) {
	_, err := a.service.EndLive(r.Context(), r.PathValue("live"), prism.EndedByHost)
	a.afterAdmin(w, r, err, "/admin", "ended")
}

// ban keeps a user from chatting in the live's channel, for 10 minutes or for
// good. The right to ban is the channel owner's, so it is done in their name.
func (a *app) ban(w http.ResponseWriter, r *http.Request, _ *account) {
	var length time.Duration
	if r.PostFormValue("length") == "short" {
		length = adminBan
	}
	a.moderate(w, r, "banned", func(ctx context.Context, owner, liveID, target string) error {
		return a.store.BanUser(ctx, owner, liveID, target, length)
	})
}

func (a *app) unban(w http.ResponseWriter, r *http.Request, _ *account) {
	a.moderate(w, r, "unbanned", a.store.UnbanUser)
}

func (a *app) moderate(w http.ResponseWriter, r *http.Request, notice string, do func(ctx context.Context, owner, liveID, target string) error) {
	live, err := a.store.WatchLive(r.Context(), r.PathValue("live"))
	if err == nil {
		err = do(r.Context(), a.accounts.owners[live.ChannelID], live.ID, r.PostFormValue("user"))
	}
	a.afterAdmin(w, r, err, "/admin/lives/"+url.PathEscape(live.ID), notice)
}

// switchChannel enables or disables a channel. Disabling ends its live on air.
func (a *app) switchChannel(w http.ResponseWriter, r *http.Request, _ *account) {
	enabled, notice := r.PostFormValue("enabled") == "true", "channel-off"
	if enabled {
		notice = "channel-on"
	}
	ended, err := a.store.SetChannelEnabled(r.Context(), r.PathValue("channel"), enabled)
	if err == nil && ended != nil {
		a.service.LiveEnded(r.Context(), *ended, prism.EndedByChannel)
	}
	a.afterAdmin(w, r, err, "/admin", notice)
}

// switchUser enables or disables a user. Disabling ends the sessions and the
// lives on air, and disconnects PRISM.
func (a *app) switchUser(w http.ResponseWriter, r *http.Request, _ *account) {
	disabled, notice := r.PostFormValue("enabled") != "true", "user-off"
	if !disabled {
		notice = "user-on"
	}
	err := a.setDisabled(r.Context(), r.PathValue("user"), disabled)
	a.afterAdmin(w, r, err, "/admin", notice)
}

func (a *app) setDisabled(ctx context.Context, userID string, disabled bool) error {
	who, ok := a.accounts.byUser[userID]
	if !ok {
		return fmt.Errorf("user: %w", prism.ErrNotFound)
	}
	user, err := a.store.User(ctx, userID)
	if err != nil {
		return err
	}
	user.Disabled = disabled
	if err := a.store.PutUser(ctx, user); err != nil {
		return err
	}
	if !disabled {
		return nil
	}
	a.sessions.endAll(who)
	_, err = a.auth.RevokeUser(ctx, userID)
	problems := []error{err}
	for _, channelID := range who.channels {
		problems = append(problems, a.endChannelLives(ctx, userID, channelID))
	}
	return errors.Join(problems...)
}

func (a *app) endChannelLives(ctx context.Context, userID, channelID string) error {
	lives, err := a.store.Lives(ctx, userID, channelID, prism.LiveFilter{Status: prism.StatusOnAir})
	if err != nil {
		return err
	}
	for _, l := range lives {
		if _, err := a.service.EndBroadcast(ctx, l.ID, prism.EndOptions{OnlyBroadcast: l.Broadcast}, prism.EndedByHost); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) afterAdmin(w http.ResponseWriter, r *http.Request, err error, back, notice string) {
	if err != nil {
		a.fail(w, r, err)
		return
	}
	http.Redirect(w, r, back+"?notice="+notice, http.StatusSeeOther)
}
