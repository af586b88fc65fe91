package wire

// User is data.user of the user API.
type User struct {
	UserID           string   `json:"userId"`
	UserName         string   `json:"userName"`
	ProfileThumbnail Nullable `json:"profileThumbnail"`
}

// UserData is the data of the user API.
type UserData struct {
	User User `json:"user"`
}

// Channel is one channel.
type Channel struct {
	ChannelID     string   `json:"channelId"`
	Name          string   `json:"channelName"`
	Enabled       bool     `json:"channelEnabled"`
	Link          string   `json:"channelLink"`
	Description   string   `json:"channelDescription"`
	Tags          Nullable `json:"channelTags"`
	ThumbnailURL  Nullable `json:"channelThumbnailUrl"`
	FollowerCount int64    `json:"channelFollowerCount"`
}

// ChannelsData is the data of the channel list.
type ChannelsData struct {
	UserName string    `json:"userName"`
	Channels []Channel `json:"channels"`
}

// ChannelData is the data of one channel.
type ChannelData struct {
	UserName string  `json:"userName"`
	Channel  Channel `json:"channel"`
}

// Live is one live.
type Live struct {
	LiveID      string   `json:"liveId"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	ReservedAt  Time     `json:"reservedAt"`
	StartAt     Time     `json:"startAt"`
	RTMPPath    string   `json:"rtmpPath"`
	Status      string   `json:"status"`
	Scope       string   `json:"scope"`
	LiveLink    string   `json:"liveLink"`
	LiveStat    LiveStat `json:"liveStat"`
}

// LiveStat are a live's numbers.
type LiveStat struct {
	ViewCount   int64 `json:"viewCount"`
	ViewerCount int64 `json:"viewerCount"`
	LikeCount   int64 `json:"likeCount"`
	ChatCount   int64 `json:"chatCount"`
}

// LivesData is the data of a live list.
type LivesData struct {
	ChannelID string `json:"channelId"`
	Lives     []Live `json:"lives"`
}

// LiveData is the data of one live.
type LiveData struct {
	ChannelID string `json:"channelId"`
	Live      Live   `json:"live"`
}

// FlatLiveData is the data of start and stop: the live, and its fields once
// more beside it, since the documentation shows both forms.
type FlatLiveData struct {
	ChannelID string `json:"channelId"`
	Nested    Live   `json:"live"`
	Live
}

// ChatData is the data of the chat list.
type ChatData struct {
	LiveID        string    `json:"liveId"`
	NextPageToken string    `json:"nextPageToken"`
	Messages      []Message `json:"messages"`
}

// Message is one chat message.
type Message struct {
	MessageID              Nullable `json:"messageId"`
	MessageAt              Time     `json:"messageAt"`
	Message                string   `json:"message"`
	AuthorID               string   `json:"authorId"`
	AuthorName             string   `json:"authorName"`
	AuthorProfileThumbnail Nullable `json:"authorProfileThumbnail"`
	IsLiveOwner            bool     `json:"isLiveOwner"`
	IsLiveManager          bool     `json:"isLiveManager"`
}
