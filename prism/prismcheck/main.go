// Command prismcheck acts as PRISM against a service API and says what PRISM,
// or an attacker, would stumble over. It needs nothing of the service but its
// address and what is entered in the NAVER Cloud console, so it checks any
// implementation, in any language.
//
//	go run ./prism/prismcheck -url https://live.example.com \
//		-client-id ID -client-secret env:SECRET -redirect-uri URI \
//		-login minji -password file:minji.txt -login2 juno -password2 file:juno.txt
//
// Against the quickstart, with everything from its credentials.json:
//
//	go run ./prism/prismcheck -credentials prism-data/credentials.json -take-over -lives 20
//
// The run signs in as the embedded browser does, goes live on one channel,
// chats, stops, and tries what must be refused. Use a channel and accounts of
// your own for it: lives titled "prismcheck" stay, since the service API has no
// call to delete one. Every live is ended before the command returns, also
// after an interrupt.
//
// # Signing in
//
// With -login and -password the login form is filled in, and every check can
// run. With -browser a person signs in: the address is printed, and the code is
// received on the redirect URI if that is a loopback address that the service
// has registered, else pasted. -code takes a code that came just now, -token an
// access token; checks that need more sign-ins are skipped then.
//
// A second account (-login2), of a streamer who may not use the first one's
// channel, is needed to check ownership, bans and managers.
//
// # Verdict
//
// A service is "ready for PRISM" if no required and no security check failed or
// was left out. What was not checked stands under the verdict, with the flags
// that would let it: "Not checked" for want of input, as a second account,
// which makes the run incomplete; "Not asked for" what only -rtmp, -lives and
// -apis add, and what -allow-http and -insecure-tls waive, which does not. An
// optional API that the service has not got is nothing left out. With -only the
// verdict is about the checks that it names.
//
// # Secrets
//
// -client-secret, -password, -password2, -code, -token and -token2 take a value,
// env:NAME for that of an environment variable, or file:PATH for the first line
// of a file. Values do not appear in reports.
//
// # Exit status
//
//	0  no required and no security check failed (with -strict: none at all),
//	   and none lacked input
//	1  a required check failed
//	2  the command line is wrong, the run was cut short, it could not go live, or
//	   required or security checks were skipped for want of input
//	3  a security check failed, and no required one
//	4  with -strict: only recommended checks failed
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
	"github.com/b2bprism/b2bprism/prism/prismcheck/report"
)

// The exit codes.
const (
	exitOK          = 0
	exitRequired    = 1
	exitUsage       = 2
	exitSecurity    = 3
	exitRecommended = 4
)

func main() {
	// net/http logs answers of confused servers, which can hold tokens.
	log.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], console{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv})
	stop()
	os.Exit(code)
}

// console is where the command reads and writes.
type console struct {
	in       io.Reader
	out, err io.Writer
	env      func(name string) (string, bool)
}

// terminal tells whether a writer is one that shows colours.
func (c console) terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	if _, no := c.env("NO_COLOR"); no {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// say writes to the error stream. What cannot be said there cannot be said.
func (c console) say(format string, args ...any) { _, _ = fmt.Fprintf(c.err, format+"\n", args...) }

// run is the command.
func run(ctx context.Context, args []string, c console) int {
	o, err := parseFlags(args, c)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errShown):
		return exitUsage
	case err != nil:
		c.say("prismcheck: %v", err)
		return exitUsage
	}
	if o.dryRun {
		if err := list(c.out); err != nil {
			c.say("prismcheck: %v", err)
			return exitUsage
		}
		return exitOK
	}
	if o.browser {
		o.target.Browser = signIn{console: c, redirectURI: o.target.RedirectURI}.browse
	}
	if o.rtmp {
		o.target.Push = ffmpeg{path: o.ffmpeg}.push
	}
	progress := newProgress(c, o.quiet)
	o.target.Progress = progress.step
	r, err := check.Run(ctx, o.target)
	progress.end()
	if err != nil {
		c.say("prismcheck: %v", err)
		return exitUsage
	}
	if err := write(r, o, c); err != nil {
		c.say("prismcheck: the report cannot be written: %v", err)
		return exitUsage
	}
	return exitCode(r, o.strict)
}

func exitCode(r check.Report, strict bool) int {
	switch {
	case r.Interrupted:
		return exitUsage
	case r.Count(check.Failed, check.Required) > 0:
		return exitRequired
	case r.Count(check.Failed, check.Security) > 0:
		return exitSecurity
	case !r.Complete():
		return exitUsage
	case strict && r.Count(check.Failed, check.Recommended) > 0:
		return exitRecommended
	}
	return exitOK
}

// write writes the report to the output, or to a file and a text to the output.
func write(r check.Report, o options, c console) (err error) {
	text := func() error {
		return report.Text(c.out, r, report.TextOptions{Colour: c.terminal(c.out), Verbose: o.verbose})
	}
	if o.output == "" {
		if o.format == "text" {
			return text()
		}
		return writeAs(c.out, r, o)
	}
	f, err := os.OpenFile(o.output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	buffered := bufio.NewWriter(f)
	if err := writeAs(buffered, r, o); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if err := text(); err != nil {
		return err
	}
	c.say("The report is in %s.", o.output)
	return nil
}

func writeAs(w io.Writer, r check.Report, o options) error {
	switch o.format {
	case "json":
		return report.JSON(w, r)
	case "junit":
		return report.JUnit(w, r, o.strict)
	case "html":
		return report.HTML(w, r)
	}
	return report.Text(w, r, report.TextOptions{Verbose: o.verbose})
}

// list writes the checks without running one.
func list(w io.Writer) error {
	var areas []string
	byArea := map[string][]check.Check{}
	for _, c := range check.All() {
		if byArea[c.Area()] == nil {
			areas = append(areas, c.Area())
		}
		byArea[c.Area()] = append(byArea[c.Area()], c)
	}
	for _, area := range areas {
		if _, err := fmt.Fprintf(w, "%s\n", area); err != nil {
			return err
		}
		for _, c := range byArea[area] {
			if _, err := fmt.Fprintf(w, "  %-24s %-11s %s\n", c.ID, c.Severity, c.Title); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "\n%d checks\n", len(check.All()))
	return err
}
