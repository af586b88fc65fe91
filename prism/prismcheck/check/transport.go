package check

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

var transportChecks = []Check{
	{
		ID: "transport.https", Severity: Required, Source: srcSetup,
		Title: "The service API domain and the authorization URL are https addresses.",
		Fix:   "Give the service a certificate and register https addresses. For development, allow plain HTTP (-allow-http).",
		run:   checkHTTPS,
	},
	{
		ID: "transport.certificate", Severity: Required, Source: srcSetup,
		Title: "The server's certificate is valid for its name and signed by a known authority.",
		Fix:   "Install a certificate of a public authority with its whole chain. A self-signed one needs -ca or, for development, -insecure-tls.",
		run:   checkCertificate,
	},
	{
		ID: "transport.tls12", Severity: Required, Source: srcSetup,
		Title: "The server speaks TLS 1.2 or later.",
		Fix:   "Enable TLS 1.2 and 1.3 at the server or at the proxy that ends TLS.",
		run:   checkModernTLS,
	},
	{
		ID: "transport.old-tls", Severity: Security, Source: srcSetup + "; RFC 8996",
		Title: "The server refuses TLS 1.0 and 1.1.",
		Fix:   "Set the least version to TLS 1.2 (nginx: ssl_protocols TLSv1.2 TLSv1.3;).",
		run:   checkOldTLS,
	},
	{
		ID: "transport.plain-http", Severity: Security, Source: srcSetup,
		Title: "The API does not answer over plain HTTP.",
		Fix:   "Close the plain port, or answer everything there with a redirect or a refusal before a token is read.",
		run:   checkPlainHTTP,
	},
}

// overTLS is the host and port of the service; without https the check is
// skipped.
func (p *probe) overTLS() (address, host string) {
	u, err := url.Parse(p.ServiceAPIDomain)
	switch {
	case err == nil && u.Scheme == "https":
	case p.AllowHTTP:
		p.extra("no -allow-http", "plain HTTP is allowed for development")
	default:
		p.skip("the service API domain is not https")
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port), u.Hostname()
}

// handshake connects with TLS versions of a range.
func (p *probe) handshake(least, most uint16, verify bool) (tls.ConnectionState, error) {
	address, host := p.overTLS()
	cfg := &tls.Config{
		ServerName: host, MinVersion: least, MaxVersion: most, RootCAs: p.RootCAs,
		InsecureSkipVerify: !verify, //nolint:gosec // only the version is looked at
	}
	if most < tls.VersionTLS12 {
		for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
			cfg.CipherSuites = append(cfg.CipherSuites, suite.ID)
		}
	}
	if t, ok := p.httpClient().Transport.(*http.Transport); ok && verify && t.TLSClientConfig != nil && cfg.RootCAs == nil {
		cfg.RootCAs = t.TLSClientConfig.RootCAs
	}
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	conn, err := (&tls.Dialer{Config: cfg}).DialContext(ctx, "tcp", address)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer func() { _ = conn.Close() }()
	return conn.(*tls.Conn).ConnectionState(), nil
}

func checkHTTPS(p *probe) {
	for name, address := range inOrder(map[string]string{"service API domain": p.ServiceAPIDomain, "authorization URL": p.AuthorizeURL}) {
		if strings.HasPrefix(address, "https://") {
			continue
		}
		if p.AllowHTTP {
			p.extra("no -allow-http", "plain HTTP is allowed for development")
		}
		p.fail("the %s is not https", name)
	}
}

func checkCertificate(p *probe) {
	p.overTLS()
	if p.InsecureTLS {
		p.extra("no -insecure-tls", "the certificate is not to be verified")
	}
	var bad *tls.CertificateVerificationError
	if _, err := p.handshake(tls.VersionTLS12, tls.VersionTLS13, true); errors.As(err, &bad) {
		p.fail("%v", bad.Err)
	} else if err != nil {
		p.skip("no connection: %v", err)
	}
}

func checkModernTLS(p *probe) {
	if _, err := p.handshake(tls.VersionTLS12, tls.VersionTLS13, false); err != nil {
		p.fail("no TLS connection: %v", err)
	}
}

func checkOldTLS(p *probe) {
	for version, name := range map[uint16]string{tls.VersionTLS10: "TLS 1.0", tls.VersionTLS11: "TLS 1.1"} {
		if state, err := p.handshake(version, version, false); err == nil && state.Version == version {
			p.fail("the server accepted %s", name)
		}
	}
}

// checkPlainHTTP sends a token that is none: a real one must not travel in the
// clear.
func checkPlainHTTP(p *probe) {
	_, host := p.overTLS()
	base := p.PlainURL
	if base == "" {
		base = "http://" + host
	}
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(base, "/")+api+"/user", nil)
	if err != nil {
		p.skip("no address for plain HTTP")
	}
	req.Header.Set("X-Prism-Access-Token", "prismcheck-no-token")
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return // nobody answers there
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return
	}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusUnauthorized {
		p.fail("%s answered a request for the user over plain HTTP with %d, so it reads tokens there: %.200s", base, resp.StatusCode, body)
	}
}
