package mediaserver

import (
	_ "embed"
	"fmt"
	"io"
	"strings"
	"text/template"
	"unicode"
)

//go:embed nginx.conf.tmpl
var configText string

// nginxConfig is what stands in nginx.conf.
type nginxConfig struct {
	Module, User           string
	PIDFile, LockFile, Tmp string
	Control                string // path of the control socket
	Listen                 string // of RTMP
	App, Hooks             string
	UpdateSeconds          int
	// Push is the RTMP URL of the application that writes HLS, Segments its
	// name, PushHost the address that may publish there.
	Push, Segments, PushHost string
	HLSDir                   string
	FragmentMillis           int64
	PlaylistMillis           int64
}

var configTemplate = template.Must(template.New("nginx.conf").Funcs(template.FuncMap{"quote": quote}).Parse(configText))

func (c nginxConfig) write(w io.Writer) error { return configTemplate.Execute(w, c) }

// quote makes one parameter of s, whatever is in it.
func quote(s string) (string, error) {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", fmt.Errorf("%q has a control character", s)
	}
	// nginx would read a dollar sign as a variable in some directives, and
	// has no way to escape it.
	if strings.Contains(s, "$") {
		return "", fmt.Errorf("%q has a dollar sign, which nginx cannot take", s)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, nil
}
