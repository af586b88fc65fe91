package oauth

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// CheckRedirectURI reports why uri cannot be a registered redirect URI (RFC
// 6749 section 3.1.2, RFC 8252 section 7). It must be absolute, in ASCII, and
// have no user and no fragment. Its scheme is https; http only with a loopback
// host; or a private-use one, which has a dot ("com.example.app:/callback").
//
// New checks the clients of StaticClients with it. A ClientSource of the
// host's own should check what is registered; a URI that fails is refused at
// the authorization endpoint as well.
func CheckRedirectURI(uri string) error {
	if uri != cleanURLBytes(uri) {
		return errors.New("oauth: the redirect URI has characters that must be percent-encoded")
	}
	if strings.Contains(uri, "#") {
		return errors.New("oauth: the redirect URI has a fragment")
	}
	u, err := url.Parse(uri)
	if err != nil {
		return errors.New("oauth: the redirect URI is not a URL")
	}
	switch {
	case u.Scheme == "":
		return errors.New("oauth: the redirect URI is not absolute")
	case u.User != nil:
		return errors.New("oauth: the redirect URI has a user")
	case u.Scheme == "https" && u.Hostname() != "":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	case u.Scheme == "https":
		return errors.New("oauth: the redirect URI has no host")
	case u.Scheme == "http":
		return errors.New("oauth: the redirect URI is plain http to a host that is not loopback")
	case !strings.Contains(u.Scheme, "."):
		return errors.New("oauth: the redirect URI's scheme is neither https nor a private-use one with a dot")
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// cleanURLBytes percent-encodes every byte that RFC 3986 does not allow in a
// URI, and leaves the rest as it is.
func cleanURLBytes(raw string) string {
	const hex = "0123456789ABCDEF"
	first := strings.IndexFunc(raw, func(r rune) bool { return r > '~' || !isURLByte(byte(r)) })
	if first < 0 {
		return raw
	}
	var b strings.Builder
	b.WriteString(raw[:first])
	for i := first; i < len(raw); i++ {
		if c := raw[i]; isURLByte(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

func isURLByte(c byte) bool {
	return isLetterOrDigit(c) || strings.IndexByte("-._~:/?#[]@!$&'()*+,;=%", c) >= 0
}

// withQuery adds parameters, which are percent-encoded already, to a redirect
// URI and keeps the query that it has (RFC 6749 section 3.1.2).
func withQuery(redirectURI, query string) string {
	separator := "?"
	if i := strings.IndexByte(redirectURI, '?'); i >= 0 {
		separator = "&"
		if last := redirectURI[len(redirectURI)-1]; last == '?' || last == '&' {
			separator = ""
		}
	}
	return redirectURI + separator + query
}
