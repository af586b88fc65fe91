package wire

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

func TestPageTokens(t *testing.T) {
	t.Parallel()
	oldSecret, newSecret := bytes.Repeat([]byte("o"), 32), bytes.Repeat([]byte("n"), 32)
	before, during, after := NewPageTokens([][]byte{oldSecret}), NewPageTokens([][]byte{newSecret, oldSecret}), NewPageTokens([][]byte{newSecret})

	token := before.Make("live", 42)
	if cursor, ok := before.Open("live", token); !ok || cursor != 42 {
		t.Errorf("own token: %d, %v", cursor, ok)
	}
	if cursor, ok := during.Open("live", token); !ok || cursor != 42 {
		t.Errorf("a token of the old secret during a change: %d, %v", cursor, ok)
	}
	if during.Make("live", 42) != after.Make("live", 42) {
		t.Error("the first secret does not sign")
	}
	for name, open := range map[string]func() (int64, bool){
		"another live":       func() (int64, bool) { return before.Open("live2", token) },
		"the dropped secret": func() (int64, bool) { return after.Open("live", token) },
		"cut":                func() (int64, bool) { return before.Open("live", token[:len(token)-1]) },
		"longer":             func() (int64, bool) { return before.Open("live", token+"A") },
		"line break within":  func() (int64, bool) { return before.Open("live", token[:5]+"\n"+token[6:]) },
		"empty":              func() (int64, bool) { return before.Open("live", "") },
		"negative cursor":    func() (int64, bool) { return before.Open("live", before.Make("live", -1)) },
	} {
		if cursor, ok := open(); ok {
			t.Errorf("%s: opened as %d", name, cursor)
		}
	}
	for _, cursor := range []int64{0, 1, math.MaxInt64} {
		if got, ok := before.Open("live", before.Make("live", cursor)); !ok || got != cursor {
			t.Errorf("cursor %d came back as %d, %v", cursor, got, ok)
		}
	}
}

func TestPageTokenBitFlip(t *testing.T) {
	t.Parallel()
	p := NewPageTokens([][]byte{bytes.Repeat([]byte("k"), 32)})
	token := p.Make("live", 7)
	for i := range token {
		for _, c := range "AZaz09-_" {
			forged := token[:i] + string(c) + token[i+1:]
			if _, ok := p.Open("live", forged); ok && forged != token {
				t.Fatalf("forged token accepted: position %d", i)
			}
		}
	}
}

func FuzzPageToken(f *testing.F) {
	p := NewPageTokens([][]byte{bytes.Repeat([]byte("k"), 32)})
	f.Add("live", p.Make("live", 1))
	f.Add("live", strings.Repeat("A", 32))
	f.Fuzz(func(t *testing.T, live, token string) {
		if cursor, ok := p.Open(live, token); ok && p.Make(live, cursor) != token {
			t.Fatalf("two tokens for cursor %d", cursor)
		}
	})
}
