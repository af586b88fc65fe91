package prism_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/internal/openapi"
)

// parts switch on or off what the description says is optional.
var parts = map[string]struct{ on, off func(*prism.Config) }{
	"Authorize":   {withStandard, func(c *prism.Config) { c.Auth = tokenOnly{testTokens} }},
	"Token":       {withStandard, func(c *prism.Config) { c.Auth = testTokens }},
	"Standard":    {withStandard, func(c *prism.Config) { c.Auth = tokenOnly{testTokens} }},
	"Chat":        {nil, func(c *prism.Config) { c.Chat, c.ChatDelete, c.Ban, c.Managers = nil, nil, nil, nil }},
	"ChatSend":    {nil, func(c *prism.Config) { c.ChatSend = nil }},
	"ChatDelete":  {nil, func(c *prism.Config) { c.ChatDelete = nil }},
	"Ban":         {nil, func(c *prism.Config) { c.Ban = nil }},
	"Managers":    {nil, func(c *prism.Config) { c.Managers = nil }},
	"Update":      {nil, func(c *prism.Config) { c.Update = nil }},
	"AllowBearer": {func(c *prism.Config) { c.AllowBearer = true }, func(*prism.Config) {}},
	"LegacyOnAir": {func(c *prism.Config) { c.LegacyOnAir = true }, func(*prism.Config) {}},
}

// tokenOnly is an Authenticator with PRISM's token endpoint and no other.
type tokenOnly struct{ tokens }

func (tokenOnly) ServePRISMToken(w http.ResponseWriter, r *http.Request) {
	answerName(w, r, "prism token")
}

func withOpenAPI(c *prism.Config) { c.ServeOpenAPI = true }

// everything turns on all parts.
func everything(c *prism.Config) {
	withOpenAPI(c)
	for _, p := range parts {
		if p.on != nil {
			p.on(c)
		}
	}
}

var (
	pathLine   = regexp.MustCompile(`^  (/[^:]*):`)
	methodLine = regexp.MustCompile(`^    (get|put|post|delete|options|head|patch|trace):`)
)

// described are the methods of a description by path. It knows the layout of
// the document; package openapi of the examples module reads it as YAML.
func described(document string) map[string][]string {
	_, rest, _ := strings.Cut(document, "\npaths:\n")
	rest, _, _ = strings.Cut(rest, "\ncomponents:\n")
	methods, path := map[string][]string{}, ""
	for line := range strings.Lines(rest) {
		if m := pathLine.FindStringSubmatch(line); m != nil {
			path = m[1]
		} else if m := methodLine.FindStringSubmatch(line); m != nil {
			methods[path] = append(methods[path], strings.ToUpper(m[1]))
		}
	}
	for _, m := range methods {
		slices.Sort(m)
	}
	return methods
}

func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	t.Parallel()
	routes := newHost(t, everything).svc.Routes()
	if len(routes) < 20 {
		t.Fatalf("the route table has %d paths only", len(routes))
	}
	if diff := cmp.Diff(routes, described(string(prism.OpenAPI()))); diff != "" {
		t.Errorf("the description differs from the routes (-routes +description):\n%s", diff)
	}
}

func TestServedOpenAPIDescribesWhatIsMounted(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(openapi.Parts(), slices.Sorted(maps.Keys(parts))); diff != "" {
		t.Fatalf("the parts of the description are not those of this test (-description +test):\n%s", diff)
	}
	configs := map[string]func(*prism.Config){"everything": func(*prism.Config) {}, "nothing": func(c *prism.Config) {
		c.AllowBearer, c.LegacyOnAir, c.Chat, c.ChatSend, c.ChatDelete, c.Ban, c.Managers, c.Update, c.Auth =
			false, false, nil, nil, nil, nil, nil, nil, testTokens
	}}
	for name, part := range parts {
		configs["without "+name] = func(c *prism.Config) {
			if name == "AllowBearer" || name == "LegacyOnAir" {
				c.AllowBearer, c.LegacyOnAir = name != "AllowBearer", name != "LegacyOnAir"
			}
			part.off(c)
		}
	}
	for name, config := range configs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, everything, config)
			a := h.do("GET", "/prism/openapi.yaml", "", "x-prism-access-token", "")
			text := string(a.body)
			if a.Code != http.StatusOK {
				t.Fatalf("%d %s", a.Code, a.body)
			}
			if diff := cmp.Diff(h.svc.Routes(), described(text)); diff != "" {
				t.Errorf("the description differs from the routes (-routes +description):\n%s", diff)
			}
			has := func(what string) bool { return strings.Contains(text, what) }
			if has("# when") || has("{domain}") || has("{basePath}") {
				t.Error("the description has markers or variables")
			}
			off := strings.TrimPrefix(name, "without ")
			for part, what := range map[string]string{"AllowBearer": "bearer: []", "LegacyOnAir": "- ONAIR"} {
				if want := off != part && name != "nothing"; has(what) != want {
					t.Errorf("%q is there: %v, want %v", what, !want, want)
				}
			}
			for _, m := range regexp.MustCompile(`'#/components/(\w+)/(\w+)'`).FindAllStringSubmatch(text, -1) {
				if !has("\n    " + m[2] + ":\n") {
					t.Errorf("%s %s is gone, and something still refers to it", m[1], m[2])
				}
			}
		})
	}
}

