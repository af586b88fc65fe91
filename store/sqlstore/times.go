package sqlstore

import (
	"database/sql"
	"time"
)

// micros is how a time is stored: microseconds since 1970 UTC. The zero Time
// is a number like any other, and comes back as the zero Time.
func micros(t time.Time) int64 { return t.UnixMicro() }

// microsOrNull stores the zero Time as NULL.
func microsOrNull(t time.Time) sql.Null[int64] {
	return sql.Null[int64]{V: t.UnixMicro(), Valid: !t.IsZero()}
}

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

// fromMicrosOrNull reads NULL as the zero Time.
func fromMicrosOrNull(us sql.Null[int64]) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return fromMicros(us.V)
}

// timeOr returns t, or other when t is zero.
func timeOr(t, other time.Time) time.Time {
	if t.IsZero() {
		return other
	}
	return t
}
