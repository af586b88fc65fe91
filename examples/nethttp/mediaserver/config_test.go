package mediaserver

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestQuote(t *testing.T) {
	for _, tc := range []struct {
		in, want string
		ok       bool
	}{
		{"/srv/hls", `"/srv/hls"`, true},
		{`/my "data"; {x} \`, `"/my \"data\"; {x} \\"`, true},
		{"/a$b", "", false},
		{"/a\nb", "", false},
	} {
		if got, err := quote(tc.in); got != tc.want || (err == nil) != tc.ok {
			t.Errorf("quote(%q) = %q, %v", tc.in, got, err)
		}
	}
}

func TestRedact(t *testing.T) {
	const key = "abcdefghijklmnopqrstuvwxyz012345"
	for _, tc := range []struct{ in, want string }{
		{"2026/11/22 15:09:28 [info] 1#1: *1 publish: name='" + key + "' args='a=b' type=live, client: 127.0.0.1",
			"2026/11/22 15:09:28 [info] 1#1: *1 publish: name='[redacted]' args='[redacted]' type=live, client: 127.0.0.1"},
		{"connect: application not found: 'live/short'", "connect: application not found: '[redacted]'"},
		{"cut off: 'live/short", "cut off: '[redacted]'"},
		{`GET /x/` + key + ` HTTP/1.0`, "GET /x/[redacted] HTTP/1.0"},
		{`bind() to 127.0.0.1:1935 failed (98: Address already in use)`, `bind() to 127.0.0.1:1935 failed (98: Address already in use)`},
	} {
		if got := redact(tc.in); got != tc.want {
			t.Errorf("redact(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	bad := Options{RTMPAddr: "nowhere", App: "a b", HooksURL: "https://x/SECRET", Fragment: time.Millisecond, Heartbeat: 1500 * time.Millisecond}
	_, err := New(bad)
	for _, want := range []string{"Dir", "RTMPAddr", "App", "HooksURL", "Fragment", "Heartbeat"} {
		if err == nil || !strings.Contains(err.Error(), "Options."+want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if strings.Contains(err.Error(), "SECRET") {
		t.Errorf("the error has the secret: %v", err)
	}
}

func TestConfigOfAddresses(t *testing.T) {
	for _, tc := range []struct{ addr, listen, push, allow string }{
		{"127.0.0.1:1935", `listen "127.0.0.1:1935";`, `push "rtmp://127.0.0.1:1935/segments-`, "allow publish 127.0.0.1;"},
		{":1935", `listen "*:1935";`, `push "rtmp://127.0.0.1:1935/segments-`, "allow publish 127.0.0.1;"},
		{"0.0.0.0:1935", `listen "0.0.0.0:1935";`, `push "rtmp://127.0.0.1:1935/segments-`, "allow publish 127.0.0.1;"},
		{"192.0.2.7:1936", `listen "192.0.2.7:1936";`, `push "rtmp://192.0.2.7:1936/segments-`, "allow publish 192.0.2.7;"},
		{"[::1]:1935", `listen "[::1]:1935";`, `push "rtmp://[::1]:1935/segments-`, "allow publish ::1;"},
		{"[::]:1935", `listen "[::]:1935";`, `push "rtmp://[::1]:1935/segments-`, "allow publish ::1;"},
	} {
		t.Run(tc.addr, func(t *testing.T) {
			opt := Options{Dir: t.TempDir(), RTMPAddr: tc.addr, HooksURL: "http://127.0.0.1:9000/secret/"}
			if err := opt.complete(); err != nil {
				t.Fatal(err)
			}
			opt.HLSDir = opt.Dir
			s := &Server{opt: opt, nginx: installation{"nginx", "/m.so"}}
			runs := make(map[string]bool)
			for range 2 {
				path, err := s.writeConfig()
				if err != nil {
					t.Fatal(err)
				}
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range []string{tc.listen, tc.push, tc.allow, `on_publish "http://127.0.0.1:9000/secret/`, "access_log off"} {
					if !strings.Contains(string(text), want) {
						t.Errorf("no %s in:\n%s", want, text)
					}
				}
				_, hook, _ := strings.Cut(string(text), "on_publish \"")
				hook, _, _ = strings.Cut(hook, "\n")
				runs[hook] = true
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("mode %v, %v: the file has the secret of the hooks", info.Mode(), err)
				}
			}
			if len(runs) != 2 {
				t.Errorf("two runs have the same name: %v", runs)
			}
		})
	}
}
