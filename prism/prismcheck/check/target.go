package check

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

// Defaults of a Target.
const (
	// DefaultPace keeps two changes apart whose order is looked at: many
	// services keep modified times in whole seconds.
	DefaultPace = 1100 * time.Millisecond
	// DefaultRecommendedTime and DefaultMaxTime are PRISM's bounds for an
	// answer: within the first it recommends, past the second it does not
	// promise to work.
	DefaultRecommendedTime = time.Second
	DefaultMaxTime         = 3 * time.Second
	// DefaultLoadTime is how long the polling load lasts.
	DefaultLoadTime = 10 * time.Second
)

// Target is the service to check, and how to get in.
type Target struct {
	// ServiceAPIDomain, AuthorizeURL, ClientID, ClientSecret and RedirectURI
	// are the values of the NAVER Cloud console. AuthorizeURL is
	// ServiceAPIDomain + "/oauth/authorize" if "". The last three are needed
	// unless there is a Token.
	ServiceAPIDomain, AuthorizeURL      string
	ClientID, ClientSecret, RedirectURI string

	// One of Account, Browser, Code and Token is needed; the first that is set
	// counts. Only with Account can every check of the sign-in run.
	//
	// Account signs in by filling in the login form.
	Account Account
	// Browser shows a person the address of the sign-in, waits, and returns
	// the code that came to the redirect URI with this state.
	Browser func(ctx context.Context, address, state string) (code string, err error)
	// Code is a code that came to the redirect URI just now.
	Code string
	// Token is an access token.
	Token string

	// Second is another account, of a streamer who may not use the channel of
	// the first. Without it the checks of ownership, bans and managers are
	// skipped, and the run is not complete.
	Second Account
	// SecondToken is its access token, in place of Second.
	SecondToken string

	// ChannelID is the channel to go live on; the first enabled one if "".
	ChannelID string
	// TakeOver allows to end a live that is on air on the channel already.
	TakeOver bool
	// Expect are the optional APIs that the service has; nil finds out.
	Expect []API
	// LegacyOnAir accepts "ONAIR" for "ON_AIR".
	LegacyOnAir bool

	// HTTPClient makes the requests if it is not nil; RootCAs and
	// InsecureTLS do not count then.
	HTTPClient *http.Client
	// RootCAs verify the server's certificate; nil means the system's.
	RootCAs *x509.CertPool
	// InsecureTLS verifies no certificate.
	InsecureTLS bool
	// AllowHTTP accepts a service API domain over plain HTTP, for development.
	AllowHTTP bool
	// PlainURL is where the service might answer plain HTTP: port 80 of the
	// host if "".
	PlainURL string

	// Only are the IDs and areas of the checks to run; nil means all. Checks
	// that others build on (sign-in, a token, a live) run in any case.
	Only []string

	// Lives is how many lives on air to imitate with a polling load; 0 means
	// no load.
	Lives int
	// LoadTime is how long, DefaultLoadTime if 0.
	LoadTime time.Duration
	// RecommendedTime and MaxTime bound an answer, DefaultRecommendedTime and
	// DefaultMaxTime if 0.
	RecommendedTime, MaxTime time.Duration
	// Pace is the pause between changes whose order is looked at, DefaultPace
	// if 0.
	Pace time.Duration

	// Push sends a test picture to an rtmpPath until ctx ends or the server
	// drops it. It returns nil if the server took pictures, which it tells by
	// calling accepted at the first, and an error if it refused. nil skips the
	// checks of RTMP.
	Push func(ctx context.Context, rtmpPath string, accepted func()) error

	// Progress is told of every check before it runs, with a nil result, and
	// after. Optional.
	Progress func(Progress)
}

// Account is what a streamer types into the login page.
type Account = gateway.Credentials

// Progress is one step of a run.
type Progress struct {
	Check Check
	// Number counts from 1 to Total.
	Number, Total int
	// Result is nil before the check.
	Result *Result
}

func (t Target) withDefaults() Target {
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{
		{&t.Pace, DefaultPace}, {&t.LoadTime, DefaultLoadTime},
		{&t.RecommendedTime, DefaultRecommendedTime}, {&t.MaxTime, DefaultMaxTime},
	} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	t.ServiceAPIDomain = strings.TrimRight(t.ServiceAPIDomain, "/")
	if t.AuthorizeURL == "" {
		t.AuthorizeURL = t.ServiceAPIDomain + "/oauth/authorize"
	}
	return t
}

// Check reports every problem of a Target at once.
func (t Target) Check() error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for _, address := range []struct{ name, value string }{
		{"service API domain", t.ServiceAPIDomain}, {"authorization URL", t.AuthorizeURL}, {"plain URL", t.PlainURL},
	} {
		if address.value == "" && address.name != "service API domain" {
			continue
		}
		if u, err := url.Parse(address.value); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			problem("the %s must be an https or http URL", address.name)
		}
	}
	if t.Token == "" {
		if t.ClientID == "" || t.ClientSecret == "" {
			problem("the client id and the client secret are needed to get a token")
		}
		if u, err := url.Parse(t.RedirectURI); err != nil || u.Scheme == "" {
			problem("the redirect URI must be an absolute URL")
		}
		if t.Account.Account == "" && t.Browser == nil && t.Code == "" {
			problem("there is no way to sign in: give an account with its password, a browser, a code or a token")
		}
	}
	for _, api := range t.Expect {
		if !slices.Contains(APIs(), api) {
			problem("there is no optional API %q", api)
		}
	}
	for _, name := range t.Only {
		if !slices.ContainsFunc(All(), func(c Check) bool { return c.ID == name || c.Area() == name }) {
			problem("there is no check and no area %q", name)
		}
	}
	if t.Lives < 0 || t.LoadTime < 0 {
		problem("the load must not be negative")
	}
	return errors.Join(problems...)
}
