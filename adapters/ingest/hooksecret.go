package ingest

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	// MinHookSecret is the least length of the secret of a hook, in bytes.
	MinHookSecret = 16

	maxHookBody   = 8 << 10
	maxServerName = 64
	// maxSession is the longest Publish.Session.
	maxSession = 100
	// hookTimeout stays below the 10 s that nginx waits for an answer.
	hookTimeout = 9 * time.Second
)

// hookSecret is the digest of a secret that stands in the path of a hook.
type hookSecret [sha256.Size]byte

func newHookSecret(field, secret string) (hookSecret, error) {
	if len(secret) < MinHookSecret || !nameSafe(secret) {
		return hookSecret{}, fmt.Errorf("ingest: %s: want at least %d letters, digits, \"_\" and \"-\"", field, MinHookSecret)
	}
	return sha256.Sum256([]byte(secret)), nil
}

// route takes the path of a hook apart: /{secret}/{event}, which means the
// server of the given name, or /{secret}/{server}/{event}. The secret is
// compared in constant time, over digests, so that its length does not show
// either.
func (s hookSecret) route(path, defaultServer string, events ...string) (server, event string, ok bool) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	digest := sha256.Sum256([]byte(parts[0]))
	if subtle.ConstantTimeCompare(digest[:], s[:]) != 1 {
		return "", "", false
	}
	switch len(parts) {
	case 2:
		server, event = defaultServer, parts[1]
	case 3:
		server, event = parts[1], parts[2]
	}
	if !serverName(server) {
		return "", "", false
	}
	return server, event, slices.Contains(events, event)
}

// serverName reports whether s may name a media server in a session.
func serverName(s string) bool { return nameSafe(s) && len(s) <= maxServerName }

// onlyPOST answers every other method.
func onlyPOST(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodPost {
		return true
	}
	w.Header().Set("Allow", http.MethodPost)
	w.WriteHeader(http.StatusMethodNotAllowed)
	return false
}

// readHook reads the body of a hook, whatever content type it claims.
func readHook(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHookBody))
	if err != nil {
		return nil, fmt.Errorf("%w: body: %w", errHook, err)
	}
	return body, nil
}

// session names a connection of a media server.
func session(server, connection string) (string, error) {
	if connection == "" || len(server)+1+len(connection) > maxSession {
		return "", fmt.Errorf("%w: the id of the connection has %d bytes", errHook, len(connection))
	}
	return server + ":" + connection, nil
}

// among reports whether an address, with or without a port, is in one of the
// prefixes.
func among(addr string, prefixes []netip.Prefix) bool {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		// "::1:4711", as some servers join address and port, would parse as
		// an address too; they are cut by their handlers.
		ap, err := netip.ParseAddrPort(addr)
		if err != nil {
			return false
		}
		ip = ap.Addr()
	}
	ip = ip.Unmap()
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(ip) })
}
