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

// newTokens returns two at the price of one question to the system.
func newTokens() (first, second string) {
	var buf [2 * tokenBytes]byte
	rand.Read(buf[:])
	return tokenText(buf[:tokenBytes]), tokenText(buf[tokenBytes:])
}

func randomText(n int) string {
	var buf [tokenBytes]byte
	rand.Read(buf[:n]) // never fails, by its contract
	return tokenText(buf[:n])
}

// tokenText writes up to tokenBytes in base64url. Unlike EncodeToString it
// allocates once.
func tokenText(random []byte) string {
	var text [tokenLength]byte
	n := base64.RawURLEncoding.EncodedLen(len(random))
	base64.RawURLEncoding.Encode(text[:n], random)
	return string(text[:n])
}

// wellFormedToken reports whether text could be one of our codes or tokens. If
// not, the store need not be asked.
func wellFormedToken(text string) bool {
	return len(text) == tokenLength && isBase64URL(text)
}

// base64URLByte tells the characters of base64url. Every request is asked for
// dozens of them, so it is a table.
var base64URLByte = func() (is [256]bool) {
	for c := range is {
		is[c] = isLetterOrDigit(byte(c)) || c == '-' || c == '_'
	}
	return is
}()

func isBase64URL(text string) bool {
	for i := range len(text) {
		if !base64URLByte[text[i]] {
			return false
		}
	}
	return true
}
