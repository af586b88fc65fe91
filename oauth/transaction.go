package oauth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"strings"
	"time"
)

// transactionTTL is how long a sign-in page can be submitted.
const transactionTTL = 15 * time.Minute

const (
	// The __Host- prefix makes browsers refuse the cookie from a sibling
	// domain and over plain HTTP (RFC 6265bis section 4.1.3.2).
	secureBrowserCookie   = "__Host-prism_login"
	insecureBrowserCookie = "prism_login"

	browserIDSize   = 32
	transactionSize = 8 + sha256.Size
	// transactionLabel separates this use of Config.Secrets from every other.
	transactionLabel = "b2bprism oauth login transaction v1"
)

// errStale tells that a transaction is missing, forged, expired, or was made
// for another browser or another authorization request.
var errStale = errors.New("oauth: the sign-in page is stale")

// Strict, so that each transaction and browser id has one spelling only.
var base64Strict = base64.RawURLEncoding.Strict()

// signTransaction returns the hidden value of a sign-in page: it proves that
// this server made the page, for this browser and this authorization request.
// Without it another site could sign the browser in as a stranger (login CSRF,
// RFC 6819 section 4.4.1.9).
func (s *Server) signTransaction(browserID string, p authorizeParams) string {
	expires := s.cfg.Now().Add(transactionTTL).Unix()
	value := make([]byte, 8, transactionSize)
	binary.BigEndian.PutUint64(value, uint64(expires))
	value = append(value, transactionMAC(s.cfg.Secrets[0], value, browserID, p)...)
	return base64Strict.EncodeToString(value)
}

// verifyTransaction returns errStale unless value was signed with one of the
// secrets for this browser and these parameters, and has not expired.
func (s *Server) verifyTransaction(value, browserID string, p authorizeParams) error {
	if len(value) != base64Strict.EncodedLen(transactionSize) || strings.ContainsAny(value, "\r\n") {
		return errStale
	}
	raw, err := base64Strict.DecodeString(value)
	if err != nil || len(raw) != transactionSize {
		return errStale
	}
	expires, mac := raw[:8], raw[8:]
	genuine := false
	for _, secret := range s.cfg.Secrets {
		same := hmac.Equal(mac, transactionMAC(secret, expires, browserID, p))
		genuine = genuine || same
	}
	if !genuine || s.cfg.Now().Unix() >= int64(binary.BigEndian.Uint64(expires)) {
		return errStale
	}
	return nil
}

func transactionMAC(secret, expires []byte, browserID string, p authorizeParams) []byte {
	key := hmac.New(sha256.New, secret)
	key.Write([]byte(transactionLabel))
	mac := hmac.New(sha256.New, key.Sum(nil))
	mac.Write(expires)
	hasState := "0"
	if p.HasState {
		hasState = "1"
	}
	// The length before each value keeps two requests from having one form.
	for _, v := range []string{browserID, p.ClientID, p.RedirectURI, hasState, p.State, p.Scope, p.Challenge} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(v)))
		mac.Write(n[:])
		mac.Write([]byte(v))
	}
	return mac.Sum(nil)
}

func (s *Server) secureOrigin() bool { return strings.HasPrefix(s.cfg.PublicURL, "https:") }

func (s *Server) browserCookieName() string {
	if s.secureOrigin() {
		return secureBrowserCookie
	}
	return insecureBrowserCookie
}

// browserID returns the id that an earlier page gave this browser, or "".
func (s *Server) browserID(r *http.Request) string {
	c, err := r.Cookie(s.browserCookieName())
	if err != nil || len(c.Value) != base64Strict.EncodedLen(browserIDSize) {
		return ""
	}
	if _, err := base64Strict.DecodeString(c.Value); err != nil {
		return ""
	}
	return c.Value
}

// bindBrowser returns the browser's id and gives it one if it has none. An
// existing id is kept, so that pages in two tabs work. The id identifies no
// user and nothing is stored under it.
func (s *Server) bindBrowser(w http.ResponseWriter, r *http.Request) string {
	if id := s.browserID(r); id != "" {
		return id
	}
	var raw [browserIDSize]byte
	rand.Read(raw[:])
	id := base64Strict.EncodeToString(raw[:])
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure follows PublicURL, which is https unless AllowInsecure
		Name:     s.browserCookieName(),
		Value:    id,
		Path:     "/",
		Secure:   s.secureOrigin(),
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
	return id
}
