package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/b2bprism/b2bprism/prism"
)

// listed is how many lives a page lists.
const listed = 50

// liveCard is a live with the channel that it is on.
type liveCard struct {
	prism.Live
	Channel prism.Channel
}

type homePage struct {
	OnAir    []liveCard
	Channels []prism.Channel
}

// showHome lists the public lives on air, and all channels.
func (a *app) showHome(w http.ResponseWriter, r *http.Request) {
	lives, err := a.livesOnAir(r.Context())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	var home homePage
	for _, l := range lives {
		if public(l.Live) {
			home.OnAir = append(home.OnAir, l)
		}
	}
	for _, m := range a.accounts.members {
		channels, err := a.store.Channels(r.Context(), m.userID)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		home.Channels = append(home.Channels, channels...)
	}
	a.render(w, r, http.StatusOK, "home", page{Title: "On air", Body: home})
}

// livesOnAir returns the lives on air of every scope.
func (a *app) livesOnAir(ctx context.Context) ([]liveCard, error) {
	lives, err := a.store.LivesOnAir(ctx, listed)
	if err != nil {
		return nil, err
	}
	cards := make([]liveCard, 0, len(lives))
	for _, l := range lives {
		ch, err := a.channel(ctx, l.ChannelID)
		if err != nil && !errors.Is(err, prism.ErrNotFound) {
			return nil, err
		}
		cards = append(cards, liveCard{l, ch})
	}
	return cards, nil
}

// channel finds a channel by its id alone, as a viewer does.
func (a *app) channel(ctx context.Context, channelID string) (prism.Channel, error) {
	owner, ok := a.accounts.owners[channelID]
	if !ok {
		return prism.Channel{ID: channelID, Name: channelID}, fmt.Errorf("channel: %w", prism.ErrNotFound)
	}
	return a.store.Channel(ctx, owner, channelID)
}

type channelPage struct {
	Channel                prism.Channel
	OnAir, Scheduled, Past []prism.Live
}

// showChannel lists the public lives of a channel, to its owner too.
func (a *app) showChannel(w http.ResponseWriter, r *http.Request) {
	ch, err := a.channel(r.Context(), r.PathValue("channel"))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	lives, err := a.store.Lives(r.Context(), a.accounts.owners[ch.ID], ch.ID, prism.LiveFilter{Limit: listed})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	body := channelPage{Channel: ch}
	for _, l := range lives {
		if !public(l) {
			continue
		}
		switch l.Status {
		case prism.StatusOnAir:
			body.OnAir = append(body.OnAir, l)
		case prism.StatusReserved:
			body.Scheduled = append(body.Scheduled, l)
		default:
			body.Past = append(body.Past, l)
		}
	}
	a.render(w, r, http.StatusOK, "channel", page{Title: ch.Name, Body: body})
}

func public(l prism.Live) bool { return l.Scope == prism.ScopePublic || l.Scope == "" }
