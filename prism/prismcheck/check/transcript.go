package check

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

// maxBody is how much of a body is shown.
const maxBody = 2000

// transcript writes an exchange as text. The Gateway has redacted it.
func transcript(x gateway.Exchange) (sent, came string) {
	if x.Method == "" {
		return "", ""
	}
	sent = x.Method + " " + x.URL + headerText(x.RequestHeader) + bodyText(x.RequestBody)
	if x.Err != nil {
		return sent, "no answer: " + reason(x.Err)
	}
	came = fmt.Sprintf("%d %s, after %s", x.Status, http.StatusText(x.Status), x.Duration.Round(100*time.Microsecond)) +
		headerText(x.ResponseHeader) + bodyText(x.ResponseBody)
	return sent, came
}

func headerText(h http.Header) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if name == "User-Agent" || name == "Date" {
			continue
		}
		for _, v := range h[name] {
			b.WriteString("\n" + name + ": " + v)
		}
	}
	return b.String()
}

func bodyText(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	cut := ""
	if len(body) > maxBody {
		cut = fmt.Sprintf("… (%d bytes in all)", len(body))
		body = body[:maxBody]
	}
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	return "\n\n" + string(body) + cut
}
