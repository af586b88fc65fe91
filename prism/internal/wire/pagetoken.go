package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

const (
	pageTokenMAC   = 16
	pageTokenBytes = 8 + pageTokenMAC
)

var pageTokenEncoding = base64.RawURLEncoding.Strict()

// PageTokens makes and opens page tokens: a chat cursor with a MAC that binds
// it to its live. It is safe for concurrent use.
type PageTokens struct {
	keys [][]byte
}

// NewPageTokens derives the keys from secrets: the first signs, all verify.
func NewPageTokens(secrets [][]byte) PageTokens {
	var p PageTokens
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte("b2bprism chat page token 1"))
		p.keys = append(p.keys, mac.Sum(nil))
	}
	return p
}

// Make returns the token of a cursor in a live.
func (p PageTokens) Make(liveID string, cursor int64) string {
	var raw [pageTokenBytes]byte
	binary.BigEndian.PutUint64(raw[:], uint64(cursor))
	copy(raw[8:], pageTokenSum(p.keys[0], liveID, raw[:8]))
	return pageTokenEncoding.EncodeToString(raw[:])
}

// Open returns the cursor of a token that Make made for this live.
func (p PageTokens) Open(liveID, token string) (cursor int64, ok bool) {
	var raw [pageTokenBytes]byte
	if len(token) != pageTokenEncoding.EncodedLen(len(raw)) {
		return 0, false
	}
	if _, err := pageTokenEncoding.Decode(raw[:], []byte(token)); err != nil {
		return 0, false
	}
	for _, key := range p.keys {
		if hmac.Equal(raw[8:], pageTokenSum(key, liveID, raw[:8])) {
			cursor = int64(binary.BigEndian.Uint64(raw[:8]))
			return cursor, cursor >= 0
		}
	}
	return 0, false
}

func pageTokenSum(key []byte, liveID string, cursor []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(cursor)
	mac.Write([]byte(liveID))
	return mac.Sum(nil)[:pageTokenMAC]
}
