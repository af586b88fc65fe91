package wire

import (
	"regexp"
	"strings"
	"testing"
)

var pathSafe = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,200}$`)

func TestIDs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, id, want string
	}{
		{"plain id travels as it is", "live_1.a~b-C", "live_1.a~b-C"},
		{"pipe", "auth0|x", "~YXV0aDB8eA"},
		{"e-mail", "a@b.kr", "~YUBiLmty"},
		{"slash", "a/b", "~YS9i"},
		{"Korean", "방송", "~67Cp7Iah"},
		{"leading tilde would look encoded", "~abc", "~fmFiYw"},
		{"dot segment", ".", "~Lg"},
		{"dot dot segment", "..", "~Li4"},
		{"the path channel/list", "list", "~bGlzdA"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := EncodeID(tt.id)
			if !ok || got != tt.want {
				t.Fatalf("EncodeID(%q) = %q, %v, want %q", tt.id, got, ok, tt.want)
			}
			back, ok := DecodeID(got)
			if !ok || back != tt.id {
				t.Fatalf("DecodeID(%q) = %q, %v, want %q", got, back, ok, tt.id)
			}
		})
	}
}

func TestIDsThatCannotTravel(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "a\x00b", "a\nb", "\xff", strings.Repeat("é", 75), strings.Repeat("x", 201)} {
		if wire, ok := EncodeID(id); ok {
			t.Errorf("EncodeID(%q) = %q, want refusal", id, wire)
		}
	}
	if _, ok := EncodeID(strings.Repeat("x", 200)); !ok {
		t.Error("a plain id of 200 characters was refused")
	}
	if _, ok := EncodeID(strings.Repeat("|", 149)); !ok {
		t.Error("an id of 149 bytes to encode was refused")
	}
}

func TestDecodeIDRefusesWhatIsNotMade(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]string{
		"empty":                        "",
		"only the mark":                "~",
		"space":                        "a b",
		"slash":                        "a/b",
		"dot dot":                      "..",
		"second form of a plain id":    "~YWJj",
		"padding":                      "~YWI=",
		"stray bits, a second form":    "~YXV0aDB8eB",
		"NUL within":                   "~YQBi",
		"not UTF-8 within":             "~_w",
		"not base64url":                "~a.b",
		"too long":                     strings.Repeat("x", 201),
		"encoded, too long":            "~" + strings.Repeat("YWJj", 60),
		"the path channel/list itself": "list",
	} {
		if id, ok := DecodeID(wire); ok {
			t.Errorf("%s: DecodeID(%q) = %q, want refusal", name, wire, id)
		}
	}
}

func FuzzID(f *testing.F) {
	for _, id := range []string{"a", "auth0|x", "~", "..", "list", "~YWJj", "a\x00"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if wire, ok := EncodeID(s); ok {
			if !pathSafe.MatchString(wire) {
				t.Fatalf("EncodeID(%q) = %q is not path-safe", s, wire)
			}
			if back, ok := DecodeID(wire); !ok || back != s {
				t.Fatalf("DecodeID(EncodeID(%q)) = %q, %v", s, back, ok)
			}
		}
		if id, ok := DecodeID(s); ok {
			if wire, ok := EncodeID(id); !ok || wire != s {
				t.Fatalf("two wire forms of %q: %q and %q", id, s, wire)
			}
		}
	})
}
