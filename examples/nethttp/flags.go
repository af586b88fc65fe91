package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

// placeholderRedirectURI stands until the NAVER Cloud console has assigned the
// service id; then start with -redirect-uri.
const placeholderRedirectURI = "https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/SERVICE_ID"

// settings are the command line, checked.
type settings struct {
	addr           string
	tlsAddr        string
	data           string
	db             string
	redis          string
	rtmp           string
	media          string
	noDemo         bool
	noAccessLog    bool
	publicURL      string
	redirectURIs   []string
	cert, key      string
	trustedProxies []netip.Prefix
	ingestTimeout  time.Duration
	credentials    string
}

// parseFlags reads the command line. It reports every bad flag at once, and
// flag.ErrHelp after it has printed the usage.
func parseFlags(args []string, usage io.Writer) (settings, error) {
	var s settings
	fs := flag.NewFlagSet("nethttp", flag.ContinueOnError)
	fs.SetOutput(usage)
	fs.StringVar(&s.addr, "addr", "127.0.0.1:8080", "plain HTTP for development, loopback `address` only")
	fs.StringVar(&s.tlsAddr, "tls-addr", "127.0.0.1:8443", "HTTPS `address`")
	fs.StringVar(&s.data, "data", "./prism-data", "data `folder`")
	fs.StringVar(&s.db, "db", "", "database `DSN`: sqlite:FILE, postgres://…, mysql://… or memory: (default sqlite in the data folder)")
	fs.StringVar(&s.redis, "redis", "", "keep tokens and chat in Redis: `URL` redis://USER:PASSWORD@HOST:PORT/DB, or rediss:// for TLS (default in the database)")
	fs.StringVar(&s.rtmp, "rtmp", "rtmp://127.0.0.1:1935/live", "`URL` that stands before the stream key in every rtmpPath")
	fs.StringVar(&s.media, "media", "", "media `server` to run as a child: nginx; empty for none")
	fs.BoolVar(&s.noDemo, "no-demo", false, "make no demo users and lives")
	fs.BoolVar(&s.noAccessLog, "no-access-log", false, "do not log each request")
	fs.StringVar(&s.publicURL, "public-url", "", "`URL` under which the HTTPS address is reached from outside (default https://ADDRESS)")
	fs.Func("redirect-uri", "OAuth redirect `URI` that PRISM uses; repeatable (default "+placeholderRedirectURI+")", func(v string) error {
		s.redirectURIs = append(s.redirectURIs, v)
		return checkRedirectURI(v)
	})
	fs.StringVar(&s.cert, "cert", "", "TLS certificate `file`, PEM (default: self-signed, in the data folder)")
	fs.StringVar(&s.key, "key", "", "TLS key `file`, PEM")
	fs.Func("trusted-proxy", "`CIDR` of a proxy whose X-Forwarded-Proto and X-Forwarded-For are believed; repeatable", func(v string) error {
		p, err := parsePrefix(v)
		s.trustedProxies = append(s.trustedProxies, p)
		return err
	})
	fs.DurationVar(&s.ingestTimeout, "ingest-timeout", ingest.DefaultIngestTimeout,
		"end a live on air when nothing was received for this long; 0 never, for a media server that reports nothing")
	fs.StringVar(&s.credentials, "credentials", "", "credentials `file`, to share it between instances (default credentials.json in the data folder)")
	if err := fs.Parse(args); err != nil {
		return settings{}, err
	}
	if fs.NArg() > 0 {
		return settings{}, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	s.publicURL = strings.TrimSuffix(s.publicURL, "/")
	if s.db == "" {
		s.db = "sqlite:" + filepath.Join(s.data, "prism.db")
	}
	if s.credentials == "" {
		s.credentials = s.ownCredentials()
	}
	if err := s.check(); err != nil {
		return settings{}, err
	}
	return s, nil
}

// ownCredentials is where this instance writes its credentials.
func (s settings) ownCredentials() string { return filepath.Join(s.data, "credentials.json") }

func (s settings) check() error {
	var problems []error
	bad := func(name string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("-%s: %w", name, err))
		}
	}
	bad("addr", checkLoopback(s.addr))
	_, _, err := net.SplitHostPort(s.tlsAddr)
	bad("tls-addr", err)
	if s.data == "" {
		bad("data", errors.New("name a folder"))
	}
	bad("db", checkDSN(s.db))
	if s.redis != "" {
		_, err = parseRedis(s.redis)
		bad("redis", err)
	}
	bad("rtmp", prism.CheckRTMPBase(s.rtmp))
	if s.media != "" && s.media != "nginx" {
		bad("media", fmt.Errorf("%q is not supported, use nginx", s.media))
	}
	if s.publicURL != "" {
		bad("public-url", checkOrigin(s.publicURL))
	}
	if (s.cert == "") != (s.key == "") {
		bad("cert", errors.New("give -cert and -key together"))
	}
	least := ingest.MinIngestTimeout
	if s.media != "" {
		least = minMediaTimeout
	}
	if s.ingestTimeout != 0 && s.ingestTimeout < least {
		bad("ingest-timeout", fmt.Errorf("must be 0 or at least %s", least))
	}
	return errors.Join(problems...)
}

// checkLoopback keeps the plain listener on this machine: access tokens and
// the client secret cross it in the clear.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	if host == "localhost" {
		return nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() {
		return fmt.Errorf("%q is not a loopback address: plain HTTP is for development on this machine only, use -tls-addr for others", addr)
	}
	return nil
}

func checkDSN(dsn string) error {
	scheme, rest, _ := strings.Cut(dsn, ":")
	switch scheme {
	case "memory":
		if rest != "" {
			return errors.New(`memory: takes nothing after the colon`)
		}
	case "sqlite":
		if rest == "" {
			return errors.New("sqlite: needs a file name, as sqlite:prism.db")
		}
	case "postgres", "postgresql", "mysql", "mariadb":
		// The driver says what is wrong with the rest.
	default:
		// The value is not repeated: a DSN can hold a password.
		return errors.New("unknown database, use memory:, sqlite:FILE, postgres://… or mysql://…")
	}
	return nil
}

func checkOrigin(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return err
	case u.Scheme != "https" || u.Hostname() == "":
		return errors.New("must be https://HOST or https://HOST:PORT")
	case u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil:
		return errors.New("must have no path, query, fragment or user")
	}
	return nil
}

func checkRedirectURI(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return err
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return errors.New("must be an absolute http or https URL")
	case u.User != nil || strings.Contains(raw, "#"):
		return errors.New("must have no user and no fragment")
	}
	return nil
}

func parsePrefix(v string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(v); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	p, err := netip.ParsePrefix(v)
	if err != nil {
		return netip.Prefix{}, errors.New("must be a CIDR such as 10.0.0.0/8")
	}
	return p.Masked(), nil
}
