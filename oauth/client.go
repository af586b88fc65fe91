package oauth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// Client is an OAuth client: one PRISM service registered in the NAVER Cloud
// console.
type Client struct {
	// ID is the client id. It never changes.
	ID string
	// Name is shown on the sign-in page. "" shows "PRISM Live Studio".
	Name string
	// Secrets are the client's secrets; any one that is valid now is
	// accepted, so that two can stand during a change. Empty means that the
	// client cannot authenticate, so it gets no token.
	Secrets []Secret
	// RedirectURIs are the redirect URIs, compared byte for byte. See
	// CheckRedirectURI for what one may be. A client that has a secret needs
	// one at least: there is no grant without.
	RedirectURIs []string
	// Scopes are the scopes that the client may ask for. PRISM asks for none.
	//
	// They are for the host's own use of Server.Verify. Package prism does not
	// look at scopes: a token of any client, whatever its scope, acts for its
	// user on the whole resource API, which begins and ends broadcasts and shows
	// stream keys. Register another client than PRISM only if it may do that.
	Scopes []string
	// RequirePKCE refuses an authorization request without an S256 challenge.
	// PRISM sends none, so leave it off for PRISM.
	RequirePKCE bool
}

// Secret is a client secret as a server keeps it: its SHA-256. That is enough
// for a secret of high entropy, such as NewCredentials makes.
type Secret struct {
	Digest Digest
	// NotBefore and NotAfter bound the time in which the secret is accepted.
	// Zero means no bound.
	NotBefore, NotAfter time.Time

	// misfit tells that NewSecret saw a text that the NAVER Cloud console does
	// not take.
	misfit bool
}

// NewSecret returns the Secret of a clear-text secret, without time bounds. The
// empty text, such as that of a variable that is not set, makes a Secret that
// New refuses.
func NewSecret(secret string) Secret {
	return Secret{Digest: sha256.Sum256([]byte(secret)), misfit: !fitsConsole(secret)}
}

// isEmpty reports whether the secret was left out, or made of no text.
func (s Secret) isEmpty() bool { return s.Digest == Digest{} || s.Digest == DigestOf("") }

func (s Secret) validAt(now time.Time) bool {
	return !now.Before(s.NotBefore) && (s.NotAfter.IsZero() || now.Before(s.NotAfter))
}

// Authenticate reports whether secret is one of the client's that are valid
// now. The empty secret never is. It takes the same time whatever the secret is.
func (c Client) Authenticate(secret string, now time.Time) bool {
	got := sha256.Sum256([]byte(secret))
	ok := 0
	for _, s := range c.Secrets {
		same := subtle.ConstantTimeCompare(got[:], s.Digest[:])
		if s.validAt(now) {
			ok |= same
		}
	}
	return ok == 1 && secret != ""
}

// ClientSource finds clients. It must be safe for concurrent use.
type ClientSource interface {
	// Client returns the client with this id, or prism.ErrNotFound.
	Client(ctx context.Context, clientID string) (Client, error)
}

// StaticClients is a ClientSource over a fixed set. New reports what is wrong
// with the clients.
func StaticClients(clients ...Client) ClientSource {
	set := &staticClients{list: clients, byID: make(map[string]Client, len(clients))}
	for _, c := range clients {
		set.byID[c.ID] = c
	}
	return set
}

type staticClients struct {
	list []Client
	byID map[string]Client
}

func (s *staticClients) Client(_ context.Context, clientID string) (Client, error) {
	c, ok := s.byID[clientID]
	if !ok {
		return Client{}, fmt.Errorf("oauth: client: %w", prism.ErrNotFound)
	}
	return c, nil
}

func (s *staticClients) problems() []error {
	var errs []error
	if len(s.list) == 0 {
		errs = append(errs, errors.New("oauth: Config.Clients: StaticClients has no client"))
	}
	seen := make(map[string]bool, len(s.list))
	for i, c := range s.list {
		if !validClientID(c.ID) {
			errs = append(errs, fmt.Errorf("oauth: Config.Clients: client %d: ID must be 1 to %d printable ASCII characters", i, maxClientID))
		}
		if seen[c.ID] {
			errs = append(errs, fmt.Errorf("oauth: Config.Clients: client %d: ID %q is there twice", i, c.ID))
		}
		seen[c.ID] = true
		for j, secret := range c.Secrets {
			if secret.isEmpty() {
				errs = append(errs, fmt.Errorf("oauth: Config.Clients: client %q: Secrets[%d] is empty", c.ID, j))
			}
		}
		// Without a secret it can use no grant, so it needs no URI.
		if len(c.Secrets) > 0 && len(c.RedirectURIs) == 0 {
			errs = append(errs, fmt.Errorf("oauth: Config.Clients: client %q: RedirectURIs is empty: nobody could sign in with it", c.ID))
		}
		for j, uri := range c.RedirectURIs {
			if err := CheckRedirectURI(uri); err != nil {
				errs = append(errs, fmt.Errorf("oauth: Config.Clients: client %q: RedirectURIs[%d]: %w", c.ID, j, err))
			}
		}
		for j, scope := range c.Scopes {
			if !validScopeToken(scope) {
				errs = append(errs, fmt.Errorf("oauth: Config.Clients: client %q: Scopes[%d] is not a scope token (RFC 6749 section 3.3)", c.ID, j))
			}
		}
	}
	return errs
}

// maxClientID is the most characters of a client id that is looked up.
const maxClientID = 255

// validClientID reports whether id is one by RFC 6749 appendix A.1. Others are
// not asked for at a ClientSource, which may be a database that chokes on them.
func validClientID(id string) bool {
	if id == "" || len(id) > maxClientID {
		return false
	}
	for i := range len(id) {
		if id[i] < ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// fitsConsole reports whether the NAVER Cloud console takes value for a client
// id or secret: 3 to CredentialLength English letters and digits.
func fitsConsole(value string) bool {
	if len(value) < 3 || len(value) > CredentialLength {
		return false
	}
	for i := range len(value) {
		if !isLetterOrDigit(value[i]) {
			return false
		}
	}
	return true
}

func isLetterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// CredentialLength is the most characters that the NAVER Cloud console takes
// for a client id and a client secret, English letters and digits.
const CredentialLength = 20

const credentialAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// NewCredentials returns a client id and a client secret that fit the NAVER
// Cloud console form: 20 random letters and digits each (119 bits).
func NewCredentials() (clientID, clientSecret string) {
	return randomCredential(), randomCredential()
}

func randomCredential() string {
	// 248 is the largest multiple of 62 in a byte; larger values would favour
	// the first letters.
	const limit = 256 - 256%len(credentialAlphabet)
	out := make([]byte, 0, CredentialLength)
	var buf [CredentialLength * 2]byte
	for len(out) < CredentialLength {
		rand.Read(buf[:])
		for _, b := range buf {
			if int(b) < limit && len(out) < CredentialLength {
				out = append(out, credentialAlphabet[int(b)%len(credentialAlphabet)])
			}
		}
	}
	return string(out)
}
