package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// Config describes a Console. Registration.ServiceAPIDomain is required.
type Config struct {
	// Registration is what was, or will be, entered in the NAVER Cloud console.
	Registration Registration

	// Instance names this process on the page, the host name by default.
	Instance string

	// OnAir lists the lives on air; every prism.Audience is one. Without it
	// the page says that they are unknown.
	OnAir OnAirSource

	// Ingest tells when the last packet of a live came in. Without it, the
	// page has what went through WatchIngest.
	Ingest IngestAges

	// CheckMount is the check that the page offers. By default it is
	// prism.CheckMount of Registration.ServiceAPIDomain, and a GET of the
	// authorization URL, where no answer and 404 are problems. It runs in the background, one
	// at a time, for 30 s at most, and its error is shown: one line for each
	// error that it joins (errors.Join).
	CheckMount func(ctx context.Context) error

	// HTTPClient makes the requests of the default CheckMount. nil means
	// http.DefaultClient.
	HTTPClient *http.Client

	// Location is the zone of the times on the page; UTC by default.
	Location *time.Location

	// Now is the clock, time.Now by default. It must be safe for concurrent use.
	Now func() time.Time

	// Logger gets what the page could not read. nil is silent.
	Logger *zap.Logger
}

// OnAirSource lists lives on air, as prism.Audience does. It must be safe for
// concurrent use and honour ctx.
type OnAirSource interface {
	// LivesOnAir returns up to limit lives on air of every scope, latest
	// start first.
	LivesOnAir(ctx context.Context, limit int) ([]prism.Live, error)
}

// IngestAges tells when media last came in. It must be safe for concurrent use
// and honour ctx.
type IngestAges interface {
	// LastIngest returns the time of the last packet seen of those of the
	// lives that it knows of. It is asked for at most 100 lives at a time.
	LastIngest(ctx context.Context, liveIDs []string) (map[string]time.Time, error)
}

func (c Config) withDefaults() Config {
	if c.Instance == "" {
		c.Instance, _ = os.Hostname() // the page leaves out a name that is not known
	}
	if c.Location == nil {
		c.Location = time.UTC
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	if c.CheckMount == nil {
		client, r := c.HTTPClient, c.Registration
		c.CheckMount = func(ctx context.Context) error {
			problems := apart(prism.CheckMount(ctx, client, r.ServiceAPIDomain))
			return errors.Join(append(slices.Clip(problems), askAuthorizeURL(ctx, client, r.authorizeURL()))...)
		}
	}
	return c
}

// check reports every problem, each naming its field.
func (c Config) check() error {
	var problems []error
	for _, address := range []struct {
		field, value string
		required     bool
	}{
		{"ServiceAPIDomain", c.Registration.ServiceAPIDomain, true},
		{"AuthorizeURL", c.Registration.AuthorizeURL, false},
		{"RedirectURI", c.Registration.RedirectURI, false},
	} {
		switch {
		case address.value == "" && !address.required:
		case !isWebAddress(address.value):
			problems = append(problems, fmt.Errorf("console: Config.Registration.%s must be an absolute https or http URL", address.field))
		}
	}
	return errors.Join(problems...)
}

func isWebAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
