package oauth

import (
	"crypto/rand"
	"encoding/base64"
)

const (
	tokenBytes = 32
	// tokenLength is the characters of a code or token: tokenBytes in
	// base64url without padding.
	tokenLength = (tokenBytes*8 + 5) / 6
	// familyIDBytes make a family id that never collides.
	familyIDBytes = 16
)

// newToken returns a code or token: 256 random bits, more than the 160 that
// RFC 6749 section 10.10 asks for.
func newToken() string { return randomText(tokenBytes) }

func newFamilyID() string { return randomText(familyIDBytes) }

func randomText(n int) string {
	var buf [tokenBytes]byte
	rand.Read(buf[:n]) // never fails, by its contract
	return base64.RawURLEncoding.EncodeToString(buf[:n])
}

// wellFormedToken reports whether text could be one of our codes or tokens. If
// not, the store need not be asked.
func wellFormedToken(text string) bool {
	return len(text) == tokenLength && isBase64URL(text)
}

func isBase64URL(text string) bool {
	for i := range len(text) {
		if c := text[i]; !isLetterOrDigit(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
