package prism

import (
	"net/url"
	"testing"

	"pgregory.net/rapid"
)

func TestEscapedPathIsThatOfTheURL(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zA-Z0-9/_.~-]*`), rapid.StringMatching(`[!-~]*`),
		rapid.SampledFrom([]string{"", "*", "/", "/a%2Fb", "/a b", "/방송", "/a;b=c,d"}))
	rapid.Check(t, func(t *rapid.T) {
		u := url.URL{Path: text.Draw(t, "path"), RawPath: rapid.OneOf(rapid.Just(""), text).Draw(t, "raw path")}
		if got, want := escapedPath(&u), u.EscapedPath(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
