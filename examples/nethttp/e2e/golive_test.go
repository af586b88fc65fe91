package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/b2bprism/b2bprism/examples/internal/chromium"
	"github.com/b2bprism/b2bprism/examples/internal/ffmpeg"
	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

const ingestTimeout = 5 * time.Second

// TestGoLive is the whole flow on real parts.
func TestGoLive(t *testing.T) {
	need(t)
	redirect := newCallback(t)
	a := quickstart.Start(t, "-media", "nginx", "-ingest-timeout", ingestTimeout.String(), "-redirect-uri", redirect.uri)
	ctx := t.Context()
	streamer, viewer := a.Creds.Users[0], a.Creds.Users[1]

	gateway := a.Gateway()
	code := authorize(t, chromium.New(t), a.Creds, redirect, streamer.Login)
	tokens, err := gateway.Exchange(ctx, code)
	if err != nil {
		t.Fatalf("exchange: %v", err)
	}
	s := &stage{t: t, app: a, prism: gateway.Session(tokens)}
	s.channel = s.enabledChannel()

	wantRefused(t, ffmpeg.Publish(t, a.Creds.RTMPBase+"/"+prism.NewStreamKey()))

	first := s.create("First live")
	s.wantStatus(first.ID, prism.StatusReserved)
	s.start(first.ID)
	push := ffmpeg.Publish(t, first.RTMPPath)

	watching := s.watch(first, viewer.Login)
	s.wantMovingNumbers(first.ID)
	s.chatBothWays(first.ID, watching)
	s.banAndUnban(first.ID, watching)

	second := s.create("Second live")
	s.start(second.ID)
	s.wantStatus(first.ID, prism.StatusEnd)
	wantRefused(t, push)
	if got := chromium.Eval[string](watching, `document.getElementById("status").textContent`); got == "" {
		t.Error("the watch page lost its status")
	}

	push = ffmpeg.Publish(t, second.RTMPPath)
	s.wantPictures(second)
	stopped, err := s.prism.StopLive(ctx, second.ID)
	if err != nil || stopped.Status != prism.StatusEnd {
		t.Fatalf("stop: %v, %v", stopped.Status, err)
	}
	s.wantStatus(second.ID, prism.StatusEnd)
	wantRefused(t, push)

	again := s.start(second.ID)
	if again.RTMPPath != second.RTMPPath {
		t.Error("a restarted live has another stream key")
	}
	push = ffmpeg.Publish(t, second.RTMPPath)
	s.wantPictures(second)
	push.Kill()
	s.wantStatus(second.ID, prism.StatusOnAir)
	quickstart.Eventually(t, ingestTimeout+20*time.Second, "the live without ingest has ended", func(ctx context.Context) bool {
		live, err := s.prism.Live(ctx, second.ID)
		return err == nil && live.Status == prism.StatusEnd
	})

	a.WantNoSecrets(map[string]string{
		"stream key": first.StreamKey, "second stream key": second.StreamKey, "access token": tokens.AccessToken,
		"refresh token": tokens.RefreshToken, "code": code, "client secret": a.Creds.ClientSecret,
		"streamer's password": streamer.Password, "viewer's password": viewer.Password, "admin's password": a.Creds.Admin.Password,
	})
}

// stage is the streamer's side of the test.
type stage struct {
	t       *testing.T
	app     *quickstart.App
	prism   *prismtest.Session
	channel string
}

