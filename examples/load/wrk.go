package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// hammerWithWRK is hammer by the program wrk, with one thread.
func (b *bench) hammerWithWRK(ctx context.Context, addr string, requests [][]byte) (n int64, took time.Duration, err error) {
	script := filepath.Join(b.folder, "requests.lua")
	if err := os.WriteFile(script, wrkScript(requests), 0o600); err != nil {
		return 0, 0, err
	}
	seconds := max(1, int(b.duration.Seconds()))
	out, err := exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(b.connections), "-d"+strconv.Itoa(seconds)+"s", //nolint:gosec // G204: our own words
		"-s", script, "http://"+addr).CombinedOutput()
	if err != nil {
		return 0, 0, errors.Join(fmt.Errorf("wrk: %w\n%s", err, out), ctx.Err())
	}
	return readWRK(out)
}

// wrkScript has wrk send the requests in turns.
func wrkScript(requests [][]byte) []byte {
	var script bytes.Buffer
	script.WriteString("local requests = {\n")
	for _, r := range requests {
		fmt.Fprintf(&script, "%q,\n", r) // paths and tokens need no escape that Lua does not know
	}
	script.WriteString("}\nlocal i = 0\nfunction request()\n\ti = i % #requests + 1\n\treturn requests[i]\nend\n")
	return script.Bytes()
}

var (
	wrkTotal  = regexp.MustCompile(`(\d+) requests in ([\d.]+)s`)
	wrkFailed = regexp.MustCompile(`(?m)^ *(Non-2xx or 3xx responses|Socket errors):.*$`)
)

// readWRK reads what wrk prints.
func readWRK(out []byte) (n int64, took time.Duration, err error) {
	if failed := wrkFailed.Find(out); failed != nil {
		return 0, 0, fmt.Errorf("wrk: %s", bytes.TrimSpace(failed))
	}
	total := wrkTotal.FindSubmatch(out)
	if total == nil {
		return 0, 0, fmt.Errorf("wrk printed\n%s", out)
	}
	n, err = strconv.ParseInt(string(total[1]), 10, 64)
	if err == nil {
		took, err = time.ParseDuration(string(total[2]) + "s")
	}
	return n, took, err
}
