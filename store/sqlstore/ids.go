package sqlstore

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// maxID is the longest id that can travel to PRISM and back; see prism.User.ID.
const maxID = 149

// base32hex keeps the order of the bytes it encodes.
var base32hex = base32.HexEncoding.WithPadding(base32.NoPadding)

// newID returns a path-safe id of 26 lower-case letters and digits: 48 bits of
// time, so that new rows come at the end of the index, and 80 random bits.
func newID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16) // a time before 1970 sorts last, no more
	rand.Read(b[6:])                                               // never fails, by its contract
	return strings.ToLower(base32hex.EncodeToString(b[:]))
}

// randomName has no time in it: it must not be guessed from an id.
func randomName() string { return strings.ToLower(rand.Text()) }

func checkID(field, id string) error {
	switch {
	case id == "":
		return prism.InvalidField(field, "is empty")
	case len(id) > maxID:
		return prism.InvalidField(field, "is longer than 149 bytes")
	}
	return nil
}
