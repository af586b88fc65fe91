package wire

import (
	"encoding/json"
	"testing"
	"time"
)

func TestNullables(t *testing.T) {
	t.Parallel()
	at := time.Date(2023, 12, 12, 17, 0, 0, 999_999_999, time.UTC)
	kst := time.FixedZone("KST", 9*3600)
	for _, tt := range []struct {
		name string
		in   any
		want string
	}{
		{"no text", Nullable(""), `null`},
		{"a text", Nullable(`a "b"`), `"a \"b\""`},
		{"no time", Time{}, `null`},
		{"no time elsewhere", TimeIn(time.Time{}, kst), `null`},
		{"whole seconds, an offset that is a number", TimeIn(at, time.UTC), `"2023-12-12T17:00:00+00:00"`},
		{"in the location", TimeIn(at, kst), `"2023-12-13T02:00:00+09:00"`},
	} {
		got, err := json.Marshal(tt.in)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
}
