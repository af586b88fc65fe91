package demo

import (
	"strings"
	"testing"
)

const origin = "http://127.0.0.1:8081"

var localPaths = map[string]string{
	"": "/", "/": "/", "/watch/a?b=c": "/watch/a?b=c", "/watch/%2F": "/watch/%2F", "/a#b": "/a",
	origin + "/prism/oauth/authorize?x=y": "/prism/oauth/authorize?x=y",
	"https://evil.example/":               "/",
	"//evil.example":                      "/",
	`/\evil.example`:                      "/",
	"/%2F/evil.example":                   "/",
	"%2F":                                 "/",
	"/\t/evil.example":                    "/",
	"javascript:alert(1)":                 "/",
	"http:/evil":                          "/",
	"evil":                                "/",
	origin + ".evil.example/":             "/",
	origin + "@evil.example/":             "/",
	origin + "//evil.example":             "/",
	"https://127.0.0.1:8081/":             "/",
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for next, want := range localPaths {
		if got := LocalPath(origin, next); got != want {
			t.Errorf("LocalPath(%q) = %q, want %q", next, got, want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for next := range localPaths {
		f.Add(next)
	}
	f.Fuzz(func(t *testing.T, next string) {
		got := LocalPath(origin, next)
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t ") {
			t.Errorf("LocalPath(%q) = %q", next, got)
		}
	})
}
