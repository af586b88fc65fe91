package prism_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

func TestNewStreamKey(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z0-9]{32}$`)
	seen := map[string]bool{}
	for range 1000 {
		key := prism.NewStreamKey()
		if !form.MatchString(key) || seen[key] {
			t.Fatalf("key %q", key)
		}
		seen[key] = true
	}
}

func TestSplitRTMPPath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path, server, key string
		ok                bool
	}{
		{"rtmp://host/app/key", "rtmp://host/app", "key", true},
		{"rtmps://host:443/app/inst/key", "rtmps://host:443/app/inst", "key", true},
		{"rtmp://[::1]:1935/live/key?token=x", "rtmp://[::1]:1935/live", "key?token=x", true},
		{"rtmp://host/app/", "", "", false},
		{"rtmp://host/key", "", "", false},
		{"rtmp://host", "", "", false},
		{"rtmp:///app/key", "", "", false},
		{"rtmp://:1935/app/key", "", "", false},
		{"http://host/app/key", "", "", false},
		{"key", "", "", false},
		{"", "", "", false},
		{"rtmp://live.example.com/live/live", "", "", false},
		{"rtmp://host/app/a", "", "", false},
		{"rtmp://host/app//key", "", "", false},
		{"rtmp://user:pw@host/app/key", "", "", false},
		{"rtmp://host/app?x=1/key", "", "", false},
		{"rtmp://host/app/key#f", "", "", false},
		{"rtmp://host/app/ke y", "", "", false},
		{"rtmp://host/app/key\n", "", "", false},
	} {
		server, key, err := prism.SplitRTMPPath(tt.path)
		if (err == nil) != tt.ok || err == nil && (server != tt.server || key != tt.key) {
			t.Errorf("SplitRTMPPath(%q) = %q, %q, %v, want %q, %q, ok %v", tt.path, server, key, err, tt.server, tt.key, tt.ok)
		}
		if err != nil && tt.path != "" && strings.Contains(err.Error(), tt.path) {
			t.Errorf("the error has the path, and so the key: %v", err)
		}
	}
}

func TestRTMPPath(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"rtmp://host/app", "rtmp://host/app/"} {
		if got := prism.RTMPPath(base, "key"); got != "rtmp://host/app/key" {
			t.Errorf("RTMPPath(%q) = %q", base, got)
		}
	}
	for base, ok := range map[string]bool{
		"rtmp://host/app": true, "rtmps://host:443/app/inst": true,
		"": false, "rtmp://host": false, "rtmp://host/": false, "rtmp://host/app/": false, "rtmp://host/app?x": false, "rtmp://u@host/app": false,
		"srt://host/app": false, "rtmp://ho st/app": false,
	} {
		if err := prism.CheckRTMPBase(base); (err == nil) != ok {
			t.Errorf("CheckRTMPBase(%q) = %v, want ok %v", base, err, ok)
		}
	}
}

func FuzzSplitRTMPPath(f *testing.F) {
	for _, path := range []string{"rtmp://host/app/key", "rtmp://host/live/live", "rtmp://host/app/key?x=1", "rtmp:///"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		server, key, err := prism.SplitRTMPPath(path)
		if err == nil && (server+"/"+key != path || strings.Contains(key, "/") || prism.CheckRTMPBase(server) != nil) {
			t.Fatalf("%q was split into %q and %q", path, server, key)
		}
	})
}
