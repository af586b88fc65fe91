package wire

import (
	"time"
)

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
