package cluster

import (
	"context"
	_ "embed"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"text/template"
	"time"

	"github.com/b2bprism/b2bprism/examples/internal/child"
	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
)

//go:embed nginx.conf.tmpl
var configuration string

// balancer is nginx in front of the instances.
type balancer struct {
	Dir, Addr        string
	Certificate, Key string
	Instances        []string
}

func findNginx(t *testing.T) string {
	t.Helper()
	// A user's PATH often lacks sbin.
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("nginx is not installed: apt-get install nginx")
	}
	t.Skip("nginx is not installed: apt-get install nginx")
	return ""
}

// start runs nginx until the test ends.
func (b *balancer) start(t *testing.T) {
	t.Helper()
	b.Dir = t.TempDir()
	file := filepath.Join(b.Dir, "nginx.conf")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := template.Must(template.New("nginx").Parse(configuration)).Execute(f, b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var out quickstart.Output
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), findNginx(t), "-c", file, "-p", b.Dir, "-e", filepath.Join(b.Dir, "error.log"))
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = child.Attributes()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("nginx printed %s\n%s", out.String(), b.log(t, "error.log"))
		}
	})
	quickstart.Eventually(t, 10*time.Second, "nginx answers", func(ctx context.Context) bool {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", b.Addr)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
}

func (b *balancer) log(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
