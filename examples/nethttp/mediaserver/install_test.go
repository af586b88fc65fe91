package mediaserver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindNGINX(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "nginx")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name            string
		binaries, paths []string
		missing         string
	}{
		{"no nginx", []string{filepath.Join(dir, "none")}, []string{dir}, "no nginx in PATH"},
		{"no module", []string{binary}, []string{dir}, "no ngx_rtmp_module.so"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := findNGINX(tc.binaries, tc.paths)
			if !errors.Is(err, ErrNotInstalled) {
				t.Fatalf("%v, want ErrNotInstalled", err)
			}
			for _, want := range []string{tc.missing, "apt-get install nginx libnginx-mod-rtmp"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
	module := filepath.Join(dir, "ngx_rtmp_module.so")
	if err := os.WriteFile(module, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := findNGINX([]string{binary}, []string{filepath.Join(dir, "none"), dir}); err != nil || got != (installation{binary, module}) {
		t.Errorf("got %+v, %v", got, err)
	}
}
