// Package chromium drives a real Chromium in tests.
package chromium

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// path is where Debian's package chromium installs it.
const path = "/usr/bin/chromium"

// Need skips the test without Chromium. In CI that is a failure.
func Need(t *testing.T) { NeedFile(t, path, "chromium") }

// NeedFile skips the test without a file of a Debian package. In CI that is a
// failure.
func NeedFile(t *testing.T, file, pkg string) {
	t.Helper()
	if _, err := os.Stat(file); err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing: apt-get install %s", file, pkg)
	}
	t.Skipf("needs %s: apt-get install %s", file, pkg)
}

// stepTime is how long one call has.
const stepTime = 30 * time.Second

// Browser is a Chromium with a profile of its own.
type Browser struct {
	t   *testing.T
	ctx context.Context
}

// New starts a browser that ends with the test. It takes any certificate.
func New(t *testing.T) *Browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.IgnoreCertErrors,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(1100, 800),
	)
	allocator, cancelAllocator := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancelAllocator)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	// The browser lives as long as the context of its first step.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return &Browser{t, ctx}
}

// On returns the browser for a subtest, which is what fails then.
func (b *Browser) On(t *testing.T) *Browser { return &Browser{t, b.ctx} }

// Do runs steps in the browser. The first that fails ends the test.
func (b *Browser) Do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		where, _ := chromedp.Run(b.ctx, chromedp.Location())
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
		b.t.Fatalf("%s: %v\nat %s\n%.600s", what, err, where, text)
	}
}

// SignIn fills the sign-in form of the page that is open.
func (b *Browser) SignIn(login, password string) {
	b.t.Helper()
	b.Do("sign in",
		chromedp.WaitVisible(`input[type=password]`),
		chromedp.SetValue(`input[autocomplete=username]`, login),
		chromedp.SetValue(`input[type=password]`, password),
		chromedp.Submit(`input[type=password]`),
	)
}

// Eval evaluates a JavaScript expression and waits for it if it is a promise.
func Eval[T any](b *Browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%.200s: %v", expression, err)
	}
	return v
}
