package mediaserver

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"time"

	"go.uber.org/zap"
)

// Options describe a Server.
type Options struct {
	// Dir is nginx's own folder: configuration, pid, control socket. It is
	// made when missing. One process at a time may use it. Required.
	Dir string
	// RTMPAddr is where streamers publish to, as host:port. An empty host
	// means all addresses. Required.
	RTMPAddr string
	// App is the RTMP application, the part of rtmpPath before the key:
	// letters, digits, "_" and "-"; "live" by default.
	App string
	// HooksURL is where the handler of ingest.NGINX stands, with its secret:
	// "http://127.0.0.1:9000/{secret}". Required. nginx drops publishers
	// when nobody answers there.
	HooksURL string
	// HLSDir is where the pictures are written for viewers, one playlist per
	// live, named by its playback name. By default it is a folder in Dir; or
	// a temporary one, when this process is root and Dir is closed to others,
	// because nginx's workers should not be root. See Server.HLSDir.
	HLSDir string
	// Fragment is the length of an HLS segment: 1 s by default, which keeps
	// viewers a few seconds behind. A playlist has 8 of them.
	Fragment time.Duration
	// Heartbeat is the time between two update hooks: 5 s by default, in
	// whole seconds.
	Heartbeat time.Duration
	// Logger gets nginx's log and its crashes, without stream keys. nil is
	// silent.
	Logger *zap.Logger
}

const (
	playlistFragments = 8
	// socketPathMax is what fits in a sockaddr_un on every system.
	socketPathMax = 100
)

var appName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// complete fills in the defaults and reports every problem at once.
func (o *Options) complete() error {
	if o.App == "" {
		o.App = "live"
	}
	if o.Fragment == 0 {
		o.Fragment = time.Second
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 5 * time.Second
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	var errs []error
	bad := func(field, problem string) {
		errs = append(errs, fmt.Errorf("mediaserver: Options.%s: %s", field, problem))
	}
	if o.Dir == "" {
		bad("Dir", "is empty")
	} else if dir, err := filepath.Abs(o.Dir); err != nil {
		bad("Dir", err.Error())
	} else {
		o.Dir = dir
	}
	if o.HLSDir != "" {
		dir, err := filepath.Abs(o.HLSDir)
		if err != nil {
			bad("HLSDir", err.Error())
		}
		o.HLSDir = dir
	}
	if _, err := net.ResolveTCPAddr("tcp", o.RTMPAddr); err != nil || o.RTMPAddr == "" {
		bad("RTMPAddr", "want host:port")
	}
	if !appName.MatchString(o.App) {
		bad("App", `want letters, digits, "_" and "-"`)
	}
	// The URL has a secret, so the error must not have the URL.
	if u, err := url.Parse(o.HooksURL); err != nil || u.Scheme != "http" || u.Port() == "" || u.Path == "" || u.RawQuery != "" || u.User != nil {
		bad("HooksURL", "want http://host:port/secret")
	}
	if o.Fragment < 100*time.Millisecond || o.Fragment > time.Minute {
		bad("Fragment", "want 100ms to 1m")
	}
	if o.Heartbeat < time.Second || o.Heartbeat > time.Minute || o.Heartbeat%time.Second != 0 {
		bad("Heartbeat", "want whole seconds, 1s to 1m")
	}
	return errors.Join(errs...)
}
