package wire

import (
	"time"
)

// FormatTime writes t in whole seconds with the offset of loc. The offset is
// always a number, as in the documentation's samples, so that a reader that
// knows no "Z" is served too.
func FormatTime(t time.Time, loc *time.Location) string {
	// The package has a short way for this layout only.
	var buf [len("2006-01-02T15:04:05+07:00")]byte
	b := t.In(loc).AppendFormat(buf[:0], time.RFC3339)
	if last := len(b) - 1; b[last] == 'Z' {
		b = append(b[:last], "+00:00"...)
	}
	return string(b)
}

// ParseTime reads an ISO 8601 time with a zone: "Z", or an offset with or
// without colon; fractions of a second are kept to the microsecond.
func ParseTime(s string) (time.Time, bool) {
	if len(s) > 64 {
		return time.Time{}, false
	}
	for _, layout := range [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Truncate(time.Microsecond), t.Year() > 0
		}
	}
	return time.Time{}, false
}
