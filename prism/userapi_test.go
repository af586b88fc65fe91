package prism_test

import (
	"encoding/json"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// wantJSON compares an answer's data with a JSON text, number by number.
func (h *host) wantJSON(a answer, want string) {
	h.t.Helper()
	var got, expected any
	h.data(a, &got)
	if err := json.Unmarshal([]byte(want), &expected); err != nil {
		h.t.Fatal(err)
	}
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(expected)
	if string(g) != string(w) {
		h.t.Errorf("data\n got %s\nwant %s", g, w)
	}
}

func TestUser(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.wantJSON(h.do("GET", "/prism/v1/service/user", ""),
		`{"user":{"userId":"alice","userName":"Alice","profileThumbnail":"https://example.com/alice.png"}}`)
	h.wantJSON(h.do("GET", "/prism/v1/service/user", "", "x-prism-access-token", "token-of-bob"),
		`{"user":{"userId":"bob","userName":"Bob","profileThumbnail":null}}`)
}

func TestUserWhoIsMissingOrDisabledIs401(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.wantError(h.do("GET", "/prism/v1/service/user", "", "x-prism-access-token", "token-of-ghost"), prism.ErrUnauthorized)
	if err := h.store.PutUser(t.Context(), prism.User{ID: "alice", Name: "Alice", Disabled: true}); err != nil {
		t.Fatal(err)
	}
	h.wantError(h.do("GET", "/prism/v1/service/user", ""), prism.ErrUnauthorized)
}

func TestUserNameFallsBackToUserID(t *testing.T) {
	t.Parallel()
	stub := &stubHost{user: prism.User{ID: "alice", Name: " "}}
	h := newHost(t, stub.use)
	h.wantJSON(h.do("GET", "/prism/v1/service/user", ""), `{"user":{"userId":"alice","userName":"alice","profileThumbnail":null}}`)
}

func TestChannelList(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	const off = `{"channelId":"off","channelName":"Off","channelEnabled":false,"channelLink":"https://example.com/off",
		"channelDescription":"","channelTags":null,"channelThumbnailUrl":null,"channelFollowerCount":0}`
	const main = `{"channelId":"main","channelName":"Main","channelEnabled":true,"channelLink":"https://example.com/main",
		"channelDescription":"All day","channelTags":"talk;a,b","channelThumbnailUrl":null,"channelFollowerCount":12}`
	h.wantJSON(h.do("GET", "/prism/v1/service/channel/list", ""), `{"userName":"Alice","channels":[`+off+`,`+main+`]}`)
	h.wantJSON(h.do("GET", "/prism/v1/service/channel/main", ""), `{"userName":"Alice","channel":`+main+`}`)
}

func TestChannelListIsNeverNull(t *testing.T) {
	t.Parallel()
	stub := &stubHost{user: prism.User{ID: "alice", Name: "Alice"}}
	h := newHost(t, stub.use)
	h.wantJSON(h.do("GET", "/prism/v1/service/channel/list", ""), `{"userName":"Alice","channels":[]}`)
	h.wantJSON(h.do("GET", "/prism/v1/service/channel/main/lives", ""), `{"channelId":"main","lives":[]}`)
}

func TestForeignAndMissingChannelsLookTheSame(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for _, path := range []string{"channel/%s", "channel/%s/lives"} {
		foreign := h.do("GET", "/prism/v1/service/"+replaceID(path, "bobs"), "")
		missing := h.do("GET", "/prism/v1/service/"+replaceID(path, "none"), "")
		h.wantError(foreign, prism.ErrNotFound)
		if string(foreign.body) != string(missing.body) {
			t.Errorf("%s: %s and %s differ", path, foreign.body, missing.body)
		}
	}
}

func TestChannelsOfABlockedUserAreDisabled(t *testing.T) {
	t.Parallel()
	for name, stub := range map[string]*stubHost{
		"disabled": {user: prism.User{ID: "alice", Name: "Alice", Disabled: true}},
	} {
		stub.channels = []prism.Channel{{ID: "main", ForUser: "alice", Name: "Main", Enabled: true}}
		h := newHost(t, stub.use)
		var list struct {
			Channels []struct{ ChannelEnabled bool }
		}
		h.data(h.do("GET", "/prism/v1/service/channel/list", ""), &list)
		var one struct{ Channel struct{ ChannelEnabled bool } }
		h.data(h.do("GET", "/prism/v1/service/channel/main", ""), &one)
		if len(list.Channels) != 1 || list.Channels[0].ChannelEnabled || one.Channel.ChannelEnabled {
			t.Errorf("%s: %+v, %+v, want the channel disabled", name, list, one)
		}
	}
}

func TestChannelsOfAUserWhoLeftAreDisabled(t *testing.T) {
	t.Parallel()
	stub := &stubHost{channels: []prism.Channel{{ID: "main", ForUser: "alice", Name: "Main", Enabled: true}}}
	h := newHost(t, stub.use, func(c *prism.Config) { c.Users = &stubHost{err: prism.ErrNotFound} })
	h.wantJSON(h.do("GET", "/prism/v1/service/channel/list", ""), `{"userName":"alice","channels":[{"channelId":"main",
		"channelName":"Main","channelEnabled":false,"channelLink":"","channelDescription":"","channelTags":null,
		"channelThumbnailUrl":null,"channelFollowerCount":0}]}`)
}
