package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

func TestHLSFile(t *testing.T) {
	t.Parallel()
	live := prism.Live{ID: "l1", PlaybackID: "pb"}
	tests := []struct{ asked, want string }{
		{"index.m3u8", "pb.m3u8"},
		{"pb.m3u8", "pb.m3u8"},
		{"pb-0.ts", "pb-0.ts"},
		{"pb-1712.ts", "pb-1712.ts"},
		{"other.m3u8", ""},
		{"pb-.ts", ""},
		{"pb-1", ""},
		{"pb-1.ts.ts", ""},
		{"pbx-1.ts", ""},
		{"../pb-1.ts", ""},
		{"pb-1/../2.ts", ""},
		{"", ""},
	}
	for _, tt := range tests {
		got, _, err := hlsFile(live, tt.asked)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("hlsFile(%q) = %q, %v, want %q", tt.asked, got, err, tt.want)
		}
	}
}

func TestPicturesFollowThePage(t *testing.T) {
	t.Parallel()
	in := start(t, "-ingest-timeout", "0")
	in.hls = t.TempDir()
	live := in.firstLive("user-haneul", "channel-haneul", prism.StatusOnAir, prism.ScopePublic)
	other := in.firstLive("user-bada", "channel-bada", prism.StatusOnAir, prism.ScopePublic)
	name := playbackName(t, live)
	write := func(file, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(in.hls, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, owner := in.visit(), in.as("haneul")
	files := watchPath(live) + "/hls/"
	wants(t, b.get(files+"index.m3u8"), http.StatusNotFound) // before the first segment
	write(name+".m3u8", "#EXTM3U")
	write(name+"-0.ts", "segment")
	write(playbackName(t, other)+"-0.ts", "segment of another live")

	playlist := b.get(files + "index.m3u8")
	wants(t, playlist, http.StatusOK, "#EXTM3U")
	segment := b.get(files + name + "-0.ts")
	wants(t, segment, http.StatusOK, "segment")
	for _, tt := range []struct{ got, want string }{
		{playlist.header.Get("Content-Type"), "application/vnd.apple.mpegurl"},
		{playlist.header.Get("Cache-Control"), "no-store"},
		{segment.header.Get("Content-Type"), "video/mp2t"},
		{segment.header.Get("Cache-Control"), "private, max-age=60"},
	} {
		if tt.got != tt.want {
			t.Errorf("header %q, want %q", tt.got, tt.want)
		}
	}
	wants(t, b.get(files+playbackName(t, other)+"-0.ts"), http.StatusNotFound)
	wants(t, b.get(watchPath(live)), http.StatusOK, `data-play="true"`, "hls.light.min.js")

	if err := os.Symlink("/etc/hostname", filepath.Join(in.hls, name+"-1.ts")); err != nil {
		t.Fatal(err)
	}
	if got := b.get(files + name + "-1.ts"); got.status == http.StatusOK {
		t.Error("a file outside the folder was served")
	}

	private := prism.ScopePrivate
	if _, err := in.store.UpdateLive(t.Context(), "user-haneul", live.ID, prism.LiveUpdate{Scope: &private}); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"index.m3u8", name + "-0.ts"} {
		wants(t, b.get(files+file), http.StatusNotFound)
		wants(t, owner.get(files+file), http.StatusOK)
	}
	wants(t, owner.post("/studio/lives/"+live.ID+"/stop"), http.StatusSeeOther)
	wants(t, owner.get(files+"index.m3u8"), http.StatusNotFound)
}

func playbackName(t *testing.T, live prism.Live) string {
	t.Helper()
	name, err := ingest.PlaybackName(live)
	if err != nil {
		t.Fatal(err)
	}
	return name
}
