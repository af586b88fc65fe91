package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

// playlistName is what the watch page asks for, whatever the file is called.
const playlistName = "index.m3u8"

// serveHLS serves the media server's files under the watch page, so that who
// may see the page, and nobody else, gets the pictures.
func (a *app) serveHLS(w http.ResponseWriter, r *http.Request) {
	live, err := a.watchable(r)
	if err == nil && (a.hls == "" || live.Status != prism.StatusOnAir) {
		err = fmt.Errorf("pictures: %w", prism.ErrNotFound)
	}
	var name, contentType string
	if err == nil {
		name, contentType, err = hlsFile(live, r.PathValue("file"))
	}
	if err == nil {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "private, max-age=60")
		if strings.HasSuffix(name, ".m3u8") {
			w.Header().Set("Cache-Control", "no-store")
		}
		err = a.sendMedia(w, r, name)
	}
	if err != nil {
		w.Header().Del("Cache-Control")
		a.fail(w, r, err)
	}
}

// hlsFile names the file that a request means. The files of a live begin with
// its playback name; no other live's can be reached.
func hlsFile(live prism.Live, asked string) (name, contentType string, err error) {
	playback, err := ingest.PlaybackName(live)
	if err != nil {
		return "", "", err
	}
	if asked == playlistName || asked == playback+".m3u8" {
		return playback + ".m3u8", "application/vnd.apple.mpegurl", nil
	}
	number, isSegment := strings.CutPrefix(strings.TrimSuffix(asked, ".ts"), playback+"-")
	if !isSegment || number == "" || strings.Trim(number, "0123456789") != "" || !strings.HasSuffix(asked, ".ts") {
		return "", "", fmt.Errorf("pictures: %w", prism.ErrNotFound)
	}
	return asked, "video/mp2t", nil
}

func (a *app) sendMedia(w http.ResponseWriter, r *http.Request, name string) (err error) {
	root, err := os.OpenRoot(a.hls)
	if err != nil {
		return missing(err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	f, err := root.Open(name)
	if err != nil {
		return missing(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return missing(err)
	}
	http.ServeContent(w, r, name, info.ModTime(), f)
	return nil
}

// missing turns the absence of a file, as before the first segment, into a 404.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("pictures: %w", prism.ErrNotFound)
	}
	return err
}
