package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestParseReportsEveryDuplicateKey(t *testing.T) {
	t.Parallel()
	_, twice, err := parse([]byte(`{"a":1,"b":[{"c":1,"c":2}],"a":{"d":0,"d":0}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(twice, " "); got != "b[0].c a a.d" {
		t.Errorf("got %s", got)
	}
}

func TestParseKeepsRawText(t *testing.T) {
	t.Parallel()
	n, _, err := parse([]byte(` {"data" : {"list": [1, 2] } , "x":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(n.members["data"].raw); got != `{"list": [1, 2] }` {
		t.Errorf("got %q", got)
	}
	if got := string(n.members["data"].members["list"].raw); got != `[1, 2]` {
		t.Errorf("got %q", got)
	}
}

func TestSameValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":[true,null]}`, `{"b":[true,null],"a":1}`, true},
		{`{"a":1}`, `{"a":1,"b":2}`, false},
		{`{"a":1}`, `{"b":1}`, false},
		{`[1,2]`, `[2,1]`, false},
		{`"1"`, `1`, false},
		{`null`, `false`, false},
	} {
		a, _, errA := parse([]byte(c.a))
		b, _, errB := parse([]byte(c.b))
		if errA != nil || errB != nil || a.same(b) != c.want || b.same(a) != c.want {
			t.Errorf("%s and %s: want %v", c.a, c.b, c.want)
		}
	}
}

func TestRedactBody(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"access_token" : "a\"b","x":1}`:                 `{"access_token" : "REDACTED","x":1}`,
		`{"rtmpPath":"rtmp:\/\/h\/app\/key","title":"t"}`: `{"rtmpPath":"rtmp:\/\/h\/app\/REDACTED","title":"t"}`,
		`{"rtmpPath":"rtmp://h/app/key?x=/y"`:             `{"rtmpPath":"rtmp://h/app/REDACTED/REDACTED"`,
		`echo token-0123456`:                              `echo REDACTED`,
	} {
		if got := string(redactBody([]byte(in), []string{"token-0123456"})); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestRedactQuery(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://h/p?code=1&x=2&%63ode=3&%zz=4": "https://h/p?code=REDACTED&x=2&%63ode=REDACTED&%zz=REDACTED",
		"https://h/p":                           "https://h/p",
	} {
		if got := redactQuery(in); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestInternals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"The channel is disabled.":                             false,
		"Please select one from the list, or update and set.":  false,
		"title: must have 1 to 100 characters":                 false,
		"Redistribution of this live is not allowed. (req-1a)": false,
		"pq: duplicate key value violates unique constraint":   true,
		"UNIQUE constraint failed: lives.id":                   true,
		"json: cannot unmarshal string into Go struct field":   true,
		"Key: 'x' Error:Field validation for 'x' failed":       true,
		"%!s(<nil>)": true,
		"java.lang.NullPointerException at com.example.Live": true,
	} {
		r := &report{}
		checkInternals(r, "message", text)
		if got := len(r.list) > 0; got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func FuzzDecodeEnvelope(f *testing.F) {
	var a answer
	a.ok(`{"channelId":"c1","lives":[` + fakeLive("l1", "RESERVED") + `]}`)
	f.Add(a.body, 200)
	a.fail(404, 40400, "NOT_FOUND")
	f.Add(a.body, 404)
	a.ok(`{"liveId":"l1","nextPageToken":"t2","messages":[` + fakeMessage("m1", "10:00:00") + `]}`)
	f.Add(a.body, 200)
	a.ok(flat(fakeLive("l1", "END")))
	f.Add(a.body, 200)
	f.Add(`{"access_token":"a","refresh_token":"r","expires_in":3600,"token_type":"bearer"}`, 200)
	f.Add(`{"error":"invalid_grant"}`, 400)
	f.Add(`{"a":`+strings.Repeat("[", 100), 500)
	f.Fuzz(func(t *testing.T, body string, status int) {
		header := http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}, "Allow": {"GET"}}
		resp := &Response{Status: status, Header: header, Body: []byte(body)}
		r := &report{method: "GET", route: "/fuzz"}
		data, failure := decodeAnswer(r, resp)
		if len(r.list) == 0 {
			agree(t, body, data, failure)
		}
		if data != nil && failure != nil {
			t.Fatal("both a success and a failure")
		}
		if data != nil && data.kind == kindObject {
			o := object{r, "data", data}
			lr := liveReader{g: &Gateway{}, channelID: "c1"}
			lr.list(o)
			lr.flat(o, "l1")
			decodeUser(o)
			decodeChannelList(o)
			decodeChannelInfo(o, "c1")
			decodeChat(o, "l1", nil, 0)
		}
		for _, v := range r.list {
			if v.Rule.Text() == "" {
				t.Fatalf("unknown rule %s", v.Rule)
			}
		}
		tr := &report{}
		if tokens, err := decodeTokens(tr, resp); err == nil && len(tr.list) == 0 && (tokens.AccessToken == "" || tokens.RefreshToken == "" || tokens.ExpiresIn <= MinTokenLife) {
			t.Fatalf("accepted %q", body)
		}
	})
}

// agree holds an accepted envelope against encoding/json.
func agree(t *testing.T, body string, data *node, failure error) {
	t.Helper()
	var e struct {
		Success   *bool
		ErrorCode *int
		ErrorName *string
		Message   *string
		Data      json.RawMessage
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("accepted %q: %v", body, err)
	}
	switch {
	case e.Success == nil || e.ErrorCode == nil:
		t.Fatalf("accepted %q", body)
	case *e.Success && (data == nil || failure != nil || *e.ErrorCode != 0 || e.ErrorName != nil || e.Message != nil):
		t.Fatalf("accepted %q as a success", body)
	case !*e.Success && (data != nil || failure == nil || *e.ErrorCode <= 0 || e.ErrorName == nil || e.Message == nil):
		t.Fatalf("accepted %q as a failure", body)
	}
}
