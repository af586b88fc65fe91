package wire

import (
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxWireID = 200

// idEncoding is strict, so that no two wire forms decode to one id.
var idEncoding = base64.RawURLEncoding.Strict()

// EncodeID returns the form in which a host's id travels: as it is when it is
// safe in a path, else "~" and base64url. ok is false for an id that cannot
// travel: empty, too long, not UTF-8, or with control characters.
func EncodeID(id string) (wire string, ok bool) {
	if travelsPlain(id) {
		return id, true
	}
	if !decodable(id) {
		return "", false
	}
	wire = "~" + idEncoding.EncodeToString([]byte(id))
	return wire, len(wire) <= maxWireID
}

// DecodeID is the inverse of EncodeID. ok is false for anything that EncodeID
// does not make.
func DecodeID(wire string) (id string, ok bool) {
	if travelsPlain(wire) {
		return wire, true
	}
	encoded, found := strings.CutPrefix(wire, "~")
	if !found || len(wire) > maxWireID {
		return "", false
	}
	raw, err := idEncoding.DecodeString(encoded)
	if err != nil {
		return "", false
	}
	id = string(raw)
	return id, decodable(id) && !travelsPlain(id)
}

// travelsPlain excludes what a path would take for something else: dot
// segments, "list" (which is a path of its own), and the encoded form.
func travelsPlain(id string) bool {
	if id == "" || len(id) > maxWireID || id[0] == '~' || id == "." || id == ".." || id == "list" {
		return false
	}
	for i := range len(id) {
		if !unreserved(id[i]) {
			return false
		}
	}
	return true
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '.' || c == '_' || c == '~' || c == '-'
}

func decodable(id string) bool {
	return id != "" && utf8.ValidString(id) && !strings.ContainsFunc(id, unicode.IsControl)
}
