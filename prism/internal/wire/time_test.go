package wire

import (
	"strings"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	want := time.Date(2023, 12, 13, 2, 0, 0, 0, time.FixedZone("", 9*3600))
	for _, tt := range []struct {
		in   string
		want time.Time
	}{
		{"2023-12-13T02:00:00+09:00", want},
		{"2023-12-13T02:00:00+0900", want},
		{"2023-12-12T17:00:00Z", want},
		{"2023-12-12T17:00:00.123Z", want.Add(123 * time.Millisecond)},
		{"2023-12-12T17:00:00.123456789+0000", want.Add(123456 * time.Microsecond)},
		{"2024-02-29T00:00:00-00:30", time.Date(2024, 2, 29, 0, 30, 0, 0, time.UTC)},
	} {
		if got, ok := ParseTime(tt.in); !ok || !got.Equal(tt.want) {
			t.Errorf("ParseTime(%q) = %v, %v, want %v", tt.in, got, ok, tt.want)
		}
	}
	for _, in := range []string{
		"", "2023-12-13", "2023-12-13T02:00:00", "2023-12-13 02:00:00Z", "2023-02-30T00:00:00Z", "2023-12-13T25:00:00Z",
		"1702400400", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2023-12-13T02:00:00+09:00Z", "2023-12-13T02:00:00.1234567890123456789012345678901234567890123456789Z",
	} {
		if got, ok := ParseTime(in); ok {
			t.Errorf("ParseTime(%q) = %v, want refusal", in, got)
		}
	}
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{"2023-12-13T02:00:00+09:00", "2023-12-13T02:00:00.5Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := ParseTime(s)
		if !ok {
			return
		}
		sent := strings.Trim(string(TimeIn(at, time.UTC).appendJSON(nil)), `"`)
		back, ok := ParseTime(sent)
		if !ok {
			t.Fatalf("%q is sent as %s, which does not parse", s, sent)
		}
		if ok && !back.Equal(at.Truncate(time.Second)) && at.Unix() > 0 {
			t.Fatalf("%q became %v after a round trip", s, back)
		}
	})
}
