package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"sync"
	"time"
)

// Defaults of a Gateway.
const (
	// DefaultTimeout is when a request is given up, as the PRISM PC client
	// does.
	DefaultTimeout = 15 * time.Second
	// DefaultMaxAnswerTime is how long an answer may take: beyond it, PRISM
	// does not promise to work.
	DefaultMaxAnswerTime = 3 * time.Second
)

// Gateway acts as NAVER's PRISM gateway and PC client against any
// implementation of the service API. It signs in as the embedded browser does,
// asks for tokens in PRISM's dialect, makes every resource call, and holds each
// answer against the wire contract.
//
// ServiceAPIDomain is required; the sign-in and token calls need ClientID,
// ClientSecret and RedirectURI as well. The fields must not change after the
// first call. A Gateway is safe for concurrent use and must not be copied.
//
// A method returns what it read and an error, which can be, or be made of (see
// Violations),
//   - *Violation: the answer breaks the wire contract. What could be read is
//     returned beside it, so that a checker can go on;
//   - *APIError: a well-formed failure envelope;
//   - *TokenError: an OAuth error;
//   - any other error: no answer came.
//
// The server part of rtmpPath must be the same in all lives that one Gateway
// sees, because the PC client keeps the first.
type Gateway struct {
	// ServiceAPIDomain is the address that is typed into the NAVER Cloud
	// console: "https://host" and, if need be, a port and a path. All API
	// paths begin with /prism/v1/service behind it.
	ServiceAPIDomain string
	// AuthorizeURL is the authorization URL of the console form. "" means
	// ServiceAPIDomain + "/oauth/authorize".
	AuthorizeURL string
	// ClientID and ClientSecret are the service's OAuth credentials.
	ClientID, ClientSecret string
	// RedirectURI is where PRISM gets the code. The Gateway stops there; it
	// never opens it.
	RedirectURI string

	// HTTPClient makes the requests. Its CheckRedirect and Jar are not used:
	// API calls never follow a redirect, and each sign-in has a jar of its
	// own. nil means a client that verifies certificates and speaks TLS 1.2
	// or later.
	HTTPClient *http.Client
	// RootCAs verify the server's certificate when HTTPClient is nil. nil
	// means the system's.
	RootCAs *x509.CertPool
	// Timeout is when a request is given up, DefaultTimeout if 0.
	Timeout time.Duration
	// MaxAnswerTime is how long an answer of the API may take without being a
	// violation, DefaultMaxAnswerTime if 0. Negative means any time.
	MaxAnswerTime time.Duration

	// AcceptLegacyOnAir accepts "ONAIR" for "ON_AIR" in answers.
	AcceptLegacyOnAir bool
	// OmitRedirectURI leaves redirect_uri out of the token request, as the
	// sample in the documentation does.
	OmitRedirectURI bool
	// AcceptLanguage is what the browser asks for, "ko,en;q=0.8" if "".
	AcceptLanguage string

	// Recorder gets every HTTP exchange after it is over, from the goroutine
	// that made it. Tokens, secrets, passwords, codes, cookies and stream
	// keys are redacted.
	Recorder func(Exchange)

	once   sync.Once
	client *http.Client

	mu         sync.Mutex
	rtmpServer string
}

// Exchange is one HTTP request and its answer, with secrets redacted.
type Exchange struct {
	Method string
	// Route is the path template without prefix, for example
	// "/v1/service/live/{liveId}"; "/oauth/authorize" for the first step of a
	// sign-in, "sign-in" for the later ones; Request.Route for a Request.
	Route string
	// URL is the address that was asked.
	URL   string
	Start time.Time
	// Duration runs until the last byte of the answer was read.
	Duration time.Duration
	// Status is 0 when no answer came; Err says why.
	Status int
	Err    error
	// RequestBody and ResponseBody are left out of sign-in steps.
	RequestHeader, ResponseHeader http.Header
	RequestBody, ResponseBody     []byte
}

// CloseIdleConnections closes the connections that no request uses.
func (g *Gateway) CloseIdleConnections() { g.httpClient().CloseIdleConnections() }

func (g *Gateway) httpClient() *http.Client {
	g.once.Do(func() {
		c := &http.Client{}
		if g.HTTPClient != nil {
			*c = *g.HTTPClient
		} else {
			t := &http.Transport{
				Proxy:                 http.ProxyFromEnvironment,
				ForceAttemptHTTP2:     true,
				MaxIdleConnsPerHost:   64,
				IdleConnTimeout:       90 * time.Second,
				TLSHandshakeTimeout:   10 * time.Second,
				ExpectContinueTimeout: time.Second,
				TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: g.RootCAs},
			}
			c.Transport = t
		}
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		c.Jar = nil
		g.client = c
	})
	return g.client
}

func (g *Gateway) timeout() time.Duration {
	if g.Timeout > 0 {
		return g.Timeout
	}
	return DefaultTimeout
}

// checkTime reports an answer that took too long.
func (g *Gateway) checkTime(r *report, resp *Response) {
	most := g.MaxAnswerTime
	if most == 0 {
		most = DefaultMaxAnswerTime
	}
	if most > 0 && resp.Duration > most {
		r.add(RuleAnswerTime, "", "the answer took %s, want at most %s", resp.Duration.Round(time.Millisecond), most)
	}
}

// sameServer keeps the first server part of an rtmpPath and reports whether
// server is that one.
func (g *Gateway) sameServer(server string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rtmpServer == "" {
		g.rtmpServer = server
	}
	return g.rtmpServer == server
}
