package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// ffmpeg pushes a test picture.
type ffmpeg struct{ path string }

// takenAfter is how much of the picture must have been sent before it counts
// as taken: a server that refuses a key may do so after some packets.
const takenAfter = 1500 * time.Millisecond

// push implements check.Target.Push. The stream key stands in ffmpeg's
// arguments for as long as it runs, since ffmpeg reads it from nowhere else.
func (f ffmpeg) push(ctx context.Context, rtmpPath string, accepted func()) error {
	cmd := exec.CommandContext(ctx, f.path, "-hide_banner", "-nostdin", "-loglevel", "error", "-progress", "pipe:1", //nolint:gosec // the operator names the program
		"-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "60", "-b:v", "800k",
		"-c:a", "aac", "-b:a", "64k", "-f", "flv", rtmpPath)
	cmd.WaitDelay = 5 * time.Second
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	taken := false
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		at, ok := strings.CutPrefix(lines.Text(), "out_time_us=")
		if !ok || taken {
			continue
		}
		if sent, err := time.ParseDuration(at + "us"); err == nil && sent > takenAfter {
			taken = true
			accepted()
		}
	}
	err = cmd.Wait()
	if taken {
		return nil
	}
	// What ffmpeg says holds the address with the key.
	said := strings.TrimSpace(strings.ReplaceAll(problems.String(), rtmpPath, "rtmpPath"))
	if i := strings.LastIndexByte(rtmpPath, '/'); i >= 0 {
		said = strings.ReplaceAll(said, rtmpPath[i+1:], "KEY")
	}
	switch {
	case ctx.Err() != nil:
		return errors.New("no picture was taken in time")
	case said != "":
		return errors.New(strings.ReplaceAll(said, "\n", "; "))
	case err != nil:
		return err
	}
	return errors.New("the stream ended at once")
}
