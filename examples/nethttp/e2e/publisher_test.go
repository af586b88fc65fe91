package e2e

import (
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/examples/internal/ffmpeg"
)

// refusalTime is how long the media server has to drop a publisher.
const refusalTime = 20 * time.Second

// wantRefused waits until the server has dropped the publisher.
func wantRefused(t *testing.T, publisher *ffmpeg.Program) {
	t.Helper()
	select {
	case <-publisher.Gone():
		if publisher.Err() == nil {
			t.Error("ffmpeg ended well, want it refused")
		}
	case <-time.After(refusalTime):
		t.Fatalf("ffmpeg still publishes after %v\n%s", refusalTime, publisher.Output())
	}
}
