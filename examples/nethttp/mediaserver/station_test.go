package mediaserver

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/examples/internal/station"
	"github.com/b2bprism/b2bprism/prism"
)

// need fails the test in CI, and skips it elsewhere, when a program is missing.
func need(t *testing.T, ffmpeg bool) {
	t.Helper()
	_, err := findNGINX(nginxNames, moduleDirs)
	if err == nil && ffmpeg {
		_, err = exec.LookPath("ffmpeg")
	}
	if err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("this test needs nginx with the RTMP module and ffmpeg: %v", err)
	}
	t.Skipf("apt-get install nginx libnginx-mod-rtmp ffmpeg to run this test: %v", err)
}

// patience is how long a server has for what it should do.
const patience = 20 * time.Second

// nginxStation is a running Server with its hooks.
type nginxStation struct {
	*station.Station
	server *Server
	dir    string
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // nothing was accepted
	return l.Addr().String()
}

func newStation(t *testing.T) *nginxStation {
	t.Helper()
	addr := freeAddr(t)
	s := &nginxStation{Station: station.New(t, "rtmp://"+addr+"/live", patience), dir: t.TempDir()}
	mux := http.NewServeMux()
	hooks := httptest.NewServer(mux)
	t.Cleanup(hooks.Close)
	var err error
	s.server, err = New(Options{
		Dir: filepath.Join(s.dir, "media server"), RTMPAddr: addr, HooksURL: hooks.URL + "/hooks/" + station.HookSecret,
		Heartbeat: time.Second, Logger: s.Log,
	})
	s.Must(err)
	t.Cleanup(func() { s.Must(s.server.Close()) })
	handler, err := ingest.NGINX(s.Events, ingest.NGINXOptions{
		Secret: station.HookSecret, App: "live", Control: s.server.Control(), Logger: s.Log,
	})
	s.Must(err)
	mux.Handle("/hooks/", http.StripPrefix("/hooks", handler))
	s.Must(s.server.Start(t.Context()))
	return s
}

// playing reports whether the playlist of the live has segments, all there.
func (s *nginxStation) playing(live prism.Live) bool {
	text, err := os.ReadFile(filepath.Join(s.server.HLSDir(), Playlist(live.PlaybackID)))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, live.PlaybackID) && strings.HasSuffix(line, ".ts") {
			return true
		}
	}
	return false
}

// noKey fails when the key of a live stands in a log or in a file of the
// server, or in the name of one.
func (s *nginxStation) noKey(live prism.Live) {
	s.T.Helper()
	s.NoKey(live)
	secret := station.Key(s.T, live)
	look := func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a segment that was cleaned up
		}
		if err != nil {
			return err
		}
		if strings.Contains(path, secret) {
			s.T.Errorf("a file name has the key: %s", path)
		}
		if d.Type().IsRegular() {
			if text, err := os.ReadFile(path); err == nil && bytes.Contains(text, []byte(secret)) {
				s.T.Errorf("%s has the key", path)
			}
		}
		return nil
	}
	s.Must(filepath.WalkDir(s.dir, look))
	s.Must(filepath.WalkDir(s.server.HLSDir(), look))
}

// logged reports whether nginx's log has a text.
func (s *nginxStation) logged(text string) bool {
	for _, entry := range s.Logs.FilterMessage("nginx").All() {
		if line, ok := entry.ContextMap()["line"].(string); ok && strings.Contains(line, text) {
			return true
		}
	}
	return false
}
