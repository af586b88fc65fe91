package e2e

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
)

// publisher is ffmpeg pushing a test picture with a tone.
type publisher struct {
	t      *testing.T
	cmd    *exec.Cmd
	cancel context.CancelFunc
	out    quickstart.Output
	done   chan error
}

// publish pushes to an rtmpPath for at most two minutes.
func publish(t *testing.T, rtmpPath string) *publisher {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	p := &publisher{t: t, cancel: cancel, done: make(chan error, 1)}
	p.cmd = exec.CommandContext(ctx, "/usr/bin/ffmpeg", "-nostdin", "-loglevel", "error", "-re",
		"-f", "lavfi", "-i", "testsrc=size=320x180:rate=15", "-f", "lavfi", "-i", "sine=frequency=440",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "15", "-c:a", "aac",
		"-f", "flv", rtmpPath)
	p.cmd.Stderr = &p.out
	if err := p.cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(p.kill)
	return p
}

// kill ends ffmpeg as a crash does.
func (p *publisher) kill() {
	p.cancel()
	if err, open := <-p.done; open {
		_ = err
		close(p.done)
	}
}

// wantRefused waits until the server has dropped the publisher.
func (p *publisher) wantRefused(limit time.Duration) {
	p.t.Helper()
	select {
	case err := <-p.done:
		close(p.done)
		if err == nil {
			p.t.Error("ffmpeg ended well, want it refused")
		}
	case <-time.After(limit):
		p.t.Fatalf("ffmpeg still publishes after %v", limit)
	}
}