func TestServeOpenAPI(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		base, server string
		found        []string
		notFound     []string
	}{
		{"", "/prism", []string{"/prism/openapi.yaml", "/openapi.yaml"}, []string{"/prism/prism/openapi.yaml", "/prism/v1/service/openapi.yaml"}},
		{"/api/live", "/api/live", []string{"/api/live/openapi.yaml", "/openapi.yaml"}, []string{"/prism/openapi.yaml", "/api/live/openapi.yaml/"}},
		{"/", "/", []string{"/openapi.yaml"}, []string{"//openapi.yaml", "/prism/openapi.yaml"}},
	} {
		h := newHost(t, withOpenAPI, func(c *prism.Config) { c.BasePath = tt.base })
		for _, path := range tt.found {
			a := h.do("GET", path, "", "x-prism-access-token", "")
			if a.Code != http.StatusOK || !strings.HasPrefix(string(a.body), "openapi: 3.1") || a.Header().Get("Content-Type") != "application/yaml" {
				t.Errorf("base %q: %s: %d %v", tt.base, path, a.Code, a.Header())
			}
			if want := "\nservers:\n  - url: " + tt.server + "\n"; !strings.Contains(string(a.body), want) {
				t.Errorf("base %q: the description has no %q", tt.base, want)
			}
		}
		for _, path := range tt.notFound {
			r := h.request("GET", "/", "")
			r.URL.Path = path
			h.wantError(h.serve(r), prism.ErrNoSuchAPI)
		}
	}

	h := newHost(t, withOpenAPI)
	for _, method := range []string{"HEAD", "OPTIONS", "POST", "PUT", "DELETE"} {
		a := h.do(method, "/prism/openapi.yaml", "")
		h.wantError(a, prism.ErrMethodNotAllowed)
		if got := a.Header().Get("Allow"); got != "GET" {
			t.Errorf("%s: Allow = %q", method, got)
		}
	}
	r := h.request("GET", "/prism/openapi.yaml", "")
	r.TLS = nil
	h.wantError(h.serve(r), prism.ErrTLSRequired)
	h.wantError(newHost(t).do("GET", "/prism/openapi.yaml", ""), prism.ErrNoSuchAPI)
	h.wantError(newHost(t).do("POST", "/prism/openapi.yaml", ""), prism.ErrNoSuchAPI)
}

func TestOpenAPIRevalidation(t *testing.T) {
	t.Parallel()
	h := newHost(t, withOpenAPI)
	etag := h.do("GET", "/prism/openapi.yaml", "").Header().Get("ETag")
	if !regexp.MustCompile(`^"[\w-]{24}"$`).MatchString(etag) {
		t.Fatalf("ETag = %q", etag)
	}
	if other := newHost(t, withOpenAPI, func(c *prism.Config) { c.Ban = nil }).do("GET", "/prism/openapi.yaml", "").Header().Get("ETag"); other == etag {
		t.Error("another description has the same ETag")
	}
	for header, want := range map[string]int{
		etag: 304, "W/" + etag: 304, "*": 304, `"x", ` + etag: 304, `"x"`: 200, strings.Trim(etag, `"`): 200,
	} {
		a := h.do("GET", "/prism/openapi.yaml", "", "If-None-Match", header)
		if a.Code != want || a.Header().Get("ETag") != etag || a.Header().Get("Cache-Control") != "no-cache" || (want == 304) != (len(a.body) == 0) {
			t.Errorf("If-None-Match %s: %d %v, %d bytes, want %d", header, a.Code, a.Header(), len(a.body), want)
		}
	}
}

