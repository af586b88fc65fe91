package wire

import "time"

// Nullable is a text that is sent as null where there is none: where it is
// empty.
type Nullable string

// MarshalJSON implements json.Marshaler.
func (n Nullable) MarshalJSON() ([]byte, error) { return n.appendJSON(nil), nil }

func (n Nullable) appendJSON(b []byte) []byte {
	if n == "" {
		return append(b, `null`...)
	}
	return appendString(b, string(n))
}

// Time is a time that is sent as null where there is none.
type Time struct{ t time.Time }

// TimeIn returns the form in which t is sent: in whole seconds with the offset
// of loc. The offset is always a number, as in the documentation's samples, so
// that a reader that knows no "Z" is served too. A zero t is none.
func TimeIn(t time.Time, loc *time.Location) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.In(loc)}
}

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) { return t.appendJSON(nil), nil }

func (t Time) appendJSON(b []byte) []byte {
	if t.t.IsZero() {
		return append(b, `null`...)
	}
	// The package has a short way for this layout only.
	b = t.t.AppendFormat(append(b, '"'), time.RFC3339)
	if last := len(b) - 1; b[last] == 'Z' {
		b = append(b[:last], "+00:00"...)
	}
	return append(b, '"')
}
