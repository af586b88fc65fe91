package idp

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

// Client is one PRISM service registered in the NAVER Cloud console, and what
// the upstream calls it. The two sides have credentials of their own because
// the console takes 20 letters and digits at most, which many servers do not
// let one choose.
type Client struct {
	// ID is the client id in the console: what PRISM sends. PRISM also sends
	// it to the upstream's authorization endpoint, so it should be the
	// upstream's id as well wherever that can be chosen.
	ID string
	// Secrets are the client secrets in the console, as oauth.NewSecret makes
	// them; each one that is valid now is accepted.
	Secrets []oauth.Secret
	// UpstreamID is the client's id at the upstream, ID if "".
	UpstreamID string
	// UpstreamSecret is the client's secret at the upstream.
	UpstreamSecret string
	// RedirectURI is sent to the upstream when PRISM leaves redirect_uri out
	// of the exchange of a code, because servers demand it there (RFC 6749
	// section 4.1.3). It is PRISM's redirect URI, as the console shows it.
	RedirectURI string
}

// check reports every problem of the i-th client.
func (c Client) check(i int) []error {
	var errs []error
	problem := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("idp: Config.Clients[%d]."+format, append([]any{i}, args...)...))
	}
	if !printable(c.ID, maxClientID) {
		problem("ID must be 1 to %d printable ASCII characters", maxClientID)
	}
	if c.UpstreamID != "" && !printable(c.UpstreamID, maxClientID) {
		problem("UpstreamID must be at most %d printable ASCII characters", maxClientID)
	}
	if len(c.Secrets) == 0 {
		problem("Secrets is empty: give the secret of the console as oauth.NewSecret")
	}
	for n, s := range c.Secrets {
		if s.Digest == oauth.DigestOf("") {
			problem("Secrets[%d] is the empty secret", n)
		}
	}
	if c.UpstreamSecret == "" {
		problem("UpstreamSecret is missing: the upstream must know the bridge as a confidential client")
	}
	if c.RedirectURI != "" {
		if err := oauth.CheckRedirectURI(c.RedirectURI); err != nil {
			problem("RedirectURI: %w", err)
		}
	}
	return errs
}

// maxClientID is the most characters of a client id.
const maxClientID = 255

// printable reports whether s has 1 to limit printable ASCII characters.
func printable(s string, limit int) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// clientTable finds clients by both names.
type clientTable struct {
	byID map[string]Client
	// prismID maps an upstream id to PRISM's.
	prismID map[string]string
	// nobody is authenticated in place of an unknown client, so that it takes
	// as long as a known one.
	nobody oauth.Client
}

func newClientTable(list []Client) clientTable {
	t := clientTable{
		byID:    make(map[string]Client, len(list)),
		prismID: make(map[string]string, len(list)),
		nobody:  oauth.Client{Secrets: []oauth.Secret{oauth.NewSecret(rand.Text())}},
	}
	for _, c := range list {
		c.UpstreamID = c.upstreamID()
		t.byID[c.ID] = c
		t.prismID[c.UpstreamID] = c.ID
	}
	return t
}

func (c Client) upstreamID() string {
	if c.UpstreamID == "" {
		return c.ID
	}
	return c.UpstreamID
}

// authenticate takes the same time for an unknown id and for a wrong secret.
func (t clientTable) authenticate(id, secret string, now time.Time) (Client, bool) {
	client, known := t.byID[id]
	check := t.nobody
	if known {
		check = oauth.Client{Secrets: client.Secrets}
	}
	ok := check.Authenticate(secret, now)
	return client, ok && known
}
