package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestAccessLogCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args   []string
		logged bool
	}{{nil, true}, {[]string{"-no-access-log"}, false}} {
		in := start(t, tt.args...)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, in.creds.InsecureServiceAPIDomain+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if err := in.stop(); err != nil { // every request has its line by then
			t.Fatal(err)
		}
		if got := strings.Contains(in.log.String(), `"url":"/healthz"`); got != tt.logged || resp.StatusCode != http.StatusOK {
			t.Errorf("%v: logged %v, want %v (status %d)", tt.args, got, tt.logged, resp.StatusCode)
		}
	}
}
