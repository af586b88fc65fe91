package gateway

import "strings"

// User is the answer of the user call.
type User struct {
	// ID and Name are userId and userName, ThumbnailURL is profileThumbnail,
	// "" for none.
	ID, Name, ThumbnailURL string
}

// Channel is a channel as PRISM sees it.
type Channel struct {
	ID, Name string
	Enabled  bool
	// Link is the address of the channel's home.
	Link, Description string
	// Tags are split at the semicolons.
	Tags         []string
	ThumbnailURL string
	// FollowerCount is 0 when the answer has none.
	FollowerCount int64
}

// ChannelList is the answer of the channel list.
type ChannelList struct {
	// UserName is the name of the token's user.
	UserName string
	// Channels are in the order of the answer. The first enabled one matters
	// to the mobile client.
	Channels []Channel
}

// ChannelInfo is the answer of the single channel call.
type ChannelInfo struct {
	// UserName is the name of the token's user.
	UserName string
	Channel
}

func decodeUser(o object) User {
	u, ok := o.object("user", required)
	if !ok {
		return User{}
	}
	return User{
		ID:           u.id("userId", required),
		Name:         u.name("userName"),
		ThumbnailURL: u.text("profileThumbnail", nullable),
	}
}

func decodeChannelList(o object) ChannelList {
	list := ChannelList{UserName: o.name("userName")}
	ids := seen{}
	for _, c := range o.objects("channels") {
		channel := decodeChannel(c)
		ids.check(c, "channelId", channel.ID)
		list.Channels = append(list.Channels, channel)
	}
	return list
}

func decodeChannelInfo(o object, channelID string) ChannelInfo {
	info := ChannelInfo{UserName: o.name("userName")}
	if c, ok := o.object("channel", required); ok {
		info.Channel = decodeChannel(c)
		c.same("channelId", info.ID, channelID)
	}
	return info
}

func decodeChannel(o object) Channel {
	c := Channel{
		ID:           o.id("channelId", required),
		Name:         o.name("channelName"),
		Enabled:      o.flag("channelEnabled", required),
		Link:         o.link("channelLink"),
		Description:  o.text("channelDescription", optional),
		ThumbnailURL: o.text("channelThumbnailUrl", nullable),
	}
	if tags := o.text("channelTags", nullable); tags != "" {
		c.Tags = strings.Split(tags, ";")
	}
	c.FollowerCount = o.count("channelFollowerCount")
	return c
}
