package main

import (
	"crypto/sha256"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"strings"
)

// avatarURL is the picture of a user or channel under base: "" for a path.
// PRISM fetches it without a token and keeps it by its address.
func avatarURL(base, id string) string { return base + "/avatar/" + url.PathEscape(id) + ".png" }

// serveAvatar draws the picture that belongs to an id: a symmetric pattern in a
// colour of its own.
func serveAvatar(w http.ResponseWriter, r *http.Request) {
	id, ok := strings.CutSuffix(r.PathValue("file"), ".png")
	if !ok || len(id) > 200 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_ = png.Encode(w, drawAvatar(id)) // only the connection can fail
}

func drawAvatar(id string) image.Image {
	const cells, size = 5, 32
	sum := sha256.Sum256([]byte(id))
	ground := color.RGBA{R: 40 + sum[29]%120, G: 40 + sum[30]%120, B: 90 + sum[31]%130, A: 255}
	mark := color.RGBA{R: 245, G: 245, B: 255, A: 255}
	const edge = (cells + 2) * size
	img := image.NewPaletted(image.Rect(0, 0, edge, edge), color.Palette{ground, mark})
	for y := range edge {
		for x := range edge {
			cx, cy := x/size-1, y/size-1
			if cx < 0 || cy < 0 || cx >= cells || cy >= cells {
				continue
			}
			if cx > cells/2 {
				cx = cells - 1 - cx
			}
			if sum[cy*3+cx]&1 == 1 {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	return img
}
