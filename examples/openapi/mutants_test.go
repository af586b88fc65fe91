package openapi

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// mutant is an exchange that is not as described: in one of its texts, old has
// become new, or a header is gone.
type mutant struct {
	kind     string // of witness.kept
	in       string // answer, body, query, header or came
	old, new string
}

var mutants = []mutant{
	{"getUser 200", "answer", `"userId":"minji"`, `"userId":5`},
	{"getUser 200", "answer", `"userName":`, `"username":`},
	{"getUser 200", "answer", `"success":true`, `"success":"true"`},
	{"getUser 200", "answer", `"errorCode":0`, `"errorCode":1`},
	{"getUser 200", "answer", `"message":null`, `"message":"ok"`},
	{"getUser 200", "answer", `"errorName":null,`, ``},
	{"getUser 200", "answer", `"data":{"user":`, `"user":{"data":`},
	{"getUser 200", "answer", `{"success"`, `{"debug":1,"success"`},
	{"getUser 200", "came", "Content-Type", ""},
	{"getUser 200", "came", "X-Request-Id", ""},
	{"getUser 200", "header", "X-Prism-Access-Token Authorization", ""},
	{"listChannels 200", "answer", `"channelEnabled":true`, `"channelEnabled":null`},
	{"listChannels 200", "answer", `"channelTags":"a;b"`, `"channelTags":["a","b"]`},
	{"listChannels 200", "answer", `"channelFollowerCount":3`, `"channelFollowerCount":-3`},
	{"listChannels 200", "answer", `"channelName":"Main"`, `"channelName":""`},
	{"getChannel 200", "answer", `"channelId":"main"`, `"channelId":"ma|n"`},
	{"getChannel 200", "answer", `"channelLink":`, `"channelLinks":`},
	{"listLives 200", "answer", `"lives":[`, `"live":[`},
	{"listLives 200", "query", "", "status=NONE"},
	{"getLive 200", "answer", `"liveStat":`, `"livestat":`},
	{"getLive 200", "answer", `"viewCount":0`, `"viewCount":2147483648`},
	{"getLive 200", "answer", `"viewerCount":0`, `"viewerCount":0.5`},
	{"getLive 200", "answer", `"startAt":null`, `"startAt":"2026-11-22T12:00:00Z"`},
	{"getLive 200", "answer", `"startAt":null`, `"startAt":"2026-13-22T12:00:00+00:00"`},
	{"getLive 200", "answer", `"startAt":null`, `"startAt":""`},
	{"getLive 200", "answer", `"status":"RESERVED"`, `"status":"ONAIR"`},
	{"getLive 200", "answer", `"scope":"PUBLIC"`, `"scope":"ALL"`},
	{"getLive 200", "answer", `"rtmpPath":"rtmp:`, `"rtmpPath":"http:`},
	{"getLive 200", "answer", `"title":"Live"`, `"title":"` + strings.Repeat("t", 101) + `"`},
	{"getLive 200", "answer", `"description":""`, `"description":null`},
	{"getLive 200", "answer", `"liveLink":`, `"streamKey":"k","liveLink":`},
	{"startLive 200", "answer", `},"liveId":`, `},"liveID":`},
	{"createLive 200", "body", `"title"`, `"Title"`},
	{"createLive 200", "body", `"아침 방송"`, `" "`},
	{"createLive 200", "body", `"아침 방송"`, `"` + strings.Repeat("방", 101) + `"`},
	{"createLive 200", "body", `12:00:00Z`, `12:00:00`},
	{"createLive 200", "body", `LIMITED`, `limited`},
	{"updateLive 200", "body", `"description":null`, `"description":"` + strings.Repeat("d", 5001) + `"`},
	{"updateLive 200", "body", `"reservedAt":""`, `"reservedAt":"soon"`},
	{"listChat 200", "answer", `"nextPageToken":"`, `"nextPageToken":null,"x":"`},
	{"listChat 200", "answer", `"messages":[`, `"messages":[[],`},
	{"listChat 200", "answer", `"isLiveOwner":true`, `"isLiveOwner":1`},
	{"listChat 200", "answer", `"message":"`, `"text":"`},
	{"listChat 200", "body", `1000`, `1.5`},
	{"listChat 200", "body", `1000`, `-1`},
	{"sendChat 200", "body", `안녕`, ``},
	{"sendChat 200", "answer", `"data":null`, `"data":{}`},
	{"timedBanUser 200", "body", `0.5`, `0`},
	{"getLive 404", "answer", `"errorCode":40400`, `"errorCode":40499`},
	{"getLive 404", "answer", `"errorName":"NOT_FOUND"`, `"errorName":"not_found"`},
	{"getLive 404", "answer", `"NOT_FOUND"`, `"CONFLICT"`},
	{"getLive 404", "answer", `"success":false`, `"success":true`},
	{"getLive 404", "answer", `"data":null`, `"data":{}`},
	{"getLive default", "answer", `"errorCode":100001`, `"errorCode":40400`},
	{"getLive 503", "came", "Retry-After", ""},
	{"getLive 401", "came", "Www-Authenticate", ""},
	{"getToken 200", "answer", `"expires_in":43200`, `"expires_in":"43200"`},
	{"getToken 200", "answer", `"token_type":"bearer"`, `"token_type":"mac"`},
	{"getToken 200", "answer", `"refresh_token":`, `"refresh":`},
	{"getToken 200", "query", "grant_type=", "grant="},
	{"getToken 200", "header", "X-Prism-Client-Secret", ""},
	{"getToken 400", "answer", `"error":"`, `"error":"no_`},
	{"getToken 503", "came", "Retry-After", ""},
	{"postToken 200", "body", "grant_type=", "grant="},
	{"revokeToken 200", "body", "token=", "tokens="},
	{"introspectToken 200", "answer", `"active":`, `"alive":`},
	{"getMetadata 200", "answer", `"issuer":`, `"iss":`},
	{"authorize 302", "came", "Location", ""},
	{"authorize 200", "came", "Content-Type", ""},
	{"authorize 200", "query", "response_type=code", "response_type=token"},
	{"authorize 200", "query", "client_id=", "client="},
	{"getDescription 200", "came", "Etag", ""},
}