func TestOpenAPIIsACopy(t *testing.T) {
	t.Parallel()
	document := prism.OpenAPI()
	clear(document)
	if !strings.HasPrefix(string(prism.OpenAPI()), "openapi: 3.1") {
		t.Error("a caller can change the description")
	}
}

func TestOpenAPIErrorTable(t *testing.T) {
	t.Parallel()
	var rows, codes, want []string
	document := string(prism.OpenAPI())
	for _, m := range regexp.MustCompile(`(?m)^    \| (\d+) \| (\w+) \| (\d+) \| \S.* \|$`).FindAllStringSubmatch(document, -1) {
		rows = append(rows, strings.Join(m[1:], " "))
	}
	for _, e := range table {
		want = append(want, fmt.Sprintf("%d %s %d", e.Code, e.Name, e.Status))
		codes = append(codes, fmt.Sprint(e.Code))
	}
	slices.Sort(want)
	slices.Sort(codes)
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("the table of the description differs (-errors +description):\n%s", diff)
	}
	if list := "enum: [" + strings.Join(codes, ", ") + "]"; !strings.Contains(document, list) {
		t.Errorf("the schema of an error has no %s", list)
	}

	// An example for each, but for the two that are no API's answer.
	examples := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^    ([A-Z_]+):\n      value: \{ success: false, errorCode: (\d+), errorName: (\w+), message: '?(.*?)'?, data: null \}$`).
		FindAllStringSubmatch(document, -1) {
		examples[m[1]] = strings.Join(m[2:], " ")
	}
	for _, e := range table {
		message := e.Message
		switch e {
		case prism.ErrNoSuchAPI, prism.ErrMethodNotAllowed:
			continue
		case prism.ErrInvalid:
			message = prism.InvalidField("title", "is required").Message
		case prism.ErrInternal:
			message = "The service failed. The log has the reason under request id 4f1c0a9be2d35768a1b2c3d4."
		}
		if want := fmt.Sprintf("%d %s %s", e.Code, e.Name, message); examples[e.Name] != want {
			t.Errorf("the example of %s is %q, want %q", e.Name, examples[e.Name], want)
		}
		delete(examples, e.Name)
	}
	if len(examples) > 0 {
		t.Errorf("examples of no error: %v", examples)
	}
}

func TestOpenAPIBounds(t *testing.T) {
	t.Parallel()
	document := string(prism.OpenAPI())
	for _, want := range []string{
		fmt.Sprintf("title: { type: string, minLength: 1, maxLength: %d }", prism.MaxTitle),
		fmt.Sprintf("1 to %d UTF-16 units", prism.MaxTitle),
		fmt.Sprintf("      maxLength: %d\n      pattern: '\\S'", prism.MaxTitle),
		fmt.Sprintf("description: { type: string, maxLength: %d }", prism.MaxDescription),
		fmt.Sprintf("At most %d UTF-16 units", prism.MaxDescription),
		fmt.Sprintf("      maxLength: %d\n    OptionalScope", prism.MaxDescription),
		fmt.Sprintf("enum: [%s, %s, %s]", prism.ScopePublic, prism.ScopeLimited, prism.ScopePrivate),
		fmt.Sprintf("- %s\n            - %s\n            - ONAIR # when LegacyOnAir\n            - %s\n", prism.StatusReserved, prism.StatusOnAir, prism.StatusEnd),
		fmt.Sprintf("maxItems: %d,", prism.MaxChatPage),
		fmt.Sprintf("0 and more than %d count as %[1]d", prism.MaxChatPage),
		fmt.Sprintf("At most %d by default", prism.DefaultLiveListLimit),
		fmt.Sprintf("JSON object in UTF-8 of %d KiB by default", prism.DefaultMaxBody>>10),
		fmt.Sprintf("deadline, %v seconds by default", prism.DefaultDeadline.Seconds()),
		fmt.Sprintf("account: { type: string, maxLength: %d }", oauth.MaxAccount),
		fmt.Sprintf("At most %d bytes", oauth.MaxPassword),
		fmt.Sprintf("default: %s\n        description: Where the service is mounted", prism.DefaultBasePath),
	} {
		if !strings.Contains(document, want) {
			t.Errorf("the description has no %q", want)
		}
	}
}
