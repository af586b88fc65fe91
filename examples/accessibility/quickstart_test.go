package accessibility

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/b2bprism/b2bprism/examples/internal/chromium"
	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
)

// quickstartPage is a page of the quickstart by its address.
type quickstartPage struct {
	name, path string
	status     int64
	// keys are typed into the first field of the main part, with Enter; then
	// the page that follows, with the status after, is looked at.
	keys  string
	after int64
}

var (
	publicPages = []quickstartPage{
		{name: "home", path: "/"},
		{name: "notice", path: "/?notice=signed-out"},
		{name: "channel", path: "/channel/channel-haneul"},
		{name: "closed channel", path: "/channel/channel-haneul-archive"},
		{name: "watch, on air", path: "/watch/channel-haneul-on-air-1"},
		{name: "watch, scheduled", path: "/watch/channel-haneul-reserved-1"},
		{name: "watch, by link", path: "/watch/channel-haneul-reserved-2"},
		{name: "watch, ended", path: "/watch/channel-haneul-ended-1"},
		{name: "sign-in", path: "/login"},
		{name: "sign-in for PRISM", path: "/login?next=" + url.QueryEscape("/prism/oauth/authorize?x=y")},
		{name: "sign-in, wrong password", path: "/login", keys: "haneul" + kb.Tab + "wrong", after: http.StatusForbidden},
		{name: "error", path: "/watch/none", status: http.StatusNotFound},
	}
	streamerPages = []quickstartPage{
		{name: "home of a member", path: "/"},
		{name: "watch, on air, as the owner", path: "/watch/channel-haneul-on-air-1"},
		{name: "watch, on air, as a viewer", path: "/watch/channel-bada-on-air-1"},
		{name: "studio", path: "/studio"},
		{name: "not for members", path: "/admin", status: http.StatusForbidden},
	}
	adminPages = []quickstartPage{
		{name: "admin", path: "/admin"},
		{name: "admin, live on air", path: "/admin/lives/channel-haneul-on-air-1"},
		{name: "admin, ended live", path: "/admin/lives/channel-haneul-ended-1"},
	}
)

func TestQuickstartPages(t *testing.T) {
	a := newAuditor(t)
	app := quickstart.Start(t, "-ingest-timeout", "0")
	origin := app.Creds.ServiceAPIDomain
	for _, part := range []struct {
		name  string
		who   quickstart.Login
		pages []quickstartPage
	}{
		{"visitor", quickstart.Login{}, publicPages},
		{"streamer", app.Creds.Users[0].Login, streamerPages},
		{"admin", app.Creds.Admin, adminPages},
	} {
		if part.who.Login != "" {
			a.Forget()
			a.get(origin+"/login", http.StatusOK)
			a.enter(t, http.StatusOK, part.who.Login+kb.Tab+part.who.Password)
		}
		for _, page := range part.pages {
			for _, scripts := range []bool{false, true} {
				t.Run(part.name+"/"+page.name+scriptsText(scripts), func(t *testing.T) {
					a := a.on(t)
					a.Scripts(scripts)
					a.openQuickstart(t, origin, page)
					a.clean(t)
				})
			}
		}
	}
}

func scriptsText(on bool) string {
	if on {
		return "/with JavaScript"
	}
	return "/without JavaScript"
}

// openQuickstart opens a page and everything on it that is folded.
func (a *auditor) openQuickstart(t *testing.T, origin string, page quickstartPage) {
	t.Helper()
	status := page.status
	if status == 0 {
		status = http.StatusOK
	}
	a.Open("the page "+page.path, status, chromedp.Navigate(origin+page.path))
	if page.keys != "" {
		a.enter(t, page.after, page.keys)
	}
	chromium.Eval[bool](a.Browser, `(document.querySelectorAll("details").forEach(fold => fold.open = true), true)`)
}
