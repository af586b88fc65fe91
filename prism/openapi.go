package prism

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/b2bprism/b2bprism/prism/internal/openapi"
)

// openAPIPath is where the description stands below Config.BasePath.
const openAPIPath = "/openapi.yaml"

// OpenAPI returns the OpenAPI 3.1 description of the service API and of the
// OAuth endpoints, in YAML, with all that is optional. What a line that ends
// with "# when …" starts is there only if that is on in Config, or if
// Config.Auth has it. Each call returns a copy.
func OpenAPI() []byte { return openapi.Document() }

// openAPIRoute is the description of this service, if Config.ServeOpenAPI is
// set: with the APIs that are mounted and no others.
func (s *Service) openAPIRoute() *route {
	t := &route{pattern: openAPIPath}
	if !s.cfg.ServeOpenAPI {
		return t
	}
	text := openapi.For(s.cfg.BasePath, s.has)
	sum := sha256.Sum256(text)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`
	return t.on(http.MethodGet, true, endpoint{serve: func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-cache")
		header.Set("ETag", etag)
		if matchesETag(r.Header.Values("If-None-Match"), etag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		header.Set("Content-Type", "application/yaml") // RFC 9512
		_, _ = w.Write(text)                           // a client that went away has nothing to be told
	}})
}

// has reports whether a part of the description is on; see openapi.Parts.
func (s *Service) has(part string) bool {
	c := s.Capabilities()
	switch part {
	case "Authorize":
		return c.Authorize
	case "Token":
		return c.Token
	case "Standard":
		_, ok := s.cfg.Auth.(StandardEndpoints)
		return ok
	case "Chat":
		return c.Chat
	case "ChatSend":
		return c.ChatSend
	case "ChatDelete":
		return c.ChatDelete
	case "Ban":
		return c.Ban
	case "Managers":
		return c.Managers
	case "Update":
		return c.Update
	case "AllowBearer":
		return s.cfg.AllowBearer
	case "LegacyOnAir":
		return s.cfg.LegacyOnAir
	}
	return false
}

// matchesETag evaluates If-None-Match (RFC 9110 section 13.1.2).
func matchesETag(fields []string, etag string) bool {
	for _, field := range fields {
		for tag := range strings.SplitSeq(field, ",") {
			if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
				return true
			}
		}
	}
	return false
}
