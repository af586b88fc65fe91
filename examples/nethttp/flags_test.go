package main

import (
	"errors"
	"flag"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFlagDefaults(t *testing.T) {
	t.Parallel()
	got, err := parseFlags(nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := settings{
		addr: "127.0.0.1:8080", tlsAddr: "127.0.0.1:8443", data: "./prism-data", db: "sqlite:prism-data/prism.db",
		rtmp: "rtmp://127.0.0.1:1935/live", ingestTimeout: 30 * time.Second, credentials: "prism-data/credentials.json",
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{}), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args string
		// want is part of the error, "" for none.
		want string
	}{
		{"", ""},
		{"-addr localhost:0 -tls-addr :0", ""},
		{"-addr [::1]:8080", ""},
		{"-addr 0.0.0.0:8080", "-addr: \"0.0.0.0:8080\" is not a loopback address"},
		{"-addr :8080", "is not a loopback address"},
		{"-addr 192.0.2.1:80", "is not a loopback address"},
		{"-addr example.com:80", "is not a loopback address"},
		{"-addr 8080", "-addr"},
		{"-tls-addr 8443", "-tls-addr"},
		{"-data=", "-data: name a folder"},
		{"-db memory:", ""},
		{"-db sqlite:x.db", ""},
		{"-db sqlite:", "-db: sqlite: needs a file name"},
		{"-db memory:x", "-db"},
		{"-db postgres://u:geheim@h/d", ""},
		{"-db mysql://u:geheim@h/d", ""},
		{"-db oracle://u:geheim@h/d", "-db: unknown database"},
		{"-db geheim@h", "-db: unknown database"},
		{"-redis redis://:geheim@127.0.0.1:6379/2", ""},
		{"-redis rediss://user:geheim@redis.example.com?read_timeout=500ms", ""},
		{"-redis geheim@127.0.0.1:6379", "-redis: must be redis://"},
		{"-redis redis://:geheim@/1", "-redis: must be redis://"},
		{"-redis redis://:geheim%zz@h/1", "-redis: must be redis://"},
		{"-redis unix://:geheim@/run/redis.sock", "-redis: must be redis://"},
		{"-redis redis://:geheim@h/first", "-redis: has a database number or a parameter"},
		{"-redis redis://h/1?password=geheim", "-redis: has a database number or a parameter"},
		{"-rtmp rtmps://ingest.example.com/live", ""},
		{"-rtmp http://h/live", "-rtmp"},
		{"-rtmp rtmp://h/live/", "-rtmp"},
		{"-media nginx", ""},
		{"-media=", ""},
		{"-media srs", `-media: "srs" is not supported`},
		{"-media none", `-media: "none" is not supported`},
		{"-public-url https://live.example.com", ""},
		{"-public-url https://live.example.com/", ""},
		{"-public-url http://live.example.com", "-public-url: must be https"},
		{"-public-url https://live.example.com/app", "-public-url: must have no path"},
		{"-public-url https://u@live.example.com", "-public-url"},
		{"-redirect-uri https://a.example/1 -redirect-uri https://a.example/2", ""},
		{"-redirect-uri /relative", "redirect-uri"},
		{"-redirect-uri https://a.example/#x", "redirect-uri"},
		{"-redirect-uri javascript:alert(1)", "redirect-uri"},
		{"-cert a.pem", "-cert and -key together"},
		{"-key a.pem", "-cert and -key together"},
		{"-trusted-proxy 10.0.0.0/8 -trusted-proxy ::1", ""},
		{"-trusted-proxy proxy", "trusted-proxy"},
		{"-ingest-timeout 0", ""},
		{"-ingest-timeout 1s", ""},
		{"-ingest-timeout 10ms", "-ingest-timeout: must be 0 or at least 1s"},
		{"-media nginx -ingest-timeout 3s", ""},
		{"-media nginx -ingest-timeout 2s", "-ingest-timeout: must be 0 or at least 3s"},
		{"-ingest-timeout -1s", "-ingest-timeout"},
		{"extra", `unexpected argument "extra"`},
		{"-nope", "not defined"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			_, err := parseFlags(strings.Fields(tt.args), io.Discard)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("error %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			case err != nil && strings.Contains(err.Error(), "geheim"):
				t.Errorf("the error repeats the password: %v", err)
			}
		})
	}
}

func TestFlagsReportEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := parseFlags([]string{"-addr", ":1", "-db", "oracle:x", "-media", "srs"}, io.Discard)
	for _, want := range []string{"-addr", "-db", "-media"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %s", err, want)
		}
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	t.Parallel()
	var usage strings.Builder
	if _, err := parseFlags([]string{"-h"}, &usage); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("error %v", err)
	}
	if code := run(t.Context(), []string{"-h"}, io.Discard, &usage); code != 0 || !strings.Contains(usage.String(), "-public-url") {
		t.Errorf("code %d, usage:\n%s", code, usage.String())
	}
	if !strings.Contains(usage.String(), "nginx; empty for none") {
		t.Errorf("the usage does not tell what -media takes:\n%s", usage.String())
	}
	if code := run(t.Context(), []string{"-addr", ":80"}, io.Discard, io.Discard); code != 2 {
		t.Errorf("code %d for a bad flag, want 2", code)
	}
}
