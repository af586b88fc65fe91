package chromium

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Look is how a page is shown.
type Look struct {
	// Width of the viewport in CSS pixels. Below 600 it is a phone.
	Width int64
	Dark  bool
}

// String names the look in messages.
func (l Look) String() string { return fmt.Sprintf("%d px %s", l.Width, l.scheme()) }

func (l Look) scheme() string {
	if l.Dark {
		return "dark"
	}
	return "light"
}

// Show changes how the page that is open, and those after it, are shown.
func (b *Browser) Show(l Look) {
	b.t.Helper()
	viewport := chromedp.EmulateViewport(l.Width, 800)
	if l.Width < 600 {
		viewport = chromedp.EmulateViewport(l.Width, 720, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait, chromedp.EmulateScale(2))
	}
	b.Do("show "+l.String(), viewport, command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme()}},
	}))
}

// Scripts switches the JavaScript of pages on or off. Eval and Do always work.
func (b *Browser) Scripts(on bool) {
	b.t.Helper()
	b.Do("switch JavaScript", command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}))
}

// Speak has the browser prefer a language from the next request on.
func (b *Browser) Speak(language string) {
	b.t.Helper()
	b.Do("speak "+language, command(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Accept-Language": language},
	}))
}

// Forget deletes the browser's cookies.
func (b *Browser) Forget() {
	b.t.Helper()
	b.Do("forget the cookies", command(network.ClearBrowserCookies, cdp.Empty{}))
}

// Open runs steps that lead to another page, waits until it has loaded, and
// wants this status.
func (b *Browser) Open(what string, status int64, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	resp, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
	if resp == nil || resp.Status != status {
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
		b.t.Fatalf("%s: the answer is %+v, want status %d\n%.600s", what, resp, status, strings.TrimSpace(text))
	}
}

func command[P any](c cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}
