package main

import (
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

// options are the command line.
type options struct {
	target  check.Target
	browser bool
	rtmp    bool
	ffmpeg  string
	format  string
	output  string
	strict  bool
	quiet   bool
	verbose bool
	dryRun  bool
}

// errShown is an error of the flag package, which has printed it.
var errShown = errors.New("wrong usage")

var formats = []string{"text", "json", "junit", "html"}

// parseFlags reads the command line, and the files and variables that it
// names. It reports every problem at once.
func parseFlags(args []string, c console) (options, error) {
	o := options{}
	t := &o.target
	fs := flag.NewFlagSet("prismcheck", flag.ContinueOnError)
	fs.SetOutput(c.err)
	var problems []error
	bad := func(name string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("-%s: %w", name, err))
		}
	}
	secret := func(into *string, name, usage string) {
		fs.Func(name, usage+": a `value`, env:NAME or file:PATH", func(v string) (err error) {
			*into, err = resolve(v, c)
			return err
		})
	}
	fs.StringVar(&t.ServiceAPIDomain, "url", "", "service API domain, as entered in the NAVER Cloud console (an https `URL`)")
	fs.StringVar(&t.AuthorizeURL, "authorize-url", "", "authorization `URL` (default: the service API domain + /oauth/authorize)")
	fs.StringVar(&t.ClientID, "client-id", "", "client `id`")
	secret(&t.ClientSecret, "client-secret", "client secret")
	fs.StringVar(&t.RedirectURI, "redirect-uri", "", "redirect `URI` that the service has registered for PRISM")
	fs.StringVar(&t.Account.Account, "login", "", "`account` of a streamer to sign in with by filling in the login form")
	secret(&t.Account.Password, "password", "its password")
	fs.StringVar(&t.Second.Account, "login2", "", "`account` of another streamer, for the checks of ownership, bans and managers")
	secret(&t.Second.Password, "password2", "its password")
	fs.BoolVar(&o.browser, "browser", false, "let a person sign in: print the address, and receive the code or have it pasted")
	secret(&t.Code, "code", "authorization code that came just now")
	secret(&t.Token, "token", "access token")
	secret(&t.SecondToken, "token2", "access token of another streamer")
	credentials := fs.String("credentials", "", "credentials.json `file` of the quickstart: addresses, client and accounts")
	fs.StringVar(&t.ChannelID, "channel", "", "`id` of the channel to go live on (default: the first enabled one)")
	fs.BoolVar(&t.TakeOver, "take-over", false, "end a live that is on air on the channel already")
	apis := fs.String("apis", "", "optional APIs to expect, as a `list` of "+join(check.APIs())+"; none for no optional API (default: find out)")
	only := fs.String("only", "", "`list` of checks or areas to run (default: all)")
	fs.BoolVar(&t.LegacyOnAir, "onair-spelling", false, "accept the status ONAIR, as older documentation has it")
	fs.BoolVar(&o.rtmp, "rtmp", false, "push a test picture to rtmpPath with ffmpeg")
	fs.StringVar(&o.ffmpeg, "ffmpeg", "ffmpeg", "`program` for -rtmp")
	fs.IntVar(&t.Lives, "lives", 0, "`number` of lives on air to imitate with a polling load of 27 calls per live and minute")
	fs.DurationVar(&t.LoadTime, "load-time", check.DefaultLoadTime, "how long the polling load lasts")
	fs.DurationVar(&t.Pace, "pace", check.DefaultPace, "pause between changes whose order is looked at")
	ca := fs.String("ca", "", "`file` of certificates in PEM to verify the server with, in place of the system's")
	fs.BoolVar(&t.InsecureTLS, "insecure-tls", false, "do not verify the server's certificate")
	fs.BoolVar(&t.AllowHTTP, "allow-http", false, "allow a plain http service API domain, for development")
	fs.StringVar(&t.PlainURL, "plain-url", "", "`URL` where the service might answer plain HTTP (default: port 80 of its host)")
	fs.StringVar(&o.format, "format", "text", "`form` of the report: "+strings.Join(formats, ", "))
	fs.StringVar(&o.output, "o", "", "`file` for the report; a text goes to the output then")
	fs.BoolVar(&o.strict, "strict", false, "fail for recommended checks, too")
	fs.BoolVar(&o.quiet, "q", false, "show no progress")
	fs.BoolVar(&o.verbose, "v", false, "list the checks that passed, and every exchange in full")
	fs.BoolVar(&o.dryRun, "dry-run", false, "list the checks, and run none")
	if err := fs.Parse(args); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			err = errShown
		}
		return options{}, err
	}
	if fs.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if !slices.Contains(formats, o.format) {
		bad("format", fmt.Errorf("%q is none of %s", o.format, strings.Join(formats, ", ")))
	}
	if o.dryRun {
		return o, errors.Join(problems...)
	}
	if *credentials != "" {
		bad("credentials", fromCredentials(t, *credentials, ca))
	}
	if *ca != "" {
		pem, err := os.ReadFile(*ca)
		if err == nil {
			if t.RootCAs = x509.NewCertPool(); !t.RootCAs.AppendCertsFromPEM(pem) {
				err = errors.New("the file has no certificate in PEM")
			}
		}
		bad("ca", err)
	}
	t.Expect = expected(*apis)
	t.Only = split(*only)
	if o.browser {
		// Check wants a way in; the real one is set when the run begins.
		t.Account = check.Account{}
		t.Browser = signIn{}.browse
	}
	if t.Account.Account != "" && t.Account.Password == "" {
		bad("password", errors.New("is needed with -login"))
	}
	if t.Second.Account != "" && t.Second.Password == "" {
		bad("password2", errors.New("is needed with -login2"))
	}
	if len(problems) == 0 {
		if err := t.Check(); err != nil {
			problems = append(problems, err)
		}
	}
	return o, errors.Join(problems...)
}

