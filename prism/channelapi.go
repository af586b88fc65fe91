package prism

import (
	"context"
	"strings"

	"github.com/b2bprism/b2bprism/prism/internal/wire"
)

// listChannels answers GET /channel/list.
func (s *Service) listChannels(x *exchange) (any, error) {
	name, allowed, err := x.streamer()
	if err != nil {
		return nil, err
	}
	channels, err := call(x.ctx, s, s.cfg.Channels, func(ctx context.Context) ([]Channel, error) {
		return s.cfg.Channels.Channels(ctx, x.user)
	})
	if err != nil {
		return nil, err
	}
	data := wire.ChannelsData{UserName: name, Channels: make([]wire.Channel, 0, len(channels))}
	for _, channel := range channels {
		if c, err := x.wireChannel(channel, allowed); err == nil {
			data.Channels = append(data.Channels, c)
		}
	}
	return data, nil
}

// getChannel answers GET /channel/{channelId}.
func (s *Service) getChannel(x *exchange) (any, error) {
	channel, err := call(x.ctx, s, s.cfg.Channels, func(ctx context.Context) (Channel, error) {
		return s.cfg.Channels.Channel(ctx, x.user, x.channelID)
	})
	if err != nil {
		return nil, err
	}
	name, allowed, err := x.streamer()
	if err != nil {
		return nil, err
	}
	c, err := x.wireChannel(channel, allowed)
	if err != nil {
		return nil, err
	}
	return wire.ChannelData{UserName: name, Channel: c}, nil
}

func (x *exchange) wireChannel(c Channel, allowed bool) (wire.Channel, error) {
	store := x.svc.cfg.Channels
	id, ok := wire.EncodeID(c.ID)
	if !ok {
		return wire.Channel{}, x.cannotSend(store, "Channel.ID")
	}
	if c.ForUser != x.user {
		return wire.Channel{}, x.cannotSend(store, "Channel.ForUser")
	}
	return wire.Channel{
		ChannelID:     id,
		Name:          x.nameOr(store, "Channel.Name", c.Name, c.ID),
		Enabled:       c.Enabled && allowed,
		Link:          x.link(store, "Channel.Link", c.Link),
		Description:   c.Description,
		Tags:          joinTags(c.Tags),
		ThumbnailURL:  wire.Nullable(c.ThumbnailURL),
		FollowerCount: x.count(store, "Channel.FollowerCount", c.FollowerCount),
	}, nil
}

func joinTags(tags []string) wire.Nullable {
	plain := make([]string, len(tags))
	for i, tag := range tags {
		plain[i] = strings.ReplaceAll(tag, ";", ",")
	}
	return wire.Nullable(strings.Join(plain, ";"))
}
