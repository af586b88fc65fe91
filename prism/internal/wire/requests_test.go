package wire

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// fieldOf returns the field that an error names, or "".
func fieldOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var field *FieldError
	if !errors.As(err, &field) {
		t.Fatalf("error %v names no field", err)
	}
	return field.Field
}

func TestParseObject(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	for name, body := range map[string]string{
		"empty":                 "",
		"truncated":             `{"title":"a"`,
		"not JSON":              "title=a",
		"array":                 `["a"]`,
		"string":                `"a"`,
		"null":                  "null",
		"two objects":           `{}{}`,
		"text after":            `{} x`,
		"duplicate key":         `{"title":"a","title":"b"}`,
		"escaped duplicate key": `{"title":"a","\u0074itle":"b"}`,
		"nested duplicate key":  `{"x":[{"a":1,"a":2}]}`,
		"deeply nested":         deep,
		"deep arrays":           `{"x":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + `}`,
		"not UTF-8":             "{\"title\":\"\xff\"}",
		"byte order mark":       "\xef\xbb\xbf{}",
		"trailing comma":        `{"a":1,}`,
		"comment":               `{/**/}`,
	} {
		if _, err := ParseObject([]byte(body)); fieldOf(t, err) != "body" {
			t.Errorf("%s: error %v, want one that names the body", name, err)
		}
	}
	o, err := ParseObject([]byte(" {\"Title\":\"upper\", \"title\":\"lower\", \"x\":{\"y\":[1,{\"z\":null}]}} \n"))
	if err != nil {
		t.Fatal(err)
	}
	if title, err := o.String("title"); err != nil || *title != "lower" {
		t.Errorf("title = %v, %v: keys must match by exact name", title, err)
	}
}

func TestParseCreateLive(t *testing.T) {
	t.Parallel()
	const at = `"reservedAt":"2026-11-22T10:00:00Z"`
	for _, tt := range []struct {
		name, body, field string
	}{
		{"all fields", `{"title":"t","description":"d","scope":"LIMITED",` + at + `}`, ""},
		{"description and scope may be absent", `{"title":"t",` + at + `}`, ""},
		{"or null", `{"title":"t","description":null,"scope":null,` + at + `}`, ""},
		{"or empty", `{"title":"t","description":"","scope":"",` + at + `}`, ""},
		{"unknown fields are ignored", `{"title":"t","tags":[{}],` + at + `}`, ""},
		{"title missing", `{` + at + `}`, "title"},
		{"title null", `{"title":null,` + at + `}`, "title"},
		{"title empty", `{"title":"",` + at + `}`, "title"},
		{"title blank", `{"title":" \t",` + at + `}`, "title"},
		{"title a number", `{"title":1,` + at + `}`, "title"},
		{"title an object", `{"title":{},` + at + `}`, "title"},
		{"title with NUL", `{"title":"a\u0000b",` + at + `}`, "title"},
		{"title of 100 units", `{"title":"` + strings.Repeat("방", 100) + `",` + at + `}`, ""},
		{"title of 101 units", `{"title":"` + strings.Repeat("방", 101) + `",` + at + `}`, "title"},
		{"title of 50 emoji is 100 units", `{"title":"` + strings.Repeat("😀", 50) + `",` + at + `}`, ""},
		{"title of 51 emoji is 102 units", `{"title":"` + strings.Repeat("😀", 51) + `",` + at + `}`, "title"},
		{"description of 5000 units", `{"title":"t","description":"` + strings.Repeat("d", 5000) + `",` + at + `}`, ""},
		{"description of 5001 units", `{"title":"t","description":"` + strings.Repeat("d", 5001) + `",` + at + `}`, "description"},
		{"description a boolean", `{"title":"t","description":true,` + at + `}`, "description"},
		{"scope unknown", `{"title":"t","scope":"FRIENDS",` + at + `}`, "scope"},
		{"scope in lower case", `{"title":"t","scope":"public",` + at + `}`, "scope"},
		{"reservedAt missing", `{"title":"t"}`, "reservedAt"},
		{"reservedAt empty", `{"title":"t","reservedAt":""}`, "reservedAt"},
		{"reservedAt without zone", `{"title":"t","reservedAt":"2026-11-22T10:00:00"}`, "reservedAt"},
		{"reservedAt a number", `{"title":"t","reservedAt":1700000000}`, "reservedAt"},
		{"reservedAt past", `{"title":"t","reservedAt":"1999-01-01T00:00:00+0900"}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseCreateLive([]byte(tt.body))
			if got := fieldOf(t, err); got != tt.field {
				t.Errorf("error %v names field %q, want %q", err, got, tt.field)
			}
		})
	}
}

