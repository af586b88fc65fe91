package accessibility

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/b2bprism/b2bprism/examples/internal/chromium"
	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
	"github.com/b2bprism/b2bprism/prism"
)

func TestConsolePages(t *testing.T) {
	a := newAuditor(t)
	site := newConsoleSite(t)
	for _, page := range []struct {
		name, path string
		languages  []string
		// has is what shows that it is this page.
		has string
	}{
		{"traffic", "/console", []string{"en", "ko", "ja"}, ".plots path.p99"},
		{"traffic of one API", "/console?api=GET+%2Fv1%2Fservice%2Flive%2F%7BliveId%7D", []string{"ko"}, "table.figures tr.chosen"},
		{"registration", "/console?view=setup", []string{"en", "ko", "ja"}, ".capabilities .reason"},
		{"no traffic", "/empty", []string{"ja"}, ".canvas .none"},
		{"registration without a service", "/empty?view=setup", []string{"ko"}, "#mount"},
	} {
		for i, language := range page.languages {
			for _, scripts := range []bool{true, false} {
				if !scripts && i > 0 {
					continue // the same in any language
				}
				t.Run(page.name+"/"+language+scriptsText(scripts), func(t *testing.T) {
					a := a.on(t)
					a.Speak(language)
					a.Scripts(scripts)
					a.get(site.URL+page.path, http.StatusOK)
					got := chromium.Eval[struct {
						Language string `json:"language"`
						Found    bool   `json:"found"`
					}](a.Browser, `(document.querySelectorAll("details").forEach(fold => fold.open = true), {
						language: document.documentElement.lang, found: document.querySelector(`+"`"+page.has+"`"+`) !== null,
					})`)
					if got.Language != language || !got.Found {
						t.Errorf("the page is in %q; %s is there: %t", got.Language, page.has, got.Found)
					}
					a.clean(t)
				})
			}
		}
	}
}

// The check of the mount, with and without JavaScript: its result is a page of
// its own to look at.
func TestConsoleMountCheck(t *testing.T) {
	a := newAuditor(t)
	site := newConsoleSite(t)
	for _, scripts := range []bool{false, true} {
		t.Run(strings.TrimPrefix(scriptsText(scripts), "/"), func(t *testing.T) {
			a := a.on(t)
			a.Speak("en")
			a.Scripts(scripts)
			a.get(site.URL+"/console?view=setup", http.StatusOK)
			a.Open("the result", http.StatusOK, chromedp.Submit("#mount button"))
			if text := a.text("#mount"); !strings.Contains(text, "Problems: 2") || !strings.Contains(text, "GET /prism/") {
				t.Errorf("the result is %q", text)
			}
			if shown := chromium.Eval[bool](a.Browser, `getComputedStyle(document.querySelector(".copy")).display !== "none"`); shown != scripts {
				t.Errorf("the buttons that copy are shown: %t", shown)
			}
			a.clean(t)
		})
	}
}

