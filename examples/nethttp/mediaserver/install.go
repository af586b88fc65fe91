package mediaserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrNotInstalled is wrapped by the error of New when nginx or its RTMP module
// is missing.
var ErrNotInstalled = errors.New("nginx with the RTMP module is not installed")

const installHint = "on Debian and Ubuntu: apt-get install nginx libnginx-mod-rtmp"

// installation is where nginx and its RTMP module are.
type installation struct{ binary, module string }

var (
	// A user's PATH often lacks sbin.
	nginxNames = []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"}
	moduleDirs = []string{"/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules", "/usr/local/libexec/nginx", "/etc/nginx/modules"}
)

func findNGINX(names, moduleDirs []string) (installation, error) {
	binary := ""
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if path, err = filepath.Abs(path); err == nil {
			binary = path
			break
		}
	}
	if binary == "" {
		return installation{}, fmt.Errorf("%w: no nginx in PATH; %s", ErrNotInstalled, installHint)
	}
	for _, dir := range moduleDirs {
		module := filepath.Join(dir, "ngx_rtmp_module.so")
		if info, err := os.Stat(module); err == nil && info.Mode().IsRegular() {
			return installation{binary, module}, nil
		}
	}
	return installation{}, fmt.Errorf("%w: no ngx_rtmp_module.so; %s", ErrNotInstalled, installHint)
}