func TestParseUpdateLive(t *testing.T) {
	t.Parallel()
	req, err := ParseUpdateLive([]byte(`{"title":"t","reservedAt":"","scope":""}`))
	if err != nil {
		t.Fatal(err)
	}
	if req.Title == nil || *req.Title != "t" || req.Description != nil || req.Scope != nil || req.ReservedTime != nil {
		t.Errorf("got %+v, want only the title set: an empty reservedAt or scope keeps what is stored", req)
	}
	req, err = ParseUpdateLive([]byte(`{"description":"","scope":"PRIVATE","reservedAt":"2026-11-22T10:00:00.5Z"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := time.Date(2026, 11, 22, 10, 0, 0, 500_000_000, time.UTC)
	if req.Description == nil || *req.Description != "" || *req.Scope != "PRIVATE" || !req.ReservedTime.Equal(want) {
		t.Errorf("got %+v, want an empty description, PRIVATE and %v", req, want)
	}
	for body, field := range map[string]string{
		`{"title":""}`:            "title",
		`{"title":" "}`:           "title",
		`{"scope":"ALL"}`:         "scope",
		`{"reservedAt":"soon"}`:   "reservedAt",
		`{"description":["a"]}`:   "description",
		`{"title":"a","title":1}`: "body",
	} {
		if _, err := ParseUpdateLive([]byte(body)); fieldOf(t, err) != field {
			t.Errorf("%s: error %v, want one that names %s", body, err, field)
		}
	}
}

func TestParseChatQuery(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		body, field string
		want        ChatQuery
	}{
		{`{"maxResults":20,"pageToken":"x"}`, "", ChatQuery{20, "x"}},
		{`{"maxResults":1}`, "", ChatQuery{1, ""}},
		{`{"maxResults":0,"pageToken":null}`, "", ChatQuery{100, ""}},
		{`{"maxResults":100,"pageToken":""}`, "", ChatQuery{100, ""}},
		{`{"maxResults":101}`, "", ChatQuery{100, ""}},
		{`{"maxResults":1e300}`, "", ChatQuery{100, ""}},
		{`{"maxResults":2e1}`, "", ChatQuery{20, ""}},
		{`{"maxResults":-1}`, "maxResults", ChatQuery{}},
		{`{"maxResults":1.5}`, "maxResults", ChatQuery{}},
		{`{"maxResults":"20"}`, "maxResults", ChatQuery{}},
		{`{"maxResults":1e999}`, "maxResults", ChatQuery{}},
		{`{"maxResults":null}`, "maxResults", ChatQuery{}},
		{`{}`, "maxResults", ChatQuery{}},
		{`{"maxResults":1,"pageToken":5}`, "pageToken", ChatQuery{}},
	} {
		got, err := ParseChatQuery([]byte(tt.body), 100)
		if fieldOf(t, err) != tt.field || err == nil && got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v or an error that names %q", tt.body, got, err, tt.want, tt.field)
		}
	}
}

func TestParseTimedBan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		body, field string
		want        time.Duration
	}{
		{`{"banTime":60}`, "", time.Minute},
		{`{"banTime":0.5}`, "", 500 * time.Millisecond},
		{`{"banTime":1e-12}`, "", time.Millisecond},
		{`{"banTime":1e300}`, "", maxBan},
		{`{"banTime":0}`, "banTime", 0},
		{`{"banTime":-1}`, "banTime", 0},
		{`{"banTime":"60"}`, "banTime", 0},
		{`{}`, "banTime", 0},
		{``, "body", 0},
	} {
		got, err := ParseTimedBan([]byte(tt.body))
		if fieldOf(t, err) != tt.field || got != tt.want {
			t.Errorf("%s: %v, %v, want %v or an error that names %q", tt.body, got, err, tt.want, tt.field)
		}
	}
}

func TestParseSendChat(t *testing.T) {
	t.Parallel()
	if got, err := ParseSendChat([]byte(`{"message":" 안녕 <b> "}`)); err != nil || got != " 안녕 <b> " {
		t.Errorf("got %q, %v: the text is kept as it is", got, err)
	}
	for _, body := range []string{`{}`, `{"message":""}`, `{"message":"  "}`, `{"message":null}`, `{"message":1}`, `{"message":"\u0000"}`} {
		if _, err := ParseSendChat([]byte(body)); fieldOf(t, err) != "message" {
			t.Errorf("%s: error %v, want one that names message", body, err)
		}
	}
}

func TestParseStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		values []string
		want   string
		ok     bool
	}{
		{nil, "", true},
		{[]string{""}, "", true},
		{[]string{"ALL"}, "", true},
		{[]string{"RESERVED"}, "RESERVED", true},
		{[]string{"ON_AIR"}, "ON_AIR", true},
		{[]string{"ONAIR"}, "ON_AIR", true},
		{[]string{"END"}, "END", true},
		{[]string{"end"}, "", false},
		{[]string{"LIVE"}, "", false},
		{[]string{"END", "END"}, "", false},
	} {
		got, err := ParseStatus(tt.values)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseStatus(%q) = %q, %v, want %q, ok %v", tt.values, got, err, tt.want, tt.ok)
		}
	}
}

func FuzzStatus(f *testing.F) {
	for _, query := range []string{"", "status=", "status=ONAIR", "status=ALL&status=END", "status=on_air", "%zz", "status=%00;x"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		status, err := ParseStatus(values["status"])
		if err == nil && !slices.Contains([]string{"", "RESERVED", "ON_AIR", "END"}, status) {
			t.Errorf("%q became %q", query, status)
		}
		if len(values["status"]) > 1 && err == nil {
			t.Errorf("%q was taken", query)
		}
	})
}

func FuzzBodies(f *testing.F) {
	for _, body := range []string{
		`{"title":"t","reservedAt":"2026-11-22T10:00:00Z"}`, `{"title":"t","reservedAt":"0001-01-01T00:00:00Z"}`, `{"maxResults":0,"pageToken":null}`, `{"banTime":1}`,
		`{"message":"m"}`, `{"a":[[[{}]]]}`, `{"a":1,"a":1}`, "{\"\xff\":1}",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if req, err := ParseCreateLive(body); err == nil && (req.Title == "" || utf16Len(req.Title) > 100 || req.ReservedTime.IsZero()) {
			t.Errorf("create accepted %+v", req)
		}
		if req, err := ParseUpdateLive(body); err == nil && req.Title != nil && *req.Title == "" {
			t.Errorf("update accepted %+v", req)
		}
		if query, err := ParseChatQuery(body, 100); err == nil && (query.MaxResults < 1 || query.MaxResults > 100) {
			t.Errorf("chat accepted %+v", query)
		}
		if d, err := ParseTimedBan(body); err == nil && d <= 0 {
			t.Errorf("timed ban accepted %v", d)
		}
		if message, err := ParseSendChat(body); err == nil && message == "" {
			t.Error("send accepted an empty message")
		}
	})
}