// expected reads -apis: nil finds out, an empty list expects none.
func expected(list string) []check.API {
	names := split(list)
	if names == nil {
		return nil
	}
	apis := []check.API{}
	for _, name := range names {
		if name != "none" {
			apis = append(apis, check.API(name))
		}
	}
	return apis
}

func split(list string) []string {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func join(apis []check.API) string {
	names := make([]string, len(apis))
	for i, a := range apis {
		names[i] = string(a)
	}
	return strings.Join(names, ", ")
}

// resolve reads a secret. The value is not in the error.
func resolve(v string, c console) (string, error) {
	if name, ok := strings.CutPrefix(v, "env:"); ok {
		value, set := c.env(name)
		if !set {
			return "", fmt.Errorf("the environment has no variable %s", name)
		}
		return value, nil
	}
	if path, ok := strings.CutPrefix(v, "file:"); ok {
		text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			return "", err
		}
		line, _, _ := strings.Cut(string(text), "\n")
		return strings.TrimSuffix(line, "\r"), nil
	}
	return v, nil
}

// fromCredentials fills in what the command line left open.
func fromCredentials(t *check.Target, path string, ca *string) error {
	file, err := readCredentials(path)
	if err != nil {
		return err
	}
	own := t.ServiceAPIDomain == "" || t.ServiceAPIDomain == file.ServiceAPIDomain
	for _, f := range []struct {
		into  *string
		value string
	}{
		{&t.ServiceAPIDomain, file.ServiceAPIDomain}, {&t.AuthorizeURL, file.AuthorizeURL}, {&t.ClientID, file.ClientID},
		{&t.ClientSecret, file.ClientSecret}, {&t.RedirectURI, file.RedirectURI},
	} {
		if *f.into == "" {
			*f.into = f.value
		}
	}
	first, second := file.accounts()
	if t.Account.Account == "" && t.Token == "" && t.Code == "" {
		t.Account = first
	}
	if t.Second.Account == "" && t.SecondToken == "" && t.Account == first {
		t.Second = second
	}
	// The quickstart makes its certificate beside the file.
	beside := filepath.Join(filepath.Dir(path), "tls-cert.pem")
	if _, err := os.Stat(beside); err == nil && own && *ca == "" && !t.InsecureTLS {
		*ca = beside
	}
	return nil
}
