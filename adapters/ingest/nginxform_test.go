package ingest

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestParseNGINXForm(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		want       nginxForm
		ok         bool
	}{
		{"all", "app=live&addr=::1&clientid=12&call=publish&name=a%2Fb", nginxForm{"publish", "live", "a/b", "::1", "12"}, true},
		{"plus stays", "clientid=1&call=c&name=a+b", nginxForm{call: "c", name: "a+b", clientID: "1"}, true},
		{"others may repeat", "x=1&x=2&%zz=3&clientid=1&call=c&y=%zz", nginxForm{call: "c", clientID: "1"}, true},
		{"no equals sign", "clientid=1&call=c&name", nginxForm{call: "c", clientID: "1"}, true},
		{"twice", "clientid=1&call=c&name=a&name=a", nginxForm{}, false},
		{"twice, first empty", "clientid=1&call=c&name=&name=a", nginxForm{}, false},
		{"badly escaped", "clientid=1&call=c&name=%z", nginxForm{}, false},
		{"no call", "clientid=1", nginxForm{}, false},
		{"clientid not a number", "call=c&clientid=-1", nginxForm{}, false},
		{"clientid too long", "call=c&clientid=" + strings.Repeat("1", 21), nginxForm{}, false},
		{"nothing", "", nginxForm{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseNGINXForm([]byte(tc.body))
			if got != tc.want || (err == nil) != tc.ok {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func FuzzParseNGINXForm(f *testing.F) {
	f.Add("app=live&flashver=FMLE/3.0%20(compatible%3B%20Lavf59.27&swfurl=&tcurl=rtmp://127.0.0.1:1935/live&pageurl=&addr=127.0.0.1&clientid=1&call=publish&name=k&type=live", "name=other&call=publish_done&addr=9.9.9.9")
	f.Add("clientid=1&call=c&name=%z", "n%61me=x")
	f.Add("&&=&%", "")
	f.Fuzz(func(t *testing.T, own, query string) {
		form, err := parseNGINXForm([]byte(own))
		if err != nil {
			if !errors.Is(err, errHook) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if !decimal(form.clientID) || form.call == "" {
			t.Fatalf("accepted %+v", form)
		}
		// What a publisher appends changes nothing that nginx has said: the
		// form stays the same or is refused.
		with, err := parseNGINXForm([]byte(own + "&" + query))
		if err != nil {
			return
		}
		for _, field := range [][3]string{
			{"call", form.call, with.call}, {"app", form.app, with.app}, {"name", form.name, with.name},
			{"addr", form.addr, with.addr}, {"clientid", form.clientID, with.clientID},
		} {
			said := false
			for pair := range strings.SplitSeq(own, "&") {
				key, _, _ := strings.Cut(pair, "=")
				unescaped, err := url.PathUnescape(key)
				said = said || (err == nil && unescaped == field[0])
			}
			if said && field[1] != field[2] {
				t.Fatalf("the query changed %s from %q to %q", field[0], field[1], field[2])
			}
		}
	})
}
