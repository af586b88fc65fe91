package prism

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

const (
	streamKeyLength   = 32
	streamKeyAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
)

// NewStreamKey returns a random stream key: 32 lower-case letters and digits
// (165 bits), which no host or app begins with.
func NewStreamKey() string {
	// 252 is the largest multiple of 36 in a byte; larger values would favour
	// the first letters.
	const limit = 256 - 256%len(streamKeyAlphabet)
	key := make([]byte, 0, streamKeyLength)
	var buf [streamKeyLength * 2]byte
	for len(key) < streamKeyLength {
		rand.Read(buf[:])
		for _, b := range buf {
			if int(b) < limit && len(key) < streamKeyLength {
				key = append(key, streamKeyAlphabet[int(b)%len(streamKeyAlphabet)])
			}
		}
	}
	return string(key)
}

// KeyDigest is the SHA-256 of a stream key, for the indexed look-up.
func KeyDigest(key string) [32]byte { return sha256.Sum256([]byte(key)) }

// RTMPPath joins the base of a service ("rtmp://host/app") and a stream key.
func RTMPPath(base, key string) string { return strings.TrimRight(base, "/") + "/" + key }

// SplitRTMPPath takes an rtmpPath apart exactly as the PRISM client does: the
// key is the text after the last "/", the server is the path with every
// occurrence of "/"+key removed. It returns an error, which does not contain
// the path, when the result would not be the path that was meant.
func SplitRTMPPath(path string) (server, key string, err error) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", "", errors.New("prism: rtmpPath has no slash")
	}
	key = path[i+1:]
	if key == "" {
		return "", "", errors.New("prism: rtmpPath ends with a slash")
	}
	server = path[:i]
	if hasSegmentPrefix(server, key) {
		return "", "", errors.New("prism: the stream key occurs earlier in rtmpPath")
	}
	if strings.ContainsFunc(path, badInRTMPPath) {
		return "", "", errors.New("prism: rtmpPath has white space, a control character or a fragment")
	}
	if err := CheckRTMPBase(server); err != nil {
		return "", "", err
	}
	return server, key, nil
}

// soundKeyOf is SplitRTMPPath for a path whose server is known to be sound.
func soundKeyOf(path, server string) bool {
	rest, ok := strings.CutPrefix(path, server)
	if !ok || len(rest) < 2 || rest[0] != '/' {
		return false
	}
	key := rest[1:]
	return strings.IndexByte(key, '/') < 0 && !hasSegmentPrefix(server, key) && !strings.ContainsFunc(key, badInRTMPPath)
}

// hasSegmentPrefix reports whether "/"+key occurs in server: the client would
// cut it out there as well.
func hasSegmentPrefix(server, key string) bool {
	for i := range len(server) {
		if server[i] == '/' && strings.HasPrefix(server[i+1:], key) {
			return true
		}
	}
	return false
}

func badInRTMPPath(r rune) bool { return r <= ' ' || r == 0x7f || r == '#' }

// CheckRTMPBase reports why base cannot stand before a stream key: it must be
// an rtmp or rtmps URL with a host and an app, and without user, query,
// fragment and trailing slash.
func CheckRTMPBase(base string) error {
	u, err := url.Parse(base)
	if err != nil {
		return errors.New("prism: the RTMP base is not a URL")
	}
	switch {
	case u.Scheme != "rtmp" && u.Scheme != "rtmps":
		return fmt.Errorf("prism: the RTMP base has scheme %q, want rtmp or rtmps", u.Scheme)
	case u.Host == "" || u.Hostname() == "":
		return errors.New("prism: the RTMP base has no host")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("prism: the RTMP base has a user, a query or a fragment")
	case strings.Trim(u.Path, "/") == "":
		return errors.New("prism: the RTMP base has no app")
	case strings.HasSuffix(base, "/"):
		return errors.New("prism: the RTMP base ends with a slash")
	}
	return nil
}
