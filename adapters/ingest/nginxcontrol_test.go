package ingest_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

func TestNGINXControl(t *testing.T) {
	live := prism.Live{ID: "l1", PlaybackID: "pb_secretish", RTMPPath: "rtmp://h/live/" + streamKey}
	release := make(chan struct{})
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
		wantErr string
	}{
		{"dropped", func(w http.ResponseWriter, r *http.Request) {
			if got := r.Method + " " + r.RequestURI; got != "GET /control/drop/publisher?app=live&name=pb_secretish" {
				http.Error(w, got, http.StatusBadRequest)
				return
			}
			_, _ = w.Write([]byte("1"))
		}, ""},
		{"nobody there", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("0")) }, ""},
		{"refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "status 403"},
		{"redirected", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}, "status 302"},
		{"hangs", func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}, "deadline"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			srv := httptest.NewServer(tc.handler)
			defer srv.Close()
			control := &ingest.NGINXControl{URL: srv.URL + "/control", App: "live", Client: srv.Client()}
			began := time.Now()
			err := control.KickPublisher(t.Context(), live)
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("took %s", took)
			}
			if (err == nil) != (tc.wantErr == "") || (err != nil && !strings.Contains(err.Error(), tc.wantErr)) {
				t.Errorf("error %v, want %q", err, tc.wantErr)
			}
			if err != nil && (strings.Contains(err.Error(), streamKey) || strings.Contains(err.Error(), live.PlaybackID)) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
	close(release)
}

// Without these two the answers to on_publish work and a kick does not.
func TestREADMEHasWhatNGINXControlNeeds(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var config strings.Builder
	for i, part := range strings.Split(string(page), "```") {
		if body, ok := strings.CutPrefix(part, "nginx\n"); ok && i%2 == 1 {
			config.WriteString(body)
		}
	}
	fields := strings.Join(strings.Fields(config.String()), " ")
	for _, want := range []string{"worker_processes 1;", "location /control { rtmp_control all; }"} {
		if !strings.Contains(fields, want) {
			t.Errorf("the nginx configuration lacks %q", want)
		}
	}
}
