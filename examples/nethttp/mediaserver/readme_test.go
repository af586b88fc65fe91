package mediaserver

import (
	"os"
	"strings"
	"testing"
)

// The configuration in the adapter's README is the one that the tests of this
// package run.
func TestREADMEHasTheConfiguration(t *testing.T) {
	var rendered strings.Builder
	err := nginxConfig{
		Listen: "1935", App: "live", Hooks: "http://127.0.0.1:9000/SECRET", UpdateSeconds: 5,
		Push: "rtmp://127.0.0.1:1935/segments-RANDOM", Segments: "segments-RANDOM", PushHost: "127.0.0.1",
		HLSDir: "/var/lib/hls", FragmentMillis: 1000, PlaylistMillis: 10000,
	}.write(&rendered)
	if err != nil {
		t.Fatal(err)
	}
	config := rendered.String()
	part := func(from, to string) string {
		t.Helper()
		_, found, ok := strings.Cut(config, from)
		found, _, there := strings.Cut(found, to)
		if !ok || !there {
			t.Fatalf("the configuration has nothing from %q to %q", from, to)
		}
		return from + found
	}
	readme, err := os.ReadFile("../../../adapters/ingest/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		part("worker_processes", "\n"),
		"```nginx\n" + strings.TrimSpace(part("rtmp {", "http {")) + "\n```",
		part("location /control {", "}"),
	} {
		if !strings.Contains(string(readme), want) {
			t.Errorf("adapters/ingest/README.md lacks\n%s", want)
		}
	}
}
