package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"time"
)

//go:embed static/console.css static/console.js static/vendor/htmx.min.js
var assetFiles embed.FS

// asset is a file of the page. Its address changes with its content.
type asset struct {
	contentType string
	data        []byte
	version     string
}

var assets = map[string]asset{
	"console.css": loadAsset("static/console.css", "text/css; charset=utf-8"),
	"console.js":  loadAsset("static/console.js", "text/javascript; charset=utf-8"),
	"htmx.js":     loadAsset("static/vendor/htmx.min.js", "text/javascript; charset=utf-8"),
}

func loadAsset(file, contentType string) asset {
	data, err := assetFiles.ReadFile(file)
	if err != nil {
		panic(err) // the files are embedded
	}
	sum := sha256.Sum256(data)
	return asset{contentType, data, hex.EncodeToString(sum[:6])}
}

// assetLink is the address of an asset, relative to the page.
func assetLink(name string) string { return "?asset=" + name + "&v=" + assets[name].version }

func serveAsset(w http.ResponseWriter, r *http.Request, name string) {
	a, ok := assets[name]
	if !ok {
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	if r.URL.Query().Get("v") == a.version {
		// Private: a cache that is shared must not answer for the guard.
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(a.data))
}
