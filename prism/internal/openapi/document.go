// Package openapi holds the OpenAPI 3.1 description of the service API.
package openapi

import (
	_ "embed" // of the document
	"slices"
	"strings"
)

//go:embed openapi.yaml
var document string

// Document is the whole description, with all that is optional.
func Document() []byte { return []byte(document) }

// marker ends a line of the document that starts something optional: the names
// after it, joined by " or ", are the parts of a service of which one has to be
// on.
const marker = " # when "

// Parts are the names that stand after a marker, each once.
func Parts() []string {
	var parts []string
	for line := range strings.Lines(document) {
		_, names := cutMarker(line)
		parts = append(parts, names...)
	}
	slices.Sort(parts)
	return slices.Compact(parts)
}

// For is the description of one service: without the blocks whose parts are all
// off, and with addresses that are relative to where it is served. basePath is
// that of the service, as a client sees it.
func For(basePath string, on func(part string) bool) []byte {
	var b strings.Builder
	skipped := -1 // the indentation of the block that is left out
	for line := range strings.Lines(document) {
		depth := len(line) - len(strings.TrimLeft(line, " "))
		if skipped >= 0 && (depth > skipped || strings.TrimSpace(line) == "") {
			continue
		}
		skipped = -1
		text, parts := cutMarker(line)
		trimmed := strings.TrimSpace(text)
		switch {
		case len(parts) > 0 && !slices.ContainsFunc(parts, on):
			skipped = depth
		case trimmed == "- url: https://{domain}{basePath}":
			b.WriteString("  - url: " + basePath + "\n")
		case trimmed == "- url: https://{domain}":
			b.WriteString("      - url: /\n")
		case trimmed == "variables:": // of those addresses
			skipped = depth
		default:
			b.WriteString(text)
		}
	}
	return []byte(b.String())
}

func cutMarker(line string) (text string, parts []string) {
	text, names, marked := strings.Cut(line, marker)
	if !marked {
		return line, nil
	}
	return text + "\n", strings.Split(strings.TrimSpace(names), " or ")
}
