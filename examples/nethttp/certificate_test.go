package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSelfSignedCertificate(t *testing.T) {
	t.Parallel()
	s := settings{data: t.TempDir(), tlsAddr: "192.0.2.7:8443", publicURL: "https://live.example.com"}
	now := time.Now()
	get := func(s settings, now time.Time) []byte {
		t.Helper()
		c, err := loadCertificate(s, now)
		if err != nil {
			t.Fatal(err)
		}
		key, ok := c.PrivateKey.(*ecdsa.PrivateKey)
		if !ok || key.Curve != elliptic.P256() {
			t.Errorf("key %T, want ECDSA P-256", c.PrivateKey)
		}
		for _, host := range append(certificateHosts(s), "127.0.0.1", "::1", "localhost") {
			if err := c.Leaf.VerifyHostname(host); err != nil {
				t.Error(err)
			}
		}
		return c.Certificate[0]
	}
	first := get(s, now)
	for _, file := range []string{"tls-cert.pem", "tls-key.pem"} {
		if info, err := os.Stat(filepath.Join(s.data, file)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
	if !bytes.Equal(first, get(s, now.Add(300*24*time.Hour))) {
		t.Error("a good certificate was replaced")
	}
	fewer := s
	fewer.publicURL = ""
	if !bytes.Equal(first, get(fewer, now)) {
		t.Error("a certificate with a host too many was replaced")
	}
	late := get(s, now.Add(360*24*time.Hour))
	if bytes.Equal(first, late) {
		t.Error("a certificate that ends soon was kept")
	}
	s.publicURL = "https://other.example.com"
	if bytes.Equal(late, get(s, now.Add(361*24*time.Hour))) {
		t.Error("a certificate without the public host was kept")
	}
}

func TestOwnCertificate(t *testing.T) {
	t.Parallel()
	made := settings{data: t.TempDir()}
	if _, err := loadCertificate(made, time.Now()); err != nil {
		t.Fatal(err)
	}
	own := settings{data: t.TempDir(), cert: filepath.Join(made.data, "tls-cert.pem"), key: filepath.Join(made.data, "tls-key.pem")}
	if _, err := loadCertificate(own, time.Now()); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(own.data); err != nil || len(files) != 0 {
		t.Errorf("files %v, %v", files, err)
	}
	own.key = own.cert
	if _, err := loadCertificate(own, time.Now()); err == nil {
		t.Error("a certificate was taken for a key")
	}
}
