package main

import (
	"net/url"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

func TestPublishAddress(t *testing.T) {
	t.Parallel()
	tests := []struct{ rtmp, addr, app string }{
		{"rtmp://127.0.0.1:1935/live", "127.0.0.1:1935", "live"},
		{"rtmp://127.0.0.1/live", "127.0.0.1:1935", "live"},
		{"rtmp://[::1]:19350/in", "[::1]:19350", "in"},
		{"rtmp://localhost:1936/live", "localhost:1936", "live"},
		{"rtmp://ingest.example.com/live", ":1935", "live"},
		{"rtmps://127.0.0.1/live", "", ""},
	}
	for _, tt := range tests {
		addr, app, err := publishAddress(tt.rtmp)
		if addr != tt.addr || app != tt.app || (err == nil) != (tt.addr != "") {
			t.Errorf("publishAddress(%q) = %q, %q, %v", tt.rtmp, addr, app, err)
		}
	}
}

func TestFreePort(t *testing.T) {
	t.Parallel()
	for _, fixed := range []string{"rtmp://127.0.0.1:1935/live", "rtmp://ingest.example.com/live"} {
		if got, err := withFreePort(t.Context(), fixed); got != fixed || err != nil {
			t.Errorf("withFreePort(%q) = %q, %v", fixed, got, err)
		}
	}
	got, err := withFreePort(t.Context(), "rtmp://127.0.0.1:0/live")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(got)
	if err != nil || u.Port() == "0" || u.Port() == "" || prism.CheckRTMPBase(got) != nil {
		t.Errorf("withFreePort: %q, %v", got, err)
	}
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	for timeout, want := range map[time.Duration]time.Duration{
		0: 5 * time.Second, minMediaTimeout: time.Second, 8 * time.Second: 2 * time.Second,
		30 * time.Second: 5 * time.Second, time.Hour: 5 * time.Second,
	} {
		if got := heartbeat(timeout); got != want {
			t.Errorf("heartbeat(%s) = %s, want %s", timeout, got, want)
		}
	}
}
