package console

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
)

//go:embed texts/*.json
var textFiles embed.FS

// words is one language of the page.
type words struct {
	tag   string
	texts map[string]string
}

// languages are in the order of the switch on the page. The first is for a
// browser that wants none of them.
var languages = []language.Tag{language.English, language.Korean, language.Japanese}

var (
	languageMatcher = language.NewMatcher(languages)
	vocabularies    = loadVocabularies()
)

func loadVocabularies() []*words {
	all := make([]*words, 0, len(languages))
	for _, tag := range languages {
		w := &words{tag: tag.String()}
		data, err := textFiles.ReadFile("texts/" + w.tag + ".json")
		if err == nil {
			err = json.Unmarshal(data, &w.texts)
		}
		if err != nil {
			panic(err) // the files are embedded
		}
		all = append(all, w)
	}
	return all
}

// wordsFor is the language of a request: that of the query if the page has it,
// else the best of Accept-Language.
func wordsFor(r *http.Request) *words {
	chosen := r.URL.Query().Get("lang")
	for _, w := range vocabularies {
		if w.tag == chosen {
			return w
		}
	}
	accept := r.Header.Get("Accept-Language")
	const longest = 1000
	if len(accept) > longest {
		accept = ""
	}
	_, index := language.MatchStrings(languageMatcher, accept)
	return vocabularies[index]
}

// text is a text of the page by its key, with its arguments.
func (w *words) text(key string, args ...any) string {
	text, ok := w.texts[key]
	if !ok {
		panic("console: there is no text " + key) // a test looks for all
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// has reports whether there is such a text.
func (w *words) has(key string) bool { return w.texts[key] != "" }

// count writes a number with commas, as all three languages do.
func (w *words) count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// unitSpace is a space where a line does not break.
const unitSpace = "\u00a0"

// took writes a duration of a request: three digits are enough.
func (w *words) took(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return strconv.FormatFloat(float64(d)/1e6, 'f', 2, 64) + unitSpace + "ms"
	case d < 100*time.Millisecond:
		return strconv.FormatFloat(float64(d)/1e6, 'f', 1, 64) + unitSpace + "ms"
	case d < time.Second:
		return strconv.FormatFloat(float64(d)/1e6, 'f', 0, 64) + unitSpace + "ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + unitSpace + "s"
}

func trimZeros(s string) string { return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") }

// share writes n of total in percent. A share that is not 0 does not read as 0.
func (w *words) share(n, total uint64) string {
	switch {
	case n == 0 || total == 0:
		return "0%"
	case n == total:
		return "100%"
	}
	percent := 100 * float64(n) / float64(total)
	switch {
	case percent < 0.01:
		return "<0.01%"
	case percent < 10:
		return trimZeros(strconv.FormatFloat(percent, 'f', 2, 64)) + "%"
	}
	return trimZeros(strconv.FormatFloat(math.Min(percent, 99.9), 'f', 1, 64)) + "%"
}

// span writes how long something is or was, in one unit.
func (w *words) span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return w.text("span.seconds", int(max(d, 0)/time.Second))
	case d < time.Hour:
		return w.text("span.minutes", int(d/time.Minute))
	case d < 48*time.Hour:
		return w.text("span.hours", int(d/time.Hour))
	}
	return w.text("span.days", int(d/(24*time.Hour)))
}

func (w *words) ago(d time.Duration) string { return w.text("span.ago", w.span(d)) }
