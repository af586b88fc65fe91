package prism_test

import (
	"context"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// badFields records Trace.BadData.
type badFields struct {
	mu   sync.Mutex
	seen []string
}

func (b *badFields) observe(c *prism.Config) {
	c.Trace.BadData = func(_ context.Context, data prism.BadData) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.seen = append(b.seen, data.Field)
	}
}

// wantLogged checks that the log names the adapter and the field, once.
func (h *host) wantLogged(field string) {
	h.t.Helper()
	n := 0
	for _, entry := range h.log.All() {
		fields := entry.ContextMap()
		if fields["field"] == field {
			n++
			if adapter, _ := fields["adapter"].(string); adapter != "*prism_test.stubHost" {
				h.t.Errorf("the log blames %q", adapter)
			}
		}
	}
	if n != 1 {
		h.t.Errorf("the log has %s %d times, want once", field, n)
	}
}

func TestBadLives(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, field string
		spoil       func(*prism.Live)
	}{
		{"empty id", "Live.ID", func(l *prism.Live) { l.ID = "" }},
		{"id that cannot travel", "Live.ID", func(l *prism.Live) { l.ID = strings.Repeat("|", 200) }},
		{"foreign owner", "Live.ForUser", func(l *prism.Live) { l.ForUser = "bob" }},
		{"no owner", "Live.ForUser", func(l *prism.Live) { l.ForUser = "" }},
		{"unknown status", "Live.Status", func(l *prism.Live) { l.Status = "LIVE" }},
		{"no rtmpPath", "Live.RTMPPath", func(l *prism.Live) { l.RTMPPath = "" }},
		{"rtmpPath ends with a slash", "Live.RTMPPath", func(l *prism.Live) { l.RTMPPath += "/" }},
		{"rtmpPath of another scheme", "Live.RTMPPath", func(l *prism.Live) { l.RTMPPath = "srt://host/app/key" }},
		{"rtmpPath without app", "Live.RTMPPath", func(l *prism.Live) { l.RTMPPath = "rtmp://host/key" }},
		{"key is a prefix of the app", "Live.RTMPPath", func(l *prism.Live) { l.RTMPPath = "rtmp://host/live/li" }},
		{"slash in a query", "Live.RTMPPath", func(l *prism.Live) { l.RTMPPath = "rtmp://host/app/key?sign=a/b" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bad, good := goodLive(), goodLive()
			tt.spoil(&bad)
			good.ID = "good"
			var seen badFields
			stub := &stubHost{lives: []prism.Live{bad, good}}
			h := newHost(t, stub.use, seen.observe)
			var list struct{ Lives []liveJSON }
			h.data(h.do("GET", "/prism/v1/service/channel/main/lives", ""), &list)
			if len(list.Lives) != 1 || list.Lives[0].LiveID != "good" {
				t.Errorf("the list is %+v, want the bad live dropped and the good one kept", list.Lives)
			}
			for _, call := range []struct{ method, path, body string }{
				{"GET", liveBase + "live", ""}, {"PUT", liveBase + "live/start", ""}, {"PUT", liveBase + "live/stop", ""},
				{"PUT", liveBase + "live", `{"title":"t"}`},
				{"POST", "/prism/v1/service/channel/main/live", `{"title":"t","reservedAt":"2026-11-22T12:00:00Z"}`},
			} {
				h.wantError(h.do(call.method, call.path, call.body), prism.ErrInternal)
			}
			h.wantLogged(tt.field)
			if len(seen.seen) < 2 {
				t.Errorf("Trace.BadData was called %d times, want each time", len(seen.seen))
			}
		})
	}
}

func TestLiveOfAnotherChannelIsDroppedFromTheList(t *testing.T) {
	t.Parallel()
	other := goodLive()
	other.ChannelID = "other"
	h := newHost(t, (&stubHost{lives: []prism.Live{other}}).use)
	h.wantJSON(h.do("GET", "/prism/v1/service/channel/main/lives", ""), `{"channelId":"main","lives":[]}`)
	h.wantLogged("Live.ChannelID")
}

