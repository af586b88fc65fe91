package wire

import (
	"time"
)

// The years of the times that are taken and sent. In any zone they have four
// digits, and none is the zero time.
const (
	firstYear = 2
	lastYear  = 9998
)

// CanSend reports whether t is a time that a reader of ISO 8601 takes back.
func CanSend(t time.Time) bool {
	year := t.UTC().Year()
	return firstYear <= year && year <= lastYear
}

// ParseTime reads an ISO 8601 time with a zone: "Z", or an offset with or
// without colon; fractions of a second are kept to the microsecond.
func ParseTime(s string) (time.Time, bool) {
	if len(s) > 64 {
		return time.Time{}, false
	}
	for _, layout := range [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Truncate(time.Microsecond), CanSend(t)
		}
	}
	return time.Time{}, false
}