// TestMutants shows that an exchange that is not as described is found.
func TestMutants(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for _, part := range []func(*testing.T, *app){resources, prismTokens, standard, pages} {
		part(t, a)
	}
	a.Report(t)
	if t.Failed() {
		return
	}
	for _, m := range mutants {
		x, ok := a.kept[m.kind]
		if !ok {
			t.Errorf("there is no exchange %s", m.kind)
			continue
		}
		if err := a.check(x); err != nil {
			t.Errorf("%s: the exchange as it was: %v", m.kind, err)
		}
		if !m.apply(&x) {
			t.Errorf("%s: the %s has no %q: %s", m.kind, m.in, m.old, x.answer)
			continue
		}
		if err := a.check(x); err == nil {
			t.Errorf("%s: nothing is said of %q in place of %q in the %s", m.kind, m.new, m.old, m.in)
		}
	}

	live := a.kept["getLive 200"]
	for _, status := range []int{201, 202, 204, 301, 418} {
		live.status = status
		if a.check(live) == nil {
			t.Errorf("nothing is said of a live with status %d", status)
		}
	}
	live.status, live.method = 405, "PATCH"
	if a.check(live) == nil {
		t.Error("nothing is said of a 405 without Allow and error")
	}
}

func (m mutant) apply(x *exchange) bool {
	replace := func(text []byte) []byte { return bytes.Replace(text, []byte(m.old), []byte(m.new), 1) }
	before := slices.Concat(x.answer, x.body, []byte(x.url.RawQuery))
	switch m.in {
	case "answer":
		x.answer = replace(x.answer)
	case "body":
		x.body = replace(x.body)
	case "query":
		u := *x.url
		u.RawQuery = string(replace([]byte(u.RawQuery)))
		x.url = &u
	case "header", "came":
		header := &x.came
		if m.in == "header" {
			header = &x.header
		}
		*header = header.Clone()
		gone := false
		for name := range strings.FieldsSeq(m.old) {
			gone = gone || header.Get(name) != ""
			header.Del(name)
		}
		return gone
	}
	return !bytes.Equal(before, slices.Concat(x.answer, x.body, []byte(x.url.RawQuery)))
}
