package cluster

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// secrets are what no log may have.
func (l *load) secrets(c credentials, dsn, redisPassword string) map[string]string {
	all := map[string]string{"password of Redis": redisPassword}
	if u, err := url.Parse(dsn); err == nil {
		all["password of PostgreSQL"], _ = u.User.Password()
	}
	for what, secret := range c.hidden {
		all[what] = secret
	}
	for i, f := range l.families {
		for j, p := range f.pairs {
			all[fmt.Sprintf("access token %d of family %d", j, i)] = p.tokens.AccessToken
			all[fmt.Sprintf("refresh token %d of family %d", j, i)] = p.tokens.RefreshToken
		}
	}
	for i, c := range l.codes {
		if c.text != "" {
			all[fmt.Sprintf("code %d", i)] = c.text
		}
		for j, tokens := range c.redeemed {
			all[fmt.Sprintf("access token %d of code %d", j, i)] = tokens.AccessToken
			all[fmt.Sprintf("refresh token %d of code %d", j, i)] = tokens.RefreshToken
		}
	}
	for _, c := range l.channels {
		for i, b := range c.made {
			if _, key, err := prism.SplitRTMPPath(b.live.RTMPPath); err == nil {
				all[fmt.Sprintf("stream key %d of %s", i, c.id)] = key
			}
		}
	}
	return all
}

func (b *balancer) wantNoSecrets(t *testing.T, secrets map[string]string) {
	t.Helper()
	for _, name := range []string{"access.log", "error.log"} {
		text := b.log(t, name)
		for what, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("nginx's %s has the %s", name, what)
			}
		}
	}
}

// repeatedStarts counts the starts of each live that nginx sent again.
func (b *balancer) repeatedStarts(t *testing.T) map[string]int {
	t.Helper()
	repeated := map[string]int{}
	for line := range strings.Lines(b.log(t, "access.log")) {
		_, rest, put := strings.Cut(line, " PUT ")
		uri, rest, _ := strings.Cut(rest, " ")
		if put && path.Base(uri) == "start" {
			repeated[path.Base(path.Dir(uri))] += strings.Count(rest, "127.0.0.1:") - 1
		}
	}
	return repeated
}

// failures counts the requests that an instance did not answer, also those that
// another one answered then.
func (b *balancer) failures(t *testing.T) int {
	t.Helper()
	return strings.Count(b.log(t, "access.log"), " 502")
}

// wantUsefulLog checks that the operator finds what failed and why, and that
// nothing is told as a defect of the program.
func wantUsefulLog(t *testing.T, where, log string) {
	t.Helper()
	type entry struct {
		Level, Msg, Route, Code, Error, Logger string

		Status    int
		RequestID string `json:"request_id"`
	}
	levels, causes := map[string]int{}, map[string]int{}
	for line := range strings.Lines(log) {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "Ready.") || strings.HasPrefix(line, "Try it:") {
			continue // what to enter in the NAVER Cloud console
		}
		var e entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Errorf("%s: a line of the log is no JSON: %q", where, line)
			continue
		}
		levels[e.Level]++
		if strings.Contains(e.Msg, "panic") || e.Code == prism.ErrInternal.Name || e.Level == "dpanic" {
			t.Errorf("%s: %s", where, line)
		}
		if e.Msg != "prism: request failed" {
			continue
		}
		if e.Level != "warn" || e.RequestID == "" || e.Route == "" || e.Error == "" {
			t.Errorf("%s: an outage is logged as %s", where, line)
		}
		switch {
		case strings.Contains(e.Error, "redisstore"):
			causes["Redis"]++
		default:
			causes["PostgreSQL"]++
		}
	}
	if causes["Redis"] == 0 || causes["PostgreSQL"] == 0 {
		t.Errorf("%s: the log names the causes %v, want both", where, causes)
	}
	t.Logf("%s logged %v, and failed requests because of %v", where, levels, causes)
}
