package main

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// Instances that start at once on an empty database seed it once.
func TestSeedingInTurn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := []string{"-db", "sqlite:" + filepath.Join(dir, "prism.db"), "-credentials", filepath.Join(dir, "credentials.json")}
	for i := range 3 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			in := start(t, args...)
			live := in.firstLive("user-haneul", "channel-haneul", prism.StatusOnAir, prism.ScopePublic)
			if live.Stats.Chats != int64(len(demoChat)) {
				t.Errorf("the live has %d messages, want %d", live.Stats.Chats, len(demoChat))
			}
		})
	}
}
