package idp

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// RefreshCache keeps the answers of refreshes for the grace time. Keys are
// digests, values are encrypted with a key that only the refresh token gives,
// so a cache that leaks gives no token away.
//
// The default keeps 4,096 answers in the memory of the process. With several
// instances behind one address set a shared one, for example in Redis: then an
// instance finds what another got. Two instances that ask at the very same
// moment still both reach the upstream; its own reuse interval, where it has
// one, covers that.
//
// It must be safe for concurrent use and honour ctx. When it fails the bridge
// goes on without it.
type RefreshCache interface {
	// Get returns what Put kept under key, or an error that wraps
	// prism.ErrNotFound.
	Get(ctx context.Context, key string) (value []byte, err error)
	// Put keeps value under key, 64 hexadecimal digits, for ttl. The value is
	// at most 100 KiB. It must not keep the slice.
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
}

// maxCached is how many answers the memory cache keeps.
const maxCached = 4096

type memoryCache struct {
	now     func() time.Time
	entries *expiring[string, []byte]
}

func newMemoryCache(now func() time.Time) *memoryCache {
	return &memoryCache{now: now, entries: newExpiring[string, []byte](maxCached)}
}

func (m *memoryCache) Get(_ context.Context, key string) ([]byte, error) {
	value, ok := m.entries.get(key, m.now())
	if !ok {
		return nil, fmt.Errorf("idp: refresh cache: %w", prism.ErrNotFound)
	}
	return value, nil
}

func (m *memoryCache) Put(_ context.Context, key string, value []byte, ttl time.Duration) error {
	now := m.now()
	m.entries.put(key, bytes.Clone(value), now.Add(ttl), now)
	return nil
}

var errSealed = errors.New("idp: the refresh cache returned what it was not given")

// sealTokens encrypts tokens under a key from the refresh token (HKDF-SHA-256,
// AES-256-GCM), bound to the name they are kept under.
func sealTokens(t tokenSet, name, refreshToken string) ([]byte, error) {
	plain, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("idp: encode tokens: %w", err)
	}
	aead, err := sealer(refreshToken)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, plain, []byte(name)), nil
}

func openTokens(sealed []byte, name, refreshToken string) (tokenSet, error) {
	aead, err := sealer(refreshToken)
	if err != nil {
		return tokenSet{}, err
	}
	if len(sealed) < aead.NonceSize() {
		return tokenSet{}, errSealed
	}
	nonce, box := sealed[:aead.NonceSize()], sealed[aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, box, []byte(name))
	if err != nil {
		return tokenSet{}, errSealed
	}
	var t tokenSet
	if err := json.Unmarshal(plain, &t); err != nil {
		return tokenSet{}, errSealed
	}
	return t, nil
}

func sealer(refreshToken string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(refreshToken), nil, "b2bprism idp refresh cache", 32)
	if err != nil {
		return nil, fmt.Errorf("idp: derive the cache key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("idp: cache cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("idp: cache cipher: %w", err)
	}
	return aead, nil
}
