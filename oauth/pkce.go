package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// methodS256 is the one code_challenge_method (RFC 7636 section 4.3).
const methodS256 = "S256"

// Lengths by RFC 7636 sections 4.1 and 4.2.
const (
	challengeLength   = 43
	minVerifierLength = 43
	maxVerifierLength = 128
)

// validChallenge reports whether challenge can be an S256 challenge.
func validChallenge(challenge string) bool {
	return len(challenge) == challengeLength && isBase64URL(challenge)
}

// validVerifier reports whether verifier is one by RFC 7636 section 4.1.
func validVerifier(verifier string) bool {
	if len(verifier) < minVerifierLength || len(verifier) > maxVerifierLength {
		return false
	}
	for i := range len(verifier) {
		switch c := verifier[i]; {
		case isLetterOrDigit(c), c == '-', c == '.', c == '_', c == '~':
		default:
			return false
		}
	}
	return true
}

// checkVerifier compares the verifier of a token request with the challenge of
// the authorization request. A verifier without a challenge is refused too:
// else an attacker could strip the challenge (RFC 9700 section 4.8.2).
func checkVerifier(client Client, challenge, verifier string) error {
	switch {
	case challenge == "" && client.RequirePKCE:
		return errNoChallenge
	case challenge == "" && verifier == "":
		return nil
	case challenge == "":
		return errVerifierUnasked
	case verifier == "":
		return errVerifierMissing
	case !validVerifier(verifier):
		return errVerifierWrong
	}
	sum := sha256.Sum256([]byte(verifier))
	want := base64.RawURLEncoding.EncodeToString(sum[:])
	if subtle.ConstantTimeCompare([]byte(want), []byte(challenge)) != 1 {
		return errVerifierWrong
	}
	return nil
}
