package main

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// OAuth clients that look for the server find it at the root of the host, on
// both addresses, and never by a redirect.
func TestMetadata(t *testing.T) {
	t.Parallel()
	in := start(t)
	client := &http.Client{
		Transport:     in.visit().client.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for path, want := range map[string]int{
		metadataPath:             http.StatusOK,
		metadataPath + "/prism":  http.StatusOK,
		metadataPath + "/":       http.StatusNotFound,
		metadataPath + "/other":  http.StatusNotFound,
		metadataPath + "/prism/": http.StatusNotFound,
		metadataPath + "//prism": http.StatusNotFound,
		metadataPath + "s":       http.StatusNotFound,
		"/prism" + metadataPath:  http.StatusNotFound,
	} {
		for _, origin := range []string{in.creds.ServiceAPIDomain, in.creds.InsecureServiceAPIDomain} {
			resp, err := client.Get(origin + path)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s%s: %d, want %d", origin, path, resp.StatusCode, want)
			}
			if resp.StatusCode != http.StatusOK {
				continue
			}
			var got struct {
				Issuer string `json:"issuer"`
				Token  string `json:"token_endpoint"`
			}
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if issuer := in.creds.ServiceAPIDomain + prismBase; got.Issuer != issuer || got.Token != issuer+"/oauth2/token" {
				t.Errorf("%s%s: issuer %q, token endpoint %q", origin, path, got.Issuer, got.Token)
			}
		}
	}
}
