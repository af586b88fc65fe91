package main

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"time"

	"github.com/b2bprism/b2bprism/prism/console"
)

// openConsole makes the operator's page. It comes before the services and the
// OAuth server, which it listens to.
func (a *app) openConsole(s settings) error {
	client, err := a.selfClient(s)
	if err != nil {
		return err
	}
	redirectURI := a.creds.RedirectURI
	if len(s.redirectURIs) > 0 {
		redirectURI = s.redirectURIs[0]
	}
	a.console, err = console.New(console.Config{
		Registration: console.Registration{
			ServiceAPIDomain: a.creds.ServiceAPIDomain,
			AuthorizeURL:     a.creds.AuthorizeURL,
			ClientID:         a.creds.ClientID,
			ClientSecret:     a.creds.ClientSecret,
			ClientSecretAt:   "credentials.json",
			RedirectURI:      redirectURI,
		},
		OnAir:      a.store,
		HTTPClient: client,
		Logger:     a.log.Named("console"),
	})
	if err != nil {
		return err
	}
	a.closeFirst(a.console.Close)
	return nil
}

// selfClient trusts this app's own certificate, which is self-signed without
// -cert, beside the authorities that everybody trusts.
func (a *app) selfClient(s settings) (*http.Client, error) {
	certificate, err := loadCertificate(s, time.Now())
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	roots.AddCert(certificate.Leaf)
	return &http.Client{Transport: &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
	}}, nil
}

// showConsole serves the operator's page to the admin.
func (a *app) showConsole(w http.ResponseWriter, r *http.Request, _ *account) {
	a.console.ServeHTTP(w, r)
}