func (s *stage) enabledChannel() string {
	s.t.Helper()
	list, err := s.prism.Channels(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range list.Channels {
		if c.Enabled {
			return c.ID
		}
	}
	s.t.Fatal("the streamer has no enabled channel")
	return ""
}

// create makes a live as the PC client does, reserved for "now".
func (s *stage) create(title string) prismtest.Live {
	s.t.Helper()
	live, err := s.prism.CreateLive(s.t.Context(), s.channel, prismtest.NewLive{
		Title: title, Scope: prism.ScopePublic, ReservedAt: time.Now().Add(20 * time.Second),
	})
	if err != nil {
		s.t.Fatalf("create: %v", err)
	}
	return live
}

func (s *stage) start(liveID string) prismtest.Live {
	s.t.Helper()
	live, err := s.prism.StartLive(s.t.Context(), liveID)
	if err != nil || live.Status != prism.StatusOnAir || live.StartAt.IsZero() {
		s.t.Fatalf("start: %v since %v, %v", live.Status, live.StartAt, err)
	}
	return live
}

func (s *stage) wantStatus(liveID string, want prism.Status) {
	s.t.Helper()
	live, err := s.prism.Live(s.t.Context(), liveID)
	if err != nil || live.Status != want {
		s.t.Fatalf("the live is %v, %v, want %v", live.Status, err, want)
	}
}

// watch opens the live's page as a signed-in viewer and waits for moving
// pictures.
func (s *stage) watch(live prismtest.Live, who quickstart.Login) *chromium.Browser {
	s.t.Helper()
	b := chromium.New(s.t)
	b.Do("open the sign-in page", chromedp.Navigate(s.app.Creds.ServiceAPIDomain+"/login"))
	b.SignIn(who.Login, who.Password)
	b.Do("open the watch page", chromedp.WaitNotPresent(`input[type=password]`),
		chromedp.Navigate(live.Link), chromedp.WaitVisible(`#say`))
	quickstart.Eventually(s.t, 40*time.Second, "the viewer sees moving pictures", func(context.Context) bool {
		return chromium.Eval[float64](b, `document.getElementById("video").currentTime`) > 0.5
	})
	return b
}

// wantPictures waits until the media server has pictures of a live.
func (s *stage) wantPictures(live prismtest.Live) {
	s.t.Helper()
	b := chromium.New(s.t)
	b.Do("open the watch page", chromedp.Navigate(live.Link))
	quickstart.Eventually(s.t, 40*time.Second, "there are pictures", func(context.Context) bool {
		return chromium.Eval[bool](b, `fetch(document.getElementById("watch").dataset.path + "/hls/index.m3u8").then(r => r.ok)`)
	})
}

// wantMovingNumbers waits until live info shows the viewer.
func (s *stage) wantMovingNumbers(liveID string) {
	s.t.Helper()
	quickstart.Eventually(s.t, 30*time.Second, "live info counts the viewer", func(ctx context.Context) bool {
		live, err := s.prism.Live(ctx, liveID)
		if err != nil {
			s.t.Fatal(err)
		}
		return live.Status == prism.StatusOnAir && live.Stats != nil && live.Stats.Views >= 1 && live.Stats.Viewers >= 1
	})
}

// chatBothWays sends from PRISM to the page and from the page to PRISM.
func (s *stage) chatBothWays(liveID string, viewer *chromium.Browser) {
	s.t.Helper()
	ctx := s.t.Context()
	beginning, err := s.prism.Chat(ctx, liveID, nil, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.prism.SendChat(ctx, liveID, "hello from PRISM"); err != nil {
		s.t.Fatal(err)
	}
	quickstart.Eventually(s.t, 20*time.Second, "the page shows PRISM's message", func(context.Context) bool {
		return strings.Contains(chromium.Eval[string](viewer, `document.getElementById("messages").textContent`), "hello from PRISM")
	})
	say(viewer, "hello from the page")
	quickstart.Eventually(s.t, 20*time.Second, "PRISM gets the viewer's message", func(ctx context.Context) bool {
		page, err := s.prism.Chat(ctx, liveID, &beginning.Next, 100)
		if err != nil {
			s.t.Fatal(err)
		}
		return len(page.Messages) == 2 && page.Messages[0].LiveOwner && page.Messages[1].Text == "hello from the page"
	})
}

func say(b *chromium.Browser, text string) {
	b.Do("say "+text, chromedp.SetValue(`#message`, text), chromedp.Click(`#say button`))
}

// banAndUnban bans the author of the viewer's message and lifts it again.
func (s *stage) banAndUnban(liveID string, viewer *chromium.Browser) {
	s.t.Helper()
	ctx := s.t.Context()
	latest, err := s.prism.Chat(ctx, liveID, nil, 1)
	if err != nil {
		s.t.Fatal(err)
	}
	author := latest.Messages[0].AuthorID
	if err := s.prism.Ban(ctx, liveID, author); err != nil {
		s.t.Fatal(err)
	}
	say(viewer, "while banned")
	quickstart.Eventually(s.t, 10*time.Second, "the page says that the viewer cannot chat", func(context.Context) bool {
		return chromium.Eval[bool](viewer, `!document.getElementById("chat-error").hidden`)
	})
	if err := s.prism.Unban(ctx, liveID, author); err != nil {
		s.t.Fatal(err)
	}
	say(viewer, "after the ban")
	quickstart.Eventually(s.t, 20*time.Second, "the viewer's message after the ban arrives, and the one during it does not", func(ctx context.Context) bool {
		page, err := s.prism.Chat(ctx, liveID, &latest.Next, 100)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, m := range page.Messages {
			if m.Text == "while banned" {
				s.t.Fatal("a banned viewer's message arrived")
			}
		}
		return len(page.Messages) == 1 && page.Messages[0].Text == "after the ban"
	})
}
