package prismtest

import (
	"context"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// userCall is a method that takes an acting user and the id of a channel or of
// a live.
type userCall struct {
	name string
	do   func(ctx context.Context, userID, id string) error
}

// channelCalls are the methods that take a channel.
func (k *kit) channelCalls() []userCall {
	return []userCall{
		{"Channel", func(ctx context.Context, u, id string) error {
			_, err := k.Channels.Channel(ctx, u, id)
			return err
		}},
		{"Lives", func(ctx context.Context, u, id string) error {
			_, err := k.Lives.Lives(ctx, u, id, prism.LiveFilter{})
			return err
		}},
		{"CreateLive", func(ctx context.Context, u, id string) error {
			_, err := k.Lives.CreateLive(ctx, u, id, newLive("by whom?"))
			return err
		}},
	}
}

// liveCalls are the methods that take a live, as far as the fixture has them.
// messageID is a message of the live, or any text.
func (k *kit) liveCalls(messageID string) []userCall {
	calls := []userCall{
		{"Live", func(ctx context.Context, u, id string) error {
			_, err := k.Lives.Live(ctx, u, id)
			return err
		}},
		{"StartLive", func(ctx context.Context, u, id string) error {
			_, err := k.Lives.StartLive(ctx, u, id)
			return err
		}},
		{"EndLive", func(ctx context.Context, u, id string) error {
			_, err := k.Lives.EndLive(ctx, u, id, prism.EndOptions{})
			return err
		}},
	}
	if k.Update != nil {
		calls = append(calls, userCall{"UpdateLive", func(ctx context.Context, u, id string) error {
			_, err := k.Update.UpdateLive(ctx, u, id, prism.LiveUpdate{Title: ptr("not allowed")})
			return err
		}})
	}
	if k.Chat != nil {
		calls = append(calls, userCall{"Messages", func(ctx context.Context, u, id string) error {
			_, err := k.Chat.Messages(ctx, u, id, prism.ChatQuery{Limit: 10})
			return err
		}})
	}
	if k.ChatSend != nil {
		calls = append(calls, userCall{"SendMessage", func(ctx context.Context, u, id string) error {
			return k.ChatSend.SendMessage(ctx, u, id, "not allowed")
		}})
	}
	if k.ChatDelete != nil {
		calls = append(calls, userCall{"DeleteMessage", func(ctx context.Context, u, id string) error {
			return k.ChatDelete.DeleteMessage(ctx, u, id, messageID)
		}})
	}
	if k.Viewer == "" {
		return calls
	}
	if k.Ban != nil {
		calls = append(calls,
			userCall{"BanUser", func(ctx context.Context, u, id string) error {
				return k.Ban.BanUser(ctx, u, id, k.Viewer, time.Hour)
			}},
			userCall{"UnbanUser", func(ctx context.Context, u, id string) error {
				return k.Ban.UnbanUser(ctx, u, id, k.Viewer)
			}})
	}
	if k.Managers != nil {
		calls = append(calls,
			userCall{"AddManager", func(ctx context.Context, u, id string) error {
				return k.Managers.AddManager(ctx, u, id, k.Viewer)
			}},
			userCall{"RemoveManager", func(ctx context.Context, u, id string) error {
				return k.Managers.RemoveManager(ctx, u, id, k.Viewer)
			}})
	}
	return calls
}

// unknownIDs are ids that nothing has, named. Some differ from a real id only
// in what a database may take as equal.
func unknownIDs(real string) map[string]string {
	all := map[string]string{
		"an id that nothing has":              "kit-nothing-has-this-id",
		"an empty id":                         "",
		"a SQL fragment as id":                "' OR '1'='1",
		"a pattern as id":                     "%",
		"a path as id":                        "../" + real,
		"an id in Korean":                     "없는-아이디",
		"an id with a NUL":                    real + "\x00",
		"a real id and a space":               real + " ",
		"a real id in capital letters":        strings.ToUpper(real),
		"an id as long as ids can be":         strings.Repeat("x", 149),
		"an id that is not UTF-8":             "\xff\xfe",
		"a negative number":                   "-1",
		"a number beyond 64 bits":             "99999999999999999999999999",
		"a real id with a letter in the end":  real + "x",
		"a real id with an accent at the end": real + "\u0301",
	}
	for name, id := range all {
		if id == real {
			delete(all, name)
		}
	}
	return all
}

func (s *suite) ownership() {
	s.rule("another user's live is ErrNotFound, and stays as it is", func(k *kit) {
		k.silence()
		reserved := k.create("reserved")
		onAir := k.onAir("on air")
		messageID := "kit-no-message"
		if k.Chat != nil && k.canPost() {
			k.post(onAir.ID, "hands off")
			messageID = k.latest(onAir.ID, 1).Messages[0].ID
			onAir = k.live(onAir.ID)
		}
		for _, c := range k.liveCalls(messageID) {
			for _, l := range []prism.Live{reserved, onAir} {
				k.wantError(c.name+" by a user who may not use the live", c.do(k.ctx, k.Stranger, l.ID), prism.ErrNotFound)
				k.wantError(c.name+" without a user", c.do(k.ctx, "", l.ID), prism.ErrNotFound)
				k.unchanged(c.name+" by a user who may not use the live", l)
			}
		}
		if k.Chat != nil && k.canPost() {
			if got := k.latest(onAir.ID, 10).Messages; len(got) != 1 {
				k.t.Errorf("the chat has %d messages after calls of a user who may not use the live, want the 1 that was there", len(got))
			}
		}
	})
	s.rule("a live that does not exist is ErrNotFound", func(k *kit) {
		real := k.create("real")
		for _, c := range k.liveCalls("kit-no-message") {
			for name, id := range unknownIDs(real.ID) {
				k.wantError(c.name+" with "+name, c.do(k.ctx, k.Owner, id), prism.ErrNotFound)
			}
		}
		k.unchanged("a call with another id", real)
	})
	s.rule("another user's channel is ErrNotFound", func(k *kit) {
		before := len(k.list(prism.LiveFilter{}))
		for _, c := range k.channelCalls() {
			for _, id := range []string{k.EnabledChannel, k.DisabledChannel} {
				k.wantError(c.name+" by a user who may not use the channel", c.do(k.ctx, k.Stranger, id), prism.ErrNotFound)
				k.wantError(c.name+" without a user", c.do(k.ctx, "", id), prism.ErrNotFound)
			}
		}
		if after := len(k.list(prism.LiveFilter{})); after != before {
			k.t.Errorf("the channel has %d lives after calls of a user who may not use it, want %d as before", after, before)
		}
	})
	s.rule("a channel that does not exist is ErrNotFound", func(k *kit) {
		for _, c := range k.channelCalls() {
			for name, id := range unknownIDs(k.EnabledChannel) {
				k.wantError(c.name+" with "+name, c.do(k.ctx, k.Owner, id), prism.ErrNotFound)
			}
		}
	})
	s.rule("lives carry ForUser from every method", func(k *kit) {
		k.silence()
		check := func(method string, l prism.Live) {
			k.t.Helper()
			if l.ForUser != k.Owner {
				k.t.Errorf("%s: ForUser is %q, want %q: set it from the row that granted access, else the handler refuses the live", method, l.ForUser, k.Owner)
			}
			if l.ChannelID != k.EnabledChannel {
				k.t.Errorf("%s: ChannelID is %q, want %q", method, l.ChannelID, k.EnabledChannel)
			}
		}
		first, second := k.create("first"), k.create("second")
		check("CreateLive", first)
		check("Live", k.live(first.ID))
		for _, l := range k.list(prism.LiveFilter{}) {
			check("Lives", l)
		}
		check("StartLive", k.start(first.ID).Live)
		r := k.start(second.ID)
		if r.Ended == nil {
			k.t.Fatalf("StartLive did not report in Ended the live that it ended")
		}
		check("StartLive, in Ended", *r.Ended)
		check("EndLive", k.end(second.ID, prism.EndOptions{}).Live)
		k.start(first.ID)
		check("EndLive with AsService (ForUser is then the channel's owner)", k.end(first.ID, prism.EndOptions{AsService: true}).Live)
		if k.Update != nil {
			l, err := k.Update.UpdateLive(k.ctx, k.Owner, first.ID, prism.LiveUpdate{Title: ptr("third")})
			k.noError("UpdateLive", err)
			check("UpdateLive", l)
		}
	})
}
