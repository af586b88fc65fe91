package idp

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	// keysFresh is how old a key set may be before it is read again, so that
	// a key that the upstream withdrew goes.
	keysFresh = 10 * time.Minute
	// keysUsable is how old it may be while it cannot be read again.
	keysUsable = 24 * time.Hour
	// keysPause is the least time between two readings, keysRetry while there
	// is no set that can be used.
	keysPause = 10 * time.Second
	keysRetry = time.Second
	// maxKeys is how many usable keys a set may have.
	maxKeys = 64
	// minRSABits is the least size of an RSA key (RFC 7518 section 3.3).
	minRSABits = 2048
)

var (
	errKeysPause   = errors.New("idp: the upstream's keys were read a moment ago")
	errKeyNotKnown = fmt.Errorf("idp: the key of the access token is not known yet: %w", prism.ErrUnavailable)
)

// keySet is the upstream's key set (RFC 7517 section 5), read when it is
// needed.
type keySet struct {
	url      string
	upstream *upstream
	now      func() time.Time
	log      *zap.Logger
	reading  flight[struct{}]

	mu   sync.Mutex
	keys []jose.JSONWebKey
	// asked is when the reading that gave keys began, tried when the last one
	// began; zero for never.
	asked, tried time.Time
}

func newKeySet(cfg Config, u *upstream, j *jobs) *keySet {
	return &keySet{url: cfg.JWT.KeysURL, upstream: u, now: cfg.Now, log: cfg.Logger, reading: flight[struct{}]{jobs: j}}
}

// verify reports whether one of the keys for this kid and algorithm passes try.
// It returns an error when it cannot tell: a token with a key that is news to
// us must not be refused for good.
func (k *keySet) verify(ctx context.Context, kid string, algorithm jose.SignatureAlgorithm, try func(jose.JSONWebKey) bool) (bool, error) {
	arrived := k.now()
	keys, asked := k.snapshot()
	switch age := arrived.Sub(asked); {
	case asked.IsZero() || age >= keysUsable:
		if err := k.read(ctx); err != nil {
			return false, k.cannotTell(err)
		}
		keys, asked = k.snapshot()
	case age >= keysFresh:
		// The old ones do meanwhile, also if the upstream is down.
		if _, err := k.reading.join(ctx, digest{}, k.readOnce); err != nil {
			k.log.Warn("reading the upstream's keys failed", zap.Error(err))
		}
	}
	found := matching(keys, kid, algorithm)
	if slices.ContainsFunc(found, try) {
		return true, nil
	}
	if kid != "" && len(found) > 0 || !asked.Before(arrived) {
		return false, nil
	}
	if err := k.read(ctx); err != nil {
		return false, k.cannotTell(err)
	}
	keys, asked = k.snapshot()
	if slices.ContainsFunc(matching(keys, kid, algorithm), try) {
		return true, nil
	}
	if asked.Before(arrived) {
		return false, errKeyNotKnown
	}
	return false, nil
}

func (k *keySet) cannotTell(err error) error {
	if errors.Is(err, errKeysPause) {
		return errKeyNotKnown
	}
	return err
}

func (k *keySet) snapshot() ([]jose.JSONWebKey, time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys, k.asked
}

// read reads the set, or waits for a reading that is under way. It returns
// errKeysPause if the last one was a moment ago.
func (k *keySet) read(ctx context.Context) error {
	_, err := k.reading.do(ctx, digest{}, k.readOnce)
	return err
}

func (k *keySet) readOnce(ctx context.Context) (struct{}, error) {
	now := k.now()
	k.mu.Lock()
	least := keysPause
	if k.asked.IsZero() || now.Sub(k.asked) >= keysUsable {
		least = keysRetry
	}
	pause := !k.tried.IsZero() && now.Sub(k.tried) < least
	if !pause {
		k.tried = now
	}
	k.mu.Unlock()
	if pause {
		return struct{}{}, errKeysPause
	}
	keys, err := k.fetch(ctx)
	if err != nil {
		k.log.Warn("reading the upstream's keys failed", zap.Error(err))
		return struct{}{}, err
	}
	k.mu.Lock()
	k.keys, k.asked = keys, now
	k.mu.Unlock()
	return struct{}{}, nil
}

func (k *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	got, err := k.upstream.get(ctx, "keys", k.url, maxKeySet)
	if err != nil {
		return nil, err
	}
	if got.status != http.StatusOK {
		return nil, fault("answered a status that no key set has")
	}
	return readKeys(got.body)
}

// readKeys reads a key set and leaves out what cannot verify a signature: keys
// of other kinds, private and symmetric ones, weak and malformed ones. The
// media type is not looked at: static files are served with any.
func readKeys(body []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fault("answered no key set")
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(raw); err != nil || !usable(key) {
			continue
		}
		if len(keys) == maxKeys {
			return nil, fault("answered too many keys")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fault("answered a key set without a usable key")
	}
	return keys, nil
}

func usable(key jose.JSONWebKey) bool {
	if !key.IsPublic() || !key.Valid() || key.Use != "" && key.Use != "sig" {
		return false
	}
	if k, ok := key.Key.(*rsa.PublicKey); ok {
		return k.N.BitLen() >= minRSABits
	}
	return true
}

// matching returns the keys for a kid and an algorithm. A token need not have
// a kid (RFC 7515 section 4.1.4); then any key may be its.
func matching(keys []jose.JSONWebKey, kid string, algorithm jose.SignatureAlgorithm) []jose.JSONWebKey {
	var found []jose.JSONWebKey
	for _, key := range keys {
		if fits(key, algorithm) && (kid == "" || key.KeyID == kid) {
			found = append(found, key)
		}
	}
	return found
}

// fits reports whether a key is of the kind that the algorithm takes, and not
// meant for another (RFC 8725 section 3.1).
func fits(key jose.JSONWebKey, algorithm jose.SignatureAlgorithm) bool {
	if key.Algorithm != "" && key.Algorithm != string(algorithm) {
		return false
	}
	name := string(algorithm)
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(name, "RS") || strings.HasPrefix(name, "PS")
	case ed25519.PublicKey:
		return algorithm == jose.EdDSA
	case *ecdsa.PublicKey:
		bits := map[jose.SignatureAlgorithm]int{jose.ES256: 256, jose.ES384: 384, jose.ES512: 521}[algorithm]
		return k.Curve.Params().BitSize == bits
	}
	return false
}
