package check

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

var userChecks = []Check{
	{
		ID: "user.info", setup: true, Severity: Required, Source: srcAPI + ": user",
		Title: "The user of the token is answered, always with the same id.",
		Fix:   "Answer data.user with userId and userName of the token's user.",
		run:   checkUser,
	},
	{
		ID: "user.second", setup: true, Severity: Security, Source: srcAPI + ": user",
		Title: "Another account is another user.",
		Fix:   "Take the user from the token, never from a cookie, the client or a cache.",
		run:   checkSecondUser,
	},
}

var channelChecks = []Check{
	{
		ID: "channel.list", setup: true, Severity: Required, Source: srcAPI + ": channels; " + srcClient,
		Title: "The channel list has at least one channel that is enabled.",
		Fix:   "Give each streamer a channel: a service without channels makes one of the user's id and name. Without an enabled one the client says that it cannot load the list.",
		run:   checkChannelList,
	},
	{
		ID: "channel.user-name", Severity: Required, Source: srcAPI + ": channels",
		Title: "userName of the channel calls is that of the user call.",
		Fix:   "Send the name of the token's user in all three calls.",
		run:   checkUserNames,
	},
	{
		ID: "channel.first-enabled", Severity: Recommended, Source: srcClient + ": mobile",
		Title: "The first channel of the list is enabled.",
		Fix:   "The mobile client takes the first enabled channel: put the one that matters first.",
		run:   checkFirstEnabled,
	},
	{
		ID: "channel.info", Severity: Required, Source: srcAPI + ": channels",
		Title: "A single channel is answered as it is in the list.",
		Fix:   "Make both answers from the same row.",
		run:   checkChannelInfo,
	},
	{
		ID: "channel.unknown", Severity: Required, Source: srcSetup + ": 404",
		Title: "A channel that does not exist is answered with 404, in every call.",
		Fix:   "Answer 404 with the failure envelope, never 200 with empty data.",
		run:   checkUnknownChannel,
	},
	{
		ID: "channel.odd-ids", Severity: Required, Source: srcSetup + ": 404",
		Title: "Ids with odd characters are answered with 404.",
		Fix:   "Match ids in the encoded path, and answer what is no id of yours with 404 before the database sees it.",
		run:   checkOddIDs,
	},
	{
		ID: "channel.thumbnail", Severity: Recommended, Source: srcClient + ": pictures",
		Title: "Pictures have absolute https addresses.",
		Fix:   "Send whole addresses; the client fetches them without a token.",
		run:   checkThumbnails,
	},
}

func checkUser(p *probe) {
	m := p.me()
	user, err := m.userInfo()
	p.must(err, "the user call")
	p.user = user
	again, err := m.userInfo()
	p.must(err, "the user call again")
	if again.ID != user.ID || again.Name != user.Name {
		p.fail("a second call answers user %q %q, the first %q %q", again.ID, again.Name, user.ID, user.Name)
	}
}

// checkSecondUser also signs the second account in.
func checkSecondUser(p *probe) {
	p.me()
	var s *gateway.Session
	switch {
	case p.SecondToken != "":
		s = p.g.WithToken(p.SecondToken)
	case p.Second.Account != "":
		tokens, err := call(p, func(ctx context.Context) (gateway.Tokens, error) { return p.g.SignIn(ctx, p.Second) })
		if tokens.AccessToken == "" {
			p.end("the second account (-login2) cannot sign in: %v", errText(err))
		}
		s = p.g.Session(tokens)
	default:
		p.secondAccount()
	}
	user, err := streamer{p, s}.userInfo()
	p.must(err, "the user call of the second account")
	if user.ID == p.user.ID {
		p.end("the second account has the same userId as the first")
	}
	p.stranger, p.strangerUser = s, user
}

