package nodemediaserver

import (
	"os"
	"strings"
	"testing"
)

// The configuration in the adapter's README is the one that the tests of this
// package run.
func TestREADMEHasTheConfiguration(t *testing.T) {
	var want strings.Builder
	err := Config{
		Bind: "127.0.0.1", RTMPPort: 1935, HTTPPort: 8000, NotifyURL: "http://127.0.0.1:9000/SECRET/notify",
		JWTSecret: "JWT-SECRET", SignSecret: "SIGN-SECRET", Data: "/var/lib/nms",
	}.Write(&want)
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../adapters/ingest/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if snippet := "```json\n" + strings.TrimSpace(want.String()) + "\n```"; !strings.Contains(string(readme), snippet) {
		t.Errorf("adapters/ingest/README.md lacks\n%s", snippet)
	}
}
