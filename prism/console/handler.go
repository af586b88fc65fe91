package console

import (
	"net/http"
	"time"
)

// pagePolicy: nothing from elsewhere, nothing inline, no frame around it.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// mountWait is how long the answer to the button waits for the check to end,
// so that a page without JavaScript mostly has the result.
const mountWait = 3 * time.Second

// maxForm is the most bytes of a form.
const maxForm = 1 << 10

// ServeHTTP answers GET, HEAD and POST under any one path: its own assets and
// parts are told apart by query. Nothing but a POST changes anything, and a
// POST from another site is refused.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// Not no-referrer: with it browsers send "Origin: null" with our own form.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		c.get(w, r)
	case http.MethodPost:
		c.post(w, r)
	default:
		h.Set("Allow", "GET, HEAD, POST")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
}

func (c *Console) get(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	switch {
	case query.Has("asset"):
		serveAsset(w, r, query.Get("asset"))
	case query.Get("part") == "live":
		c.render(w, r, "live")
	default:
		c.render(w, r, "page")
	}
}

// post runs the check of the mount, the one thing that can be done here.
func (c *Console) post(w http.ResponseWriter, r *http.Request) {
	if err := c.protection.Check(r); err != nil {
		http.Error(w, "the request comes from another site", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if r.PostFormValue("action") != "check-mount" {
		http.Error(w, "there is no such action", http.StatusBadRequest)
		return
	}
	done := c.mount.start(c.cfg.CheckMount, c.cfg.Now)
	wait := time.NewTimer(mountWait)
	defer wait.Stop()
	select {
	case <-done:
	case <-wait.C:
	case <-r.Context().Done():
	}
	v := c.view(r)
	v.name = viewSetup
	w.Header().Set("Location", v.link("", "")+"#mount")
	w.WriteHeader(http.StatusSeeOther)
}
