// Package ffmpeg runs ffmpeg as the publisher or the player of a test.
package ffmpeg

import (
	"bytes"
	"os/exec"
	"sync"
	"testing"
)

// Program is a run of ffmpeg.
type Program struct {
	cmd  *exec.Cmd
	gone chan struct{}
	err  error // once gone is closed
	out  output
}

type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// Publish sends a small test picture and a tone to an RTMP address in real
// time, for two minutes at most.
func Publish(t *testing.T, address string, flags ...string) *Program {
	t.Helper()
	args := append([]string{
		"-re", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=15", "-f", "lavfi", "-i", "sine=frequency=440",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "15",
		"-c:a", "aac", "-t", "120", "-f", "flv",
	}, flags...)
	return Run(t, append(args, address)...)
}

// Run starts ffmpeg. It is killed with the test.
func Run(t *testing.T, args ...string) *Program {
	t.Helper()
	args = append([]string{"-hide_banner", "-loglevel", "error", "-nostdin"}, args...)
	p := &Program{cmd: exec.Command("ffmpeg", args...), gone: make(chan struct{})} //nolint:gosec,noctx // a test's; Kill ends it
	p.cmd.Stderr = &p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.gone)
	}()
	t.Cleanup(p.Kill)
	return p
}

// Gone is closed when ffmpeg has ended.
func (p *Program) Gone() <-chan struct{} { return p.gone }

// Running reports whether ffmpeg has not ended.
func (p *Program) Running() bool {
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

// Err waits for the end and returns how ffmpeg ended.
func (p *Program) Err() error {
	<-p.gone
	return p.err
}

// Output is what ffmpeg said so far.
func (p *Program) Output() string {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	return p.out.buf.String()
}

// Kill ends ffmpeg as a crash does.
func (p *Program) Kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	<-p.gone
}
