package console

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	verbs = regexp.MustCompile(`%[a-z%]`)
	// keys are in the Go code and in the templates.
	keys = regexp.MustCompile(`"((?:api|apis|baddata|cap|copy|errors|failures|form|latency|lives|mount|plots|refusals|span|tab|tile|tokens|traffic|updates)\.[A-Za-z0-9.]+|title|skip|process|languages|views|footer|asof|hour|copy)"`)
	// The rest of these keys is put together.
	assembled = []string{"api.", "form.", "tile.speed.", "tokens."}
)

func TestTextsAreComplete(t *testing.T) {
	t.Parallel()
	english := vocabularies[0]
	for _, w := range vocabularies[1:] {
		if diff := cmp.Diff(slices.Sorted(maps.Keys(english.texts)), slices.Sorted(maps.Keys(w.texts))); diff != "" {
			t.Errorf("keys of en and %s differ (-en +%s):\n%s", w.tag, w.tag, diff)
		}
		for key, text := range english.texts {
			if diff := cmp.Diff(verbs.FindAllString(text, -1), verbs.FindAllString(w.texts[key], -1)); diff != "" {
				t.Errorf("%s: the arguments of %s differ (-en +%s):\n%s", key, w.tag, w.tag, diff)
			}
			if strings.TrimSpace(w.texts[key]) == "" {
				t.Errorf("%s has no text for %s", w.tag, key)
			}
			same := w.texts[key] == text
			// These are names in any language.
			if same && !slices.Contains([]string{"failures.code", "apis.title", "apis.api", "form.secret", "form.clientID", "form.redirect"}, key) {
				t.Errorf("%s is not translated to %s", key, w.tag)
			}
		}
	}
}

// Every text is used, and every text that is used is there.
func TestTextsAreUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, pattern := range []string{"*.go", "templates/*.html"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, match := range keys.FindAllSubmatch(source, -1) {
				used[string(match[1])] = true
			}
		}
	}
	english := vocabularies[0].texts
	for key := range used {
		if english[key] == "" && !slices.Contains(assembled, key) {
			t.Errorf("there is no text %s", key)
		}
	}
	for key := range english {
		if !used[key] && !slices.ContainsFunc(assembled, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
			t.Errorf("the text %s is not used", key)
		}
	}
}

// Every API of a service has a name on the page.
func TestAPINames(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../routes.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, part := range strings.Split(string(source), `newRoute("`)[1:] {
		path, rest, _ := strings.Cut(part, `"`)
		rest, _, _ = strings.Cut(rest, "}),") // the last of the route
		rest, _, _ = strings.Cut(rest, "func ")
		for _, method := range regexp.MustCompile(`http\.Method(\w+)`).FindAllStringSubmatch(rest, -1) {
			found++
			if key := "api." + strings.ToUpper(method[1]) + " " + path; !vocabularies[0].has(key) {
				t.Errorf("there is no text %s", key)
			}
		}
	}
	if found < 17 {
		t.Errorf("only %d APIs were found: the source has another form", found)
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	c := newTestConsole(t, testConfig(newClock()))
	for _, test := range []struct{ query, accept, want string }{
		{"", "", "en"}, {"", "ko", "ko"}, {"", "ja-JP,en;q=.5", "ja"}, {"", "fr", "en"}, {"", "ko-KR;q=0.4,ja;q=0.9", "ja"},
		{"?lang=ko", "ja", "ko"}, {"?lang=ja", "", "ja"}, {"?lang=en", "ko", "en"}, {"?lang=xx", "ko", "ko"}, {"?lang=KO", "", "en"},
		{"", "*", "en"}, {"", strings.Repeat("ko,", 1000), "en"}, {"", "\xff;;q", "en"},
	} {
		w := do(t, c, http.MethodGet, test.query, map[string]string{"Accept-Language": test.accept})
		if got := w.Header().Get("Content-Language"); got != test.want || !strings.Contains(w.Body.String(), `<html lang="`+test.want+`">`) {
			t.Errorf("%q with Accept-Language %.20q is in %s, want %s", test.query, test.accept, got, test.want)
		}
	}
	// The language that was chosen stays in every link; one that the browser
	// asked for does not get into them.
	if page := get(t, c, "?lang=ja").Body.String(); !strings.Contains(page, `href="?lang=ja&amp;view=setup"`) || !strings.Contains(page, `data-hx-get="?lang=ja&amp;part=live"`) {
		t.Error("the links forget the language")
	}
	if page := do(t, c, http.MethodGet, "", map[string]string{"Accept-Language": "ja"}).Body.String(); strings.Contains(page, `href="?lang=ja&amp;view=setup"`) {
		t.Error("the links fix a language that nobody chose")
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	w := vocabularies[0]
	for _, test := range []struct{ got, want string }{
		{w.count(0), "0"}, {w.count(999), "999"}, {w.count(1000), "1,000"}, {w.count(1234567), "1,234,567"},
		{w.took(0), "0.00 ms"}, {w.took(100 * time.Microsecond), "0.10 ms"}, {w.took(40 * time.Microsecond), "0.04 ms"}, {w.took(1790 * time.Microsecond), "1.79 ms"},
		{w.took(12340 * time.Microsecond), "12.3 ms"}, {w.took(100 * time.Millisecond), "100 ms"}, {w.took(999400 * time.Microsecond), "999 ms"},
		{w.took(1200 * time.Millisecond), "1.20 s"}, {w.took(61 * time.Second), "61.00 s"},
		{w.share(0, 10), "0%"}, {w.share(0, 0), "0%"}, {w.share(10, 10), "100%"}, {w.share(1, 3), "33.3%"}, {w.share(1, 8), "12.5%"},
		{w.share(1, 100), "1%"}, {w.share(1, 1_000_000), "<0.01%"}, {w.share(99_999, 100_000), "99.9%"},
		{w.span(-time.Second), "0 s"}, {w.span(59 * time.Second), "59 s"}, {w.span(time.Minute), "1 min"}, {w.span(47 * time.Hour), "47 h"},
		{w.span(49 * time.Hour), "2 days"}, {w.ago(3 * time.Second), "3 s ago"}, {vocabularies[1].ago(3 * time.Second), "3초 전"},
		{vocabularies[2].ago(90 * time.Minute), "1時間前"},
	} {
		if got := strings.ReplaceAll(test.got, unitSpace, " "); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
