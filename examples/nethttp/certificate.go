package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"time"
)

const (
	certificateLife = 365 * 24 * time.Hour
	// certificateMargin is how long before its end a certificate is renewed.
	certificateMargin = 7 * 24 * time.Hour
)

// loadCertificate returns the operator's certificate, or the self-signed one in
// the data folder, made anew when it ends soon or lacks a host.
func loadCertificate(s settings, now time.Time) (tls.Certificate, error) {
	if s.cert != "" {
		c, err := tls.LoadX509KeyPair(s.cert, s.key)
		if err != nil {
			return tls.Certificate{}, fmt.Errorf("-cert and -key: %w", err)
		}
		return c, nil
	}
	hosts := certificateHosts(s)
	certFile, keyFile := filepath.Join(s.data, "tls-cert.pem"), filepath.Join(s.data, "tls-key.pem")
	if c, err := tls.LoadX509KeyPair(certFile, keyFile); err == nil && certificateFits(c.Leaf, hosts, now) {
		return c, nil
	}
	certPEM, keyPEM, err := selfSign(hosts, now)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("self-signed certificate: %w", err)
	}
	if err := replaceFile(keyFile, keyPEM); err != nil {
		return tls.Certificate{}, err
	}
	if err := replaceFile(certFile, certPEM); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(certPEM, keyPEM)
}

func certificateHosts(s settings) []string {
	hosts := []string{"127.0.0.1", "::1", "localhost"}
	add := func(host string) {
		ip := net.ParseIP(host)
		if host != "" && (ip == nil || !ip.IsUnspecified()) && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	if host, _, err := net.SplitHostPort(s.tlsAddr); err == nil {
		add(host)
	}
	if u, err := url.Parse(s.publicURL); err == nil {
		add(u.Hostname())
	}
	return hosts
}

func certificateFits(leaf *x509.Certificate, hosts []string, now time.Time) bool {
	if now.Before(leaf.NotBefore) || now.Add(certificateMargin).After(leaf.NotAfter) {
		return false
	}
	return !slices.ContainsFunc(hosts, func(h string) bool { return leaf.VerifyHostname(h) != nil })
}

func selfSign(hosts []string, now time.Time) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	template := x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "b2bprism quickstart"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(certificateLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		// A CA of itself, so that a client can trust this very file.
		IsCA: true, BasicConstraintsValid: true,
	}
	template.KeyUsage |= x509.KeyUsageCertSign
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	return certPEM, keyPEM, nil
}
