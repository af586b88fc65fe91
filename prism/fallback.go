package prism

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// UserChannels is the ChannelStore of a service without channels: each user
// has one, whose id is the user's id and whose name is the user's name, as the
// documentation of the service API asks for. link returns the address of a
// user's home page; nil means "".
func UserChannels(users UserSource, link func(User) string) ChannelStore {
	return userChannels{users, link}
}

type userChannels struct {
	users UserSource
	link  func(User) string
}

func (u userChannels) Channels(ctx context.Context, userID string) ([]Channel, error) {
	channel, err := u.Channel(ctx, userID, userID)
	if errors.Is(err, ErrNotFound) {
		return nil, nil // of a user who is gone
	}
	if err != nil {
		return nil, err
	}
	return []Channel{channel}, nil
}

func (u userChannels) Channel(ctx context.Context, userID, channelID string) (Channel, error) {
	if channelID != userID {
		return Channel{}, fmt.Errorf("prism: a user has one channel, with the user's id: %w", ErrNotFound)
	}
	user, err := u.users.User(ctx, userID)
	if err != nil {
		return Channel{}, err
	}
	channel := Channel{ID: user.ID, ForUser: user.ID, Name: user.Name, Enabled: !user.Disabled, ThumbnailURL: user.ThumbnailURL}
	if u.link != nil {
		channel.Link = u.link(user)
	}
	return channel, nil
}

// LivesWithDefaults is the LiveStore of a service whose lives have no titles
// or no pages of their own: a blank Title becomes the channel's name, a blank
// Link the channel's link. The channel is looked up only when something is
// missing, once per call.
func LivesWithDefaults(lives LiveStore, channels ChannelStore) LiveStore {
	return livesWithDefaults{lives, channelDefaults{channels}}
}

type livesWithDefaults struct {
	LiveStore
	defaults channelDefaults
}

func (l livesWithDefaults) Lives(ctx context.Context, userID, channelID string, filter LiveFilter) ([]Live, error) {
	lives, err := l.LiveStore.Lives(ctx, userID, channelID, filter)
	if err != nil {
		return nil, err
	}
	all := make([]*Live, len(lives))
	for i := range lives {
		all[i] = &lives[i]
	}
	return lives, l.defaults.fill(ctx, userID, all...)
}

func (l livesWithDefaults) Live(ctx context.Context, userID, liveID string) (Live, error) {
	live, err := l.LiveStore.Live(ctx, userID, liveID)
	if err != nil {
		return Live{}, err
	}
	return live, l.defaults.fill(ctx, userID, &live)
}

func (l livesWithDefaults) CreateLive(ctx context.Context, userID, channelID string, created NewLive) (Live, error) {
	live, err := l.LiveStore.CreateLive(ctx, userID, channelID, created)
	if err != nil {
		return Live{}, err
	}
	return live, l.defaults.fill(ctx, userID, &live)
}

func (l livesWithDefaults) StartLive(ctx context.Context, userID, liveID string) (StartResult, error) {
	result, err := l.LiveStore.StartLive(ctx, userID, liveID)
	if err != nil {
		return StartResult{}, err
	}
	return result, l.defaults.fill(ctx, userID, &result.Live)
}

func (l livesWithDefaults) EndLive(ctx context.Context, userID, liveID string, opt EndOptions) (EndResult, error) {
	result, err := l.LiveStore.EndLive(ctx, userID, liveID, opt)
	if err != nil || opt.AsService {
		return result, err
	}
	return result, l.defaults.fill(ctx, userID, &result.Live)
}

// UpdatesWithDefaults is LivesWithDefaults for the update capability.
func UpdatesWithDefaults(updates LiveUpdater, channels ChannelStore) LiveUpdater {
	return updatesWithDefaults{updates, channelDefaults{channels}}
}

type updatesWithDefaults struct {
	updates  LiveUpdater
	defaults channelDefaults
}

func (u updatesWithDefaults) UpdateLive(ctx context.Context, userID, liveID string, update LiveUpdate) (Live, error) {
	live, err := u.updates.UpdateLive(ctx, userID, liveID, update)
	if err != nil {
		return Live{}, err
	}
	return live, u.defaults.fill(ctx, userID, &live)
}

// channelDefaults fills what lives of one channel lack.
type channelDefaults struct {
	channels ChannelStore
}

func (d channelDefaults) fill(ctx context.Context, userID string, lives ...*Live) error {
	var channel *Channel
	for _, live := range lives {
		if !blank(live.Title) && !blank(live.Link) {
			continue
		}
		if channel == nil {
			c, err := d.channels.Channel(ctx, userID, live.ChannelID)
			if err != nil {
				return err
			}
			channel = &c
		}
		if blank(live.Title) {
			live.Title = channel.Name
		}
		if blank(live.Link) {
			live.Link = channel.Link
		}
	}
	return nil
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// LiveCatalog is what a service has that does not manage the state of its
// lives: see AlwaysOnAir. The methods are those of LiveStore.
type LiveCatalog interface {
	Lives(ctx context.Context, userID, channelID string, filter LiveFilter) ([]Live, error)
	Live(ctx context.Context, userID, liveID string) (Live, error)
	CreateLive(ctx context.Context, userID, channelID string, live NewLive) (Live, error)
}

// AlwaysOnAir is the LiveStore of a service without status management: every
// live is ON_AIR, start and stop return the live and change nothing, also when
// its channel was disabled after it was created. The catalog is asked with
// LiveFilter.Status "" only.
func AlwaysOnAir(catalog LiveCatalog) LiveStore { return alwaysOnAir{catalog} }

type alwaysOnAir struct {
	catalog LiveCatalog
}

func (a alwaysOnAir) Lives(ctx context.Context, userID, channelID string, filter LiveFilter) ([]Live, error) {
	none := filter.Status == StatusReserved || filter.Status == StatusEnd
	filter.Status = ""
	lives, err := a.catalog.Lives(ctx, userID, channelID, filter)
	if err != nil || none {
		return nil, err
	}
	for i := range lives {
		lives[i].Status = StatusOnAir
	}
	return lives, nil
}

func (a alwaysOnAir) Live(ctx context.Context, userID, liveID string) (Live, error) {
	return onAir(a.catalog.Live(ctx, userID, liveID))
}

func (a alwaysOnAir) CreateLive(ctx context.Context, userID, channelID string, created NewLive) (Live, error) {
	return onAir(a.catalog.CreateLive(ctx, userID, channelID, created))
}

func (a alwaysOnAir) StartLive(ctx context.Context, userID, liveID string) (StartResult, error) {
	live, err := a.Live(ctx, userID, liveID)
	return StartResult{Live: live}, err
}

func (a alwaysOnAir) EndLive(ctx context.Context, userID, liveID string, opt EndOptions) (EndResult, error) {
	if opt.AsService {
		return EndResult{}, fmt.Errorf("prism: a service without status management ends no live: %w", ErrConflict)
	}
	live, err := a.Live(ctx, userID, liveID)
	return EndResult{Live: live}, err
}

func onAir(live Live, err error) (Live, error) {
	if err != nil {
		return Live{}, err
	}
	live.Status = StatusOnAir
	return live, nil
}