func TestLiveValuesThatAreMended(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, field string
		spoil       func(*prism.Live)
		ok          func(liveJSON) bool
	}{
		{"blank title", "Live.Title", func(l *prism.Live) { l.Title = " " }, func(l liveJSON) bool { return l.Title == "live" }},
		{"zero reservedAt", "Live.ReservedAt", func(l *prism.Live) { l.ReservedAt = time.Time{} },
			func(l liveJSON) bool { return l.ReservedAt == "2026-11-22T12:00:00+00:00" }},
		{"neither reservedAt nor createdAt", "Live.ReservedAt", func(l *prism.Live) { l.ReservedAt, l.CreatedAt = time.Time{}, time.Time{} },
			func(l liveJSON) bool { return l.ReservedAt == "1970-01-01T00:00:00+00:00" }},
		{"reservedAt in a year of five digits", "Live.ReservedAt", func(l *prism.Live) { l.ReservedAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
			func(l liveJSON) bool { return l.ReservedAt == "2026-11-22T12:00:00+00:00" }},
		{"startedAt before the year 1", "Live.StartedAt", func(l *prism.Live) { l.StartedAt = time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC) },
			func(l liveJSON) bool { return l.StartAt == nil }},
		{"negative views", "Live.Stats.Views", func(l *prism.Live) { l.Stats.Views = -5 }, func(l liveJSON) bool { return l.LiveStat["viewCount"] == 0 }},
		{"huge likes", "Live.Stats.Likes", func(l *prism.Live) { l.Stats.Likes = math.MaxInt64 },
			func(l liveJSON) bool { return l.LiveStat["likeCount"] == math.MaxInt32 }},
		{"title over 100 units is cut", "Live.Title", func(l *prism.Live) { l.Title = "x" + strings.Repeat("😀", 60) },
			func(l liveJSON) bool { return l.Title == "x"+strings.Repeat("😀", 49) }},
		{"description over 5000 units is cut", "Live.Description", func(l *prism.Live) { l.Description = strings.Repeat("방", 5001) },
			func(l liveJSON) bool { return l.Description == strings.Repeat("방", 5000) }},
		{"no link", "Live.Link", func(l *prism.Live) { l.Link = "" }, func(l liveJSON) bool { return l.LiveLink == "" }},
		{"unknown scope is shown as the most private", "Live.Scope", func(l *prism.Live) { l.Scope = "FRIENDS" },
			func(l liveJSON) bool { return l.Scope == "PRIVATE" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			live := goodLive()
			tt.spoil(&live)
			h := newHost(t, (&stubHost{lives: []prism.Live{live}}).use)
			var got liveAnswer
			h.data(h.do("GET", liveBase+"live", ""), &got)
			if !tt.ok(got.Live) {
				t.Errorf("got %+v", got.Live)
			}
			h.do("GET", liveBase+"live", "")
			h.wantLogged(tt.field)
		})
	}
}

func TestServerPartOfRTMPPathMustNotChange(t *testing.T) {
	t.Parallel()
	moved := goodLive()
	moved.RTMPPath = "rtmp://elsewhere/app/key0123456789"
	h := newHost(t, (&stubHost{lives: []prism.Live{goodLive(), moved, moved}}).use)
	h.do("GET", "/prism/v1/service/channel/main/lives", "")
	h.wantLogged("Live.RTMPPath (server part differs between lives)")
}

func TestBadChannels(t *testing.T) {
	t.Parallel()
	good := prism.Channel{ID: "good", ForUser: "alice", Name: "Good"}
	for _, tt := range []struct {
		name, field string
		bad         prism.Channel
	}{
		{"empty id", "Channel.ID", prism.Channel{ForUser: "alice", Name: "x"}},
		{"foreign", "Channel.ForUser", prism.Channel{ID: "x", ForUser: "bob", Name: "x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, (&stubHost{user: prism.User{Name: "Alice"}, channels: []prism.Channel{tt.bad, good}}).use)
			var list struct{ Channels []struct{ ChannelID string } }
			h.data(h.do("GET", "/prism/v1/service/channel/list", ""), &list)
			if len(list.Channels) != 1 || list.Channels[0].ChannelID != "good" {
				t.Errorf("list %+v", list)
			}
			h.wantError(h.do("GET", "/prism/v1/service/channel/x", ""), prism.ErrInternal)
			h.wantLogged(tt.field)
		})
	}
}

func TestBlankChannelNameBecomesTheID(t *testing.T) {
	t.Parallel()
	stub := &stubHost{user: prism.User{Name: "Alice"}, channels: []prism.Channel{{ID: "main", ForUser: "alice", Name: "\t", FollowerCount: -1}}}
	h := newHost(t, stub.use)
	var got struct {
		Channel struct {
			ChannelName          string
			ChannelFollowerCount int
		}
	}
	h.data(h.do("GET", "/prism/v1/service/channel/main", ""), &got)
	if got.Channel.ChannelName != "main" || got.Channel.ChannelFollowerCount != 0 {
		t.Errorf("got %+v", got.Channel)
	}
	h.wantLogged("Channel.Name")
	h.wantLogged("Channel.FollowerCount")
}

func TestBadMessages(t *testing.T) {
	t.Parallel()
	stub := &stubHost{page: prism.ChatPage{Next: 4, Messages: []prism.Message{
		{ID: "1", AuthorID: "", AuthorName: "x", Text: "no author"},
		{ID: "", AuthorID: "bob", AuthorName: "Bob", Text: "no id"},
		{ID: "3", AuthorID: "bob", AuthorName: " ", Text: "no name"},
	}}}
	h := newHost(t, stub.use)
	h.wantJSON(h.do("POST", liveBase+"live/chat", `{"maxResults":10}`), `{"liveId":"live","nextPageToken":"`+
		h.chat("live", `{"maxResults":10}`).NextPageToken+`","messages":[
		{"messageId":null,"messageAt":null,"message":"no id","authorId":"bob","authorName":"Bob","authorProfileThumbnail":null,"isLiveOwner":false,"isLiveManager":false},
		{"messageId":"3","messageAt":null,"message":"no name","authorId":"bob","authorName":"bob","authorProfileThumbnail":null,"isLiveOwner":false,"isLiveManager":false}]}`)
	for _, field := range []string{"Message.AuthorID", "Message.ID", "Message.AuthorName"} {
		h.wantLogged(field)
	}
	stub.page.Next = -1
	h.wantError(h.do("POST", liveBase+"live/chat", `{"maxResults":10}`), prism.ErrInternal)
}