func checkChannelList(p *probe) {
	list, err := p.me().channelList()
	p.must(err, "the channel list")
	p.channels = list.Channels
	if len(list.Channels) == 0 {
		p.end("the list is empty")
	}
	for _, c := range list.Channels {
		if c.ID == "" || !c.Enabled || p.ChannelID != "" && c.ID != p.ChannelID {
			continue
		}
		p.channel = c
		break
	}
	switch {
	case p.channel.ID == "" && p.ChannelID != "":
		p.fail("channel %q is not in the list, or not enabled", p.ChannelID)
	case p.channel.ID == "":
		p.fail("none of the %d channels is enabled", len(list.Channels))
	}
}

func checkUserNames(p *probe) {
	m := p.me()
	if p.user.Name == "" {
		p.skip("the user call gave no name")
	}
	list, err := m.channelList()
	if p.did(err, "the channel list") && list.UserName != p.user.Name {
		p.fail("the channel list has userName %q, the user call %q", list.UserName, p.user.Name)
	}
	if p.channel.ID == "" {
		return
	}
	info, err := m.channelInfo(p.channel.ID)
	if p.did(err, "the channel call") && info.UserName != p.user.Name {
		p.fail("the channel call has userName %q, the user call %q", info.UserName, p.user.Name)
	}
}

func checkFirstEnabled(p *probe) {
	p.me()
	if len(p.channels) == 0 {
		p.skip("there are no channels")
	}
	if !p.channels[0].Enabled {
		p.fail("the first of %d channels is not enabled", len(p.channels))
	}
}

func checkChannelInfo(p *probe) {
	m := p.me()
	if len(p.channels) == 0 {
		p.skip("there are no channels")
	}
	const most = 20
	for _, c := range p.channels[:min(len(p.channels), most)] {
		if c.ID == "" {
			continue
		}
		info, err := m.channelInfo(c.ID)
		if !p.did(err, "channel %s", c.ID) {
			continue
		}
		got := info.Channel
		if got.Name != c.Name || got.Enabled != c.Enabled || got.Link != c.Link || got.Description != c.Description ||
			strings.Join(got.Tags, ";") != strings.Join(c.Tags, ";") || got.ThumbnailURL != c.ThumbnailURL {
			p.fail("channel %s differs from the list: name, channelEnabled, link, description, tags or thumbnail", c.ID)
		}
	}
}

func checkUnknownChannel(p *probe) {
	m := p.me()
	_, err := m.channelInfo(noSuchID)
	p.refused(err, "a channel that does not exist", http.StatusNotFound)
	_, err = m.lives(noSuchID, "")
	p.refused(err, "the lives of a channel that does not exist", http.StatusNotFound)
	_, err = m.createRaw(noSuchID, newLive(nil), nil)
	p.refused(err, "a new live on a channel that does not exist", http.StatusNotFound)
}

var oddIDs = []string{
	"..", "%2e%2e", "a%2Fb", "%00", "%27%20OR%20%271%27=%271", "%22%3E%3Cscript%3E", "%ED%95%9C%EA%B8%80", "%FF",
	strings.Repeat("a", 300), "-1", "0", "9223372036854775808", "null", "undefined",
}

func checkOddIDs(p *probe) {
	m := p.me()
	for _, id := range oddIDs {
		for _, path := range []string{"/channel/" + id, "/live/" + id, "/channel/" + id + "/lives"} {
			in := m.request(http.MethodGet, path, nil)
			if resp := p.send(in); resp.Status != http.StatusNotFound && resp.Status != http.StatusBadRequest {
				p.fail("GET %.80s got %d, want 404", path, resp.Status)
			}
		}
	}
}

func checkThumbnails(p *probe) {
	p.me()
	pictures := map[string]string{"profileThumbnail": p.user.ThumbnailURL}
	for _, c := range p.channels {
		pictures["channelThumbnailUrl of "+c.ID] = c.ThumbnailURL
	}
	for name, address := range inOrder(pictures) {
		if address == "" {
			continue
		}
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.Scheme != "https" && (!p.AllowHTTP || u.Scheme != "http") {
			p.fail("%s is %q", name, address)
		}
	}
}