func TestConsoleUpdates(t *testing.T) {
	chromium.Need(t)
	a := &auditor{Browser: chromium.New(t)}
	site := newConsoleSite(t)
	a.Speak("en")
	a.get(site.URL+"/console", http.StatusOK)
	a.Do("unfold", chromedp.Click("#refused summary"))
	requests := func() string { return a.text(".tiles strong") }
	before := requests()
	eventually := func(what string, ok func() bool) {
		t.Helper()
		quickstart.Eventually(t, 15*time.Second, what, func(context.Context) bool { return ok() })
	}
	refresh := func() {
		chromium.Eval[bool](a.Browser, `document.getElementById("live").dispatchEvent(new Event("refresh"))`)
	}

	site.play(t, "/v1/service/user", prism.RequestResult{Status: 200, Duration: time.Millisecond})
	eventually("the figures update by themselves", func() bool { return requests() != before })
	if !chromium.Eval[bool](a.Browser, `document.getElementById("refused").open`) {
		t.Error("the update folds what the reader has unfolded")
	}
	if got := a.text("#updates"); got != "Updates every 5 s" {
		t.Errorf("the state is %q", got)
	}

	// While nobody looks, and while paused, nothing is asked for.
	for _, pause := range []struct{ what, begin, end string }{
		{"hidden", `(Object.defineProperty(document, "hidden", {value: true, configurable: true}), true)`,
			`(delete document.hidden, document.dispatchEvent(new Event("visibilitychange")))`},
		{"paused", `(document.getElementById("pause").click(), true)`, `(document.getElementById("pause").click(), true)`},
	} {
		chromium.Eval[bool](a.Browser, pause.begin)
		n := site.updates.Load()
		refresh()
		refresh()
		// A request of its own comes after those, if there were any.
		chromium.Eval[int](a.Browser, `fetch("/login").then(answer => answer.status)`)
		if got := site.updates.Load(); got != n {
			t.Errorf("%s: %d updates", pause.what, got-n)
		}
		if pressed := chromium.Eval[string](a.Browser, `document.getElementById("pause").getAttribute("aria-pressed")`); (pressed == "true") != (pause.what == "paused") {
			t.Errorf("%s: the button is pressed: %s", pause.what, pressed)
		}
		chromium.Eval[bool](a.Browser, pause.end)
		eventually("an update follows at once after "+pause.what, func() bool { return site.updates.Load() > n })
	}

	// A guard's sign-in page does not get into the page.
	eventually("the state is live", func() bool { return a.text("#updates") == "Updates every 5 s" })
	site.signedOut.Store(true)
	refresh()
	eventually("the page says that it is old", func() bool { return strings.Contains(a.text("#updates"), "signed out") })
	if chromium.Eval[bool](a.Browser, `document.querySelector("#login") !== null || document.querySelector(".tiles") === null`) {
		t.Error("the guard's page is shown in place of the figures")
	}
	site.signedOut.Store(false)
	refresh()
	eventually("the page is live again", func() bool { return a.text("#updates") == "Updates every 5 s" })
}

func TestConsoleCopies(t *testing.T) {
	chromium.Need(t)
	a := &auditor{Browser: chromium.New(t)}
	site := newConsoleSite(t)
	a.Speak("en")
	a.get(site.URL+"/console?view=setup", http.StatusOK)
	a.Do("copy", chromedp.Click(`[data-copy="value-domain"]`))
	quickstart.Eventually(t, 5*time.Second, "the copy is told", func(context.Context) bool {
		said := a.text("#copied")
		return strings.HasPrefix(said, "Copy: Service API domain: ")
	})
	if got := chromium.Eval[string](a.Browser, `getSelection().toString().trim()`); got != "https://live.acme.example" {
		t.Errorf("selected is %q", got)
	}
}

// A finger on a plot reads a minute; elsewhere, the hour.
func TestConsoleReadsMinutes(t *testing.T) {
	chromium.Need(t)
	a := &auditor{Browser: chromium.New(t)}
	site := newConsoleSite(t)
	a.Speak("en")
	a.get(site.URL+"/console", http.StatusOK)
	chromium.Eval[bool](a.Browser, `(document.getElementById("pause").click(), true)`)
	const note = ".plot.latency [data-summary]"
	hour := a.text(note)
	over := func(selector string) string {
		chromium.Eval[bool](a.Browser, "document.querySelector(`"+selector+"`).dispatchEvent(new PointerEvent(\"pointerover\", {bubbles: true}))")
		return a.text(note)
	}
	if got := over(".plot.latency .minute"); got == hour || !strings.Contains(got, "40 requests: p50") {
		t.Errorf("over a minute: %q", got)
	}
	if got := over(".plot.errors .minute"); got != hour {
		t.Errorf("over the other plot: %q, want %q", got, hour)
	}
}

// text is the text of the first element that a selector finds.
func (a *auditor) text(selector string) string {
	return chromium.Eval[string](a.Browser, "document.querySelector(`"+selector+"`).textContent.trim()")
}
