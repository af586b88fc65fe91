package wire

import (
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
		"1702400400", "0000-01-01T00:00:00Z", "2023-12-13T02:00:00+09:00Z", "2023-12-13T02:00:00.1234567890123456789012345678901234567890123456789Z",
	} {
		if got, ok := ParseTime(in); ok {
			t.Errorf("ParseTime(%q) = %v, want refusal", in, got)
		}
	}
}

func TestFormatTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2023, 12, 12, 17, 0, 0, 999_999_999, time.UTC)
	if got, want := FormatTime(at, time.UTC), "2023-12-12T17:00:00+00:00"; got != want {
		t.Errorf("FormatTime = %q, want %q (whole seconds, numeric offset)", got, want)
	}
	if got, want := FormatTime(at, time.FixedZone("KST", 9*3600)), "2023-12-13T02:00:00+09:00"; got != want {
		t.Errorf("FormatTime = %q, want %q", got, want)
	}
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{"2023-12-13T02:00:00+09:00", "2023-12-13T02:00:00.5Z", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := ParseTime(s)
		if !ok {
			return
		}
		back, ok := ParseTime(FormatTime(at, time.UTC))
		if !ok && at.UTC().Year() > 0 && at.UTC().Year() < 10000 {
			t.Fatalf("what FormatTime made of %q does not parse", s)
		}
		if ok && !back.Equal(at.Truncate(time.Second)) && at.Unix() > 0 {
			t.Fatalf("%q became %v after a round trip", s, back)
		}
	})
}
