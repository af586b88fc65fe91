package gateway

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// redacted stands where a secret was.
const redacted = "REDACTED"

const (
	authorizeRoute = "/oauth/authorize"
	signInStep     = "sign-in"
)

func signInRoute(route string) bool { return route == authorizeRoute || route == signInStep }

var (
	secretHeaders = []string{
		HeaderAccessToken, HeaderClientSecret, "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie",
	}
	secretParams = []string{
		"code", "token", "_token", "refresh_token", "access_token", "client_secret", "password", "state",
		"x-prism-access-token",
	}
	secretMember = regexp.MustCompile(`("(?:access_token|refresh_token|client_secret|password)"\s*:\s*")(?:[^"\\]|\\.)*"`)
	rtmpMember   = regexp.MustCompile(`("rtmpPath"\s*:\s*")((?:[^"\\]|\\.)*)"`)
)

// minSecret is the length from which a value is taken for a secret wherever it
// occurs; a shorter one would also match innocent text.
const minSecret = 8

// apiSecrets are the values of a request that must not show up elsewhere.
func apiSecrets(in Request, clientSecret string) []string {
	list := []string{in.Token, clientSecret}
	for name, values := range in.Header {
		if !slices.Contains(secretHeaders, http.CanonicalHeaderKey(name)) {
			continue
		}
		for _, v := range values {
			// "Bearer TOKEN": the last word is the secret.
			list = append(list, v[strings.LastIndexByte(v, ' ')+1:])
		}
	}
	if _, query, ok := strings.Cut(in.Path, "?"); ok {
		if values, err := url.ParseQuery(query); err == nil {
			for _, name := range secretParams {
				list = append(list, values.Get(name))
			}
		}
	}
	return slices.DeleteFunc(list, func(s string) bool { return len(s) < minSecret })
}

func redactBody(body []byte, secrets []string) []byte {
	if body == nil {
		return nil
	}
	out := secretMember.ReplaceAll(body, []byte(`${1}`+redacted+`"`))
	out = rtmpMember.ReplaceAllFunc(out, func(member []byte) []byte {
		part := rtmpMember.FindSubmatch(member)
		return []byte(string(part[1]) + redactRTMPPath(string(part[2])) + `"`)
	})
	for _, s := range secrets {
		out = bytes.ReplaceAll(out, []byte(s), []byte(redacted))
	}
	return out
}

// redactRTMPPath leaves the host, the app if another segment follows it, and
// the slashes: where the key stands in a malformed path nobody can know.
func redactRTMPPath(text string) string {
	slash := "/"
	if strings.Contains(text, `\/`) {
		slash = `\/`
		text = strings.ReplaceAll(text, slash, "/")
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		scheme, rest = "", text
	} else {
		scheme += "://"
	}
	segments := strings.Split(rest, "/")
	filled := 0
	for _, s := range segments[1:] {
		if s != "" {
			filled++
		}
	}
	for i, s := range segments {
		host := ok && i == 0
		app := i == 1 && filled > 1
		if s != "" && !host && !app {
			segments[i] = redacted
		}
	}
	return strings.ReplaceAll(scheme+strings.Join(segments, "/"), "/", slash)
}

func redactHeader(h http.Header, secrets []string) http.Header {
	out := h.Clone()
	for _, name := range secretHeaders {
		if len(out[name]) > 0 {
			out[name] = []string{redacted}
		}
	}
	for name, values := range out {
		for i, v := range values {
			if name == "Location" {
				v = redactQuery(v)
			}
			for _, s := range secrets {
				v = strings.ReplaceAll(v, s, redacted)
			}
			values[i] = v
		}
	}
	return out
}

func redactURL(req *http.Request, secrets []string) string {
	path := req.URL.RequestURI()
	path = strings.TrimPrefix(path, req.URL.Scheme+"://"+req.URL.Host)
	out := redactQuery(req.URL.Scheme + "://" + req.URL.Host + path)
	for _, s := range secrets {
		out = strings.ReplaceAll(out, url.QueryEscape(s), redacted)
	}
	return out
}

// redactQuery replaces the secret parameters of an address and leaves the rest
// as it is, malformed parts included.
func redactQuery(address string) string {
	// A fragment can hold tokens as well (RFC 6749 section 4.2.2).
	if front, fragment, ok := strings.Cut(address, "#"); ok {
		return redactQuery(front) + "#" + redactPairs(fragment)
	}
	front, query, ok := strings.Cut(address, "?")
	if !ok {
		return address
	}
	return front + "?" + redactPairs(query)
}

func redactPairs(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		if clean, err := url.QueryUnescape(name); err != nil || slices.Contains(secretParams, clean) {
			pairs[i] = name + "=" + redacted
		}
	}
	return strings.Join(pairs, "&")
}
