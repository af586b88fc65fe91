package ingest

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func payload(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRecordedPayloads(t *testing.T) {
	const key = "sk_7f3a9c"
	omeURL := &url.URL{Scheme: "rtmp", Host: "ome.example.com:1935", Path: "/app/" + key, RawQuery: "token=xxx"}
	mtxID := "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
	for _, tc := range []struct {
		file  string
		parse func([]byte) (any, error)
		want  any
	}{
		{"srs_on_publish.json", as(parseSRS), srsCall{"on_publish", "9308h583", "192.168.1.10", "live", key}},
		{"srs_on_unpublish.json", as(parseSRS), srsCall{"on_unpublish", "9308h583", "192.168.1.10", "live", key}},
		{"srs_on_play.json", as(parseSRS), srsCall{"on_play", "9308h583", "192.168.1.10", "live", key}},
		{"srs_on_forward.json", as(parseSRS), srsCall{"on_forward", "9308h583", "192.168.1.10", "live", key}},
		{"srs_on_publish_number.json", as(parseSRS), srsCall{"on_publish", "1985", "192.168.1.10", "live", key}},
		{"mediamtx_auth_publish.json", as(parseMediaMTXAuth), mediaMTXAuth{"192.168.1.10", "publish", "live/" + key, "rtmp", mtxID}},
		{"mediamtx_auth_read.json", as(parseMediaMTXAuth), mediaMTXAuth{"192.168.1.10", "read", "live/" + key, "hls", ""}},
		{"mediamtx_auth_api.json", as(parseMediaMTXAuth), mediaMTXAuth{"127.0.0.1", "api", "", "", ""}},
		{"ovenmediaengine_opening.json", as(parseOME), omeAdmission{"incoming", "opening", "211.233.58.86:29291", omeURL}},
		{"ovenmediaengine_closing.json", as(parseOME), omeAdmission{"incoming", "closing", "211.233.58.86:29291", omeURL}},
		{"nodemediaserver_prePublish.json", as(parseNodeMediaServer), nodeMediaServerNote{"prePublish", "mws0zzdqvtdnvt50", "127.0.0.1:48352", "live", key}},
		{"nodemediaserver_donePublish.json", as(parseNodeMediaServer), nodeMediaServerNote{"donePublish", "mws0zzdqvtdnvt50", "127.0.0.1:48352", "live", key}},
		{"livestation_callback.json", as(parseLiveStation), "ls-20200327140131-aBCD3"},
		{"livestation_callback_strings.json", as(parseLiveStation), "ls-20200327140131-aBCD3"},
	} {
		t.Run(tc.file, func(t *testing.T) {
			got, err := tc.parse(payload(t, tc.file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// as gives every parser one form.
func as[T any](parse func([]byte) (T, error)) func([]byte) (any, error) {
	return func(b []byte) (any, error) { return parse(b) }
}

func TestParseHookRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":              "",
		"an array":             `[]`,
		"a string":             `"x"`,
		"a name twice":         `{"a":"1","b":2,"a":"1"}`,
		"a name twice escaped": `{"a":"1","\u0061":"1"}`,
		"more after it":        `{"a":"1"}{}`,
		"text after it":        `{"a":"1"} x`,
		"cut off":              `{"a":"1"`,
		"cut off in a value":   `{"a":{"b":`,
		"no value":             `{"a"}`,
		"bad value":            `{"a":nul}`,
		"single quotes":        `{'a':1}`,
	} {
		if object, err := parseHook([]byte(body)); !errors.Is(err, errHook) {
			t.Errorf("%s: %v, %v", name, object, err)
		}
	}
}

func TestParsersTakeOneSpellingOfAName(t *testing.T) {
	// encoding/json by itself would take these for "stream" and "action".
	body := `{"action":"on_publish","client_id":"1","app":"live","stream":"good","Stream":"evil","ACTION":"on_unpublish"}`
	call, err := parseSRS([]byte(body))
	if err != nil || call.stream != "good" || call.action != "on_publish" {
		t.Errorf("%+v, %v", call, err)
	}
}

func TestParsersRefuse(t *testing.T) {
	const uuid = `"id":"1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"`
	for _, tc := range []struct {
		name  string
		parse func([]byte) (any, error)
		body  string
	}{
		{"SRS, no client", as(parseSRS), `{"action":"on_publish"}`},
		{"SRS, client is an object", as(parseSRS), `{"action":"on_publish","client_id":{}}`},
		{"SRS, client is a fraction", as(parseSRS), `{"action":"on_publish","client_id":1.5}`},
		{"SRS, client with a slash", as(parseSRS), `{"action":"on_publish","client_id":"../x"}`},
		{"SRS, stream is a number", as(parseSRS), `{"action":"on_publish","client_id":"a","stream":1}`},
		{"SRS, stream twice", as(parseSRS), `{"action":"on_publish","client_id":"a","stream":"a","stream":"b"}`},
		{"MediaMTX, publisher without id", as(parseMediaMTXAuth), `{"action":"publish","id":null}`},
		{"MediaMTX, path twice", as(parseMediaMTXAuth), `{"action":"publish","path":"a","path":"b",` + uuid + `}`},
		{"MediaMTX, action is a list", as(parseMediaMTXAuth), `{"action":["publish"],` + uuid + `}`},
		{"OME, no request", as(parseOME), `{"client":{"address":"1.2.3.4","port":1}}`},
		{"OME, no client", as(parseOME), `{"request":{"url":"rtmp://h/a/b"}}`},
		{"OME, request twice", as(parseOME), `{"client":{"address":"1.2.3.4","port":1},"request":{"url":"rtmp://h/a/b"},"request":{"url":"rtmp://h/a/b"}}`},
		{"OME, url twice", as(parseOME), `{"client":{"address":"1.2.3.4","port":1},"request":{"url":"rtmp://h/a/b","url":"rtmp://h/a/c"}}`},
		{"OME, address is a name", as(parseOME), `{"client":{"address":"localhost","port":1},"request":{"url":"rtmp://h/a/b"}}`},
		{"OME, port is text", as(parseOME), `{"client":{"address":"1.2.3.4","port":"1"},"request":{"url":"rtmp://h/a/b"}}`},
		{"OME, url has no host", as(parseOME), `{"client":{"address":"1.2.3.4","port":1},"request":{"url":"/a/b"}}`},
		{"OME, url is none", as(parseOME), `{"client":{"address":"1.2.3.4","port":1},"request":{"url":"rtmp://h:x/%zz"}}`},
		{"node-media-server, no id", as(parseNodeMediaServer), `{"action":"prePublish","name":"a"}`},
		{"node-media-server, name twice", as(parseNodeMediaServer), `{"id":"a","name":"a","name":"b"}`},
		{"Live Station, no channel", as(parseLiveStation), `{"id":1}`},
		{"Live Station, channel with a slash", as(parseLiveStation), `{"channelId":"../../v2"}`},
		{"Live Station, long channel", as(parseLiveStation), `{"channelId":"` + strings.Repeat("a", 65) + `"}`},
	} {
		if got, err := tc.parse([]byte(tc.body)); !errors.Is(err, errHook) {
			t.Errorf("%s: %v, %v", tc.name, got, err)
		}
	}
}

func TestErrorsOfParsersHaveNoValues(t *testing.T) {
	const key = "sk_7f3a9c"
	for _, tc := range []struct {
		parse func([]byte) (any, error)
		body  string
	}{
		{as(parseSRS), `{"client_id":"` + key + `/"}`},
		{as(parseSRS), `{"client_id":"a","stream":{"` + key + `":1}}`},
		{as(parseSRS), `{"` + key + `":1,"` + key + `":2}`},
		{as(parseSRS), `{"` + key},
		{as(parseOME), `{"client":{"address":"1.2.3.4","port":1},"request":{"url":"rtmp://h/%` + key + `"}}`},
		{as(parseLiveStation), `{"channelId":"` + key + `/"}`},
	} {
		if _, err := tc.parse([]byte(tc.body)); err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("%s gives %v", tc.body, err)
		}
	}
}

func FuzzParseHook(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":[]},"\u0061":null}`))
	f.Add([]byte(`{} `))
	f.Fuzz(func(t *testing.T, body []byte) {
		object, err := parseHook(body)
		if err != nil {
			if !errors.Is(err, errHook) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		var want map[string]any
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("accepted what is no JSON object: %v", err)
		}
		if len(want) != len(object) {
			t.Fatalf("%d names, encoding/json has %d", len(object), len(want))
		}
		for name, raw := range object {
			var value any
			if err := json.Unmarshal(raw, &value); err != nil || !reflect.DeepEqual(value, want[name]) {
				t.Fatalf("%q is %v, encoding/json has %v (%v)", name, value, want[name], err)
			}
		}
	})
}

func FuzzParseSRS(f *testing.F) {
	for _, name := range []string{"srs_on_publish.json", "srs_on_publish_number.json", "srs_on_forward.json"} {
		f.Add(payload(f, name))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		call, err := parseSRS(body)
		check(t, err, call.clientID)
	})
}

func FuzzParseMediaMTX(f *testing.F) {
	f.Add(payload(f, "mediamtx_auth_publish.json"))
	f.Add(payload(f, "mediamtx_auth_read.json"))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := parseMediaMTXAuth(body)
		if err != nil || a.action == "publish" {
			check(t, err, a.id)
		}
		if key, ok := keyOfPath(a.path, "live"); ok && (strings.Contains(key, "/") || !inApp(a.path, "live")) {
			t.Fatalf("key %q of path %q", key, a.path)
		}
	})
}

func FuzzParseOvenMediaEngine(f *testing.F) {
	f.Add(payload(f, "ovenmediaengine_opening.json"))
	f.Add(payload(f, "ovenmediaengine_closing.json"))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := parseOME(body)
		if err != nil {
			check(t, err, "")
			return
		}
		if a.url == nil || a.url.Host == "" || len(a.client) > 64 {
			t.Fatalf("accepted %+v", a)
		}
	})
}

func FuzzParseNodeMediaServer(f *testing.F) {
	f.Add(payload(f, "nodemediaserver_prePublish.json"))
	f.Add(payload(f, "nodemediaserver_donePublish.json"))
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := parseNodeMediaServer(body)
		check(t, err, n.id)
	})
}

func FuzzParseLiveStation(f *testing.F) {
	f.Add(payload(f, "livestation_callback.json"))
	f.Fuzz(func(t *testing.T, body []byte) {
		id, err := parseLiveStation(body)
		check(t, err, id)
	})
}

// check wants an error of a hook, or an id that can stand in a path.
func check(t *testing.T, err error, id string) {
	t.Helper()
	if err != nil {
		if !errors.Is(err, errHook) {
			t.Fatalf("error of another kind: %v", err)
		}
		return
	}
	if !nameSafe(id) {
		t.Fatalf("accepted the id %q", id)
	}
}
