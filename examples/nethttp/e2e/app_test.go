package e2e

import (
	"testing"

	"github.com/b2bprism/b2bprism/examples/internal/chromium"
)

// need lists what the test runs beside Go. In CI its absence is a failure.
func need(t *testing.T) {
	t.Helper()
	for file, pkg := range map[string]string{
		"/usr/sbin/nginx": "nginx",
		"/usr/lib/nginx/modules/ngx_rtmp_module.so": "libnginx-mod-rtmp",
		"/usr/bin/ffmpeg": "ffmpeg",
	} {
		chromium.NeedFile(t, file, pkg)
	}
	chromium.Need(t)
}
