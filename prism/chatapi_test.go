package prism_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

func isNotFound(err error) bool { return errors.Is(err, prism.ErrNotFound) }

type chatJSON struct {
	LiveID, NextPageToken string
	Messages              []struct {
		MessageID, MessageAt, Message, AuthorID, AuthorName string
		AuthorProfileThumbnail                              *string
		IsLiveOwner, IsLiveManager                          bool
	}
}

func (c chatJSON) texts() string {
	var texts []string
	for _, m := range c.Messages {
		texts = append(texts, m.Message)
	}
	return strings.Join(texts, " ")
}

// chat lists the chat of a live.
func (h *host) chat(liveID, body string) chatJSON {
	h.t.Helper()
	var got chatJSON
	h.data(h.do("POST", liveBase+liveID+"/chat", body), &got)
	if got.LiveID != liveID || got.NextPageToken == "" || got.Messages == nil {
		h.t.Errorf("chat answer %+v lacks a required field", got)
	}
	return got
}

func TestChat(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	live := h.create("t")

	beginning := h.chat(live.LiveID, `{"maxResults":50,"pageToken":null}`)
	if len(beginning.Messages) != 0 {
		t.Fatalf("a new live has messages: %+v", beginning)
	}
	for _, text := range []string{"one", "two", "three"} {
		if a := h.do("PUT", liveBase+live.LiveID+"/chat", `{"message":"`+text+`"}`); a.Code != 200 || !strings.Contains(string(a.body), `"data":null`) {
			t.Fatalf("send: %d %s", a.Code, a.body)
		}
	}
	if err := h.store.PostChat(t.Context(), live.LiveID, "bob", "four"); err != nil {
		t.Fatal(err)
	}

	all := h.chat(live.LiveID, `{"maxResults":100,"pageToken":"`+beginning.NextPageToken+`"}`)
	if all.texts() != "one two three four" {
		t.Errorf("after the beginning: %q, want all, oldest first", all.texts())
	}
	first := all.Messages[0]
	if first.AuthorID != "alice" || first.AuthorName != "Alice" || !first.IsLiveOwner || first.MessageAt != "2026-11-22T12:00:01+00:00" ||
		first.AuthorProfileThumbnail == nil || all.Messages[3].IsLiveOwner || all.Messages[3].AuthorProfileThumbnail != nil {
		t.Errorf("messages %+v", all.Messages)
	}
	if got := h.chat(live.LiveID, `{"maxResults":2}`); got.texts() != "three four" {
		t.Errorf("no token, 2: %q, want the latest 2", got.texts())
	}
	if got := h.chat(live.LiveID, `{"maxResults":0,"pageToken":""}`); got.texts() != "one two three four" {
		t.Errorf("no token, 0: %q, want the latest 100", got.texts())
	}
	page := h.chat(live.LiveID, `{"maxResults":3,"pageToken":"`+beginning.NextPageToken+`"}`)
	rest := h.chat(live.LiveID, `{"maxResults":3,"pageToken":"`+page.NextPageToken+`"}`)
	if page.texts() != "one two three" || rest.texts() != "four" {
		t.Errorf("pages %q and %q", page.texts(), rest.texts())
	}
	if none := h.chat(live.LiveID, `{"maxResults":3,"pageToken":"`+rest.NextPageToken+`"}`); none.NextPageToken != rest.NextPageToken || len(none.Messages) != 0 {
		t.Errorf("with nothing new nextPageToken must be the token that was sent: %+v", none)
	}
}

func TestPageTokensOfOtherLivesAre400(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	one, other := h.create("one"), h.create("other")
	token := h.chat(one.LiveID, `{"maxResults":1}`).NextPageToken
	for _, sent := range []string{token, "x", token + "x", strings.Repeat("A", 10_000)} {
		message := h.wantError(h.do("POST", liveBase+other.LiveID+"/chat", `{"maxResults":1,"pageToken":"`+sent+`"}`), prism.ErrInvalid)
		if !strings.HasPrefix(message, "pageToken: ") {
			t.Errorf("message %q does not name the field", message)
		}
	}
}

func TestPageTokensAgreeBetweenInstances(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	live := h.create("t")
	token := h.chat(live.LiveID, `{"maxResults":1}`).NextPageToken
	cfg := prism.FromStore(h.store)
	cfg.Auth, cfg.Secrets = testTokens, [][]byte{[]byte(strings.Repeat("n", prism.MinSecret)), testSecrets[0]}
	second, err := prism.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h.svc = second
	if got := h.chat(live.LiveID, `{"maxResults":1,"pageToken":"`+token+`"}`); got.NextPageToken != token {
		t.Errorf("the token of another instance with an older secret became %q", got.NextPageToken)
	}
}

func TestDeleteChat(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	live := h.create("t")
	h.do("PUT", liveBase+live.LiveID+"/chat", `{"message":"gone"}`)
	h.do("PUT", liveBase+live.LiveID+"/chat", `{"message":"stays"}`)
	chat := h.chat(live.LiveID, `{"maxResults":0}`)
	path := liveBase + live.LiveID + "/chat/" + chat.Messages[0].MessageID
	for range 2 {
		if a := h.do("DELETE", path, ""); a.Code != 200 {
			t.Errorf("delete: %d, want 200 the first and the second time", a.Code)
		}
	}
	h.wantError(h.do("DELETE", liveBase+live.LiveID+"/chat/none", ""), prism.ErrNotFound)
	if got := h.chat(live.LiveID, `{"maxResults":0}`); got.texts() != "stays" {
		t.Errorf("after the delete: %q", got.texts())
	}
}

func TestBansAndManagers(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	live := h.create("t")
	path := liveBase + live.LiveID
	post := func() error { return h.store.PostChat(t.Context(), live.LiveID, "bob", "hello") }
	put := func(suffix, body string) {
		t.Helper()
		for range 2 {
			if a := h.do("PUT", path+suffix, body); a.Code != 200 || !strings.Contains(string(a.body), `"data":null`) {
				t.Fatalf("PUT %s: %d %s, want 200 and no data, twice", suffix, a.Code, a.body)
			}
		}
	}
	put("/ban/bob", "")
	if err := post(); !errors.Is(err, prism.ErrForbidden) {
		t.Errorf("a banned viewer's message: %v", err)
	}
	put("/unban/bob", "")
	if err := post(); err != nil {
		t.Errorf("after unban: %v", err)
	}
	put("/timedBan/bob", `{"banTime":60}`)
	if err := post(); !errors.Is(err, prism.ErrForbidden) {
		t.Errorf("during a timed ban: %v", err)
	}
	h.clock.Advance(61 * time.Second)
	if err := post(); err != nil {
		t.Errorf("after a timed ban: %v", err)
	}
	put("/timedBan/bob", `{"banTime":60}`)
	put("/unban/bob", "")
	put("/mod/bob", "")
	if err := post(); err != nil {
		t.Errorf("unban lifts a timed ban too: %v", err)
	}
	messages := h.chat(live.LiveID, `{"maxResults":1}`).Messages
	if !messages[0].IsLiveManager {
		t.Error("a manager's message is not marked")
	}
	put("/unmod/bob", "")
	if messages = h.chat(live.LiveID, `{"maxResults":1}`).Messages; messages[0].IsLiveManager {
		t.Error("a former manager's message is still marked")
	}
	h.wantError(h.do("PUT", path+"/timedBan/bob", `{"banTime":0}`), prism.ErrInvalid)
	h.wantError(h.do("PUT", path+"/ban/nobody", ""), prism.ErrNotFound)
}
