package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var testAddresses = addresses{public: "https://a.example", plain: "http://127.0.0.1:1", rtmpBase: "rtmp://a.example/live"}

func load(t *testing.T, path, own string, demo bool, at addresses) credentials {
	t.Helper()
	c, err := loadCredentials(path, own, demo, at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCredentialsFile(t *testing.T) {
	t.Parallel()
	own := filepath.Join(t.TempDir(), "credentials.json")
	made := load(t, own, own, true, testAddresses)
	info, err := os.Stat(own)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	raw, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	var top map[string]any
	if err := json.Unmarshal(raw, &top); err != nil {
		t.Fatal(err)
	}
	keys := make([]string, 0, len(top))
	for k := range top {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	want := []string{"admin", "authorizeUrl", "clientId", "clientSecret", "insecureServiceApiDomain", "redirectUri", "rtmpBase", "serviceApiDomain", "users"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
	if made.AuthorizeURL != "https://a.example/prism/oauth/authorize" || made.RedirectURI != placeholderRedirectURI {
		t.Errorf("authorizeUrl %q, redirectUri %q", made.AuthorizeURL, made.RedirectURI)
	}
	streamers, both := 0, false
	for _, u := range made.Users {
		if len(u.Channels) > 0 {
			streamers++
		}
		on := slices.ContainsFunc(u.Channels, func(c channelEntry) bool { return c.Enabled })
		off := slices.ContainsFunc(u.Channels, func(c channelEntry) bool { return !c.Enabled })
		both = both || on && off
	}
	if streamers < 2 || !both {
		t.Errorf("%d streamers; one with an enabled and a disabled channel: %t", streamers, both)
	}
}

func TestCredentialsAreKept(t *testing.T) {
	t.Parallel()
	own := filepath.Join(t.TempDir(), "credentials.json")
	first := load(t, own, own, true, testAddresses)
	moved := addresses{public: "https://b.example", plain: "http://127.0.0.1:2", rtmpBase: "rtmp://b.example/live", redirectURI: testRedirectURI}
	second := load(t, own, own, true, moved)
	if second.ServiceAPIDomain != "https://b.example" || second.RTMPBase != moved.rtmpBase || second.RedirectURI != testRedirectURI {
		t.Errorf("the addresses were not refreshed: %+v", second.ServiceAPIDomain)
	}
	third := load(t, own, own, true, testAddresses)
	if third.RedirectURI != testRedirectURI {
		t.Error("the redirect URI was not kept without the flag")
	}
	third.RedirectURI = first.RedirectURI
	if diff := cmp.Diff(first, third); diff != "" {
		t.Error("secrets changed", diff)
	}
	keyA, errA := first.signingSecrets()
	keyB, errB := second.signingSecrets()
	if errA != nil || errB != nil || !cmp.Equal(keyA, keyB) || len(keyA[0]) != 32 {
		t.Error("the signing secrets changed")
	}
}

func TestCredentialsWithoutDemo(t *testing.T) {
	t.Parallel()
	own := filepath.Join(t.TempDir(), "credentials.json")
	c := load(t, own, own, false, testAddresses)
	if len(c.Users) != 0 || c.ClientID == "" || c.Admin.Password == "" {
		t.Errorf("%d users, client %q", len(c.Users), c.ClientID)
	}
	raw, err := os.ReadFile(own)
	if err != nil || !strings.Contains(string(raw), `"users": []`) {
		t.Errorf("users is not an empty list: %v", err)
	}
	if c = load(t, own, own, true, testAddresses); len(c.Users) == 0 {
		t.Error("the demo's users are not added later")
	}
}

// Instances that start together on one file agree, and none overwrites it.
func TestSharedCredentials(t *testing.T) {
	t.Parallel()
	shared := filepath.Join(t.TempDir(), "shared.json")
	var all [8]credentials
	var wg sync.WaitGroup
	for i := range all {
		own := filepath.Join(t.TempDir(), "credentials.json")
		wg.Go(func() {
			c, err := loadCredentials(shared, own, true, testAddresses)
			if err != nil {
				t.Error(err)
			}
			all[i] = c
		})
	}
	wg.Wait()
	for _, c := range all[1:] {
		if diff := cmp.Diff(all[0], c); diff != "" {
			t.Error(diff)
		}
	}
	own := filepath.Join(t.TempDir(), "credentials.json")
	moved := load(t, shared, own, true, addresses{public: "https://b.example", plain: "http://127.0.0.1:2", rtmpBase: "rtmp://b/live"})
	kept, err := readCredentials(shared)
	if err != nil || kept.ServiceAPIDomain != "https://a.example" {
		t.Errorf("the shared file was changed: %q, %v", kept.ServiceAPIDomain, err)
	}
	mine, err := readCredentials(own)
	if err != nil || !cmp.Equal(mine, moved) || mine.ServiceAPIDomain != "https://b.example" {
		t.Errorf("the own file is not this instance's: %v", err)
	}
}

func TestBadCredentialsFile(t *testing.T) {
	t.Parallel()
	good := newCredentials()
	good.Users = demoMembers()
	tests := map[string]struct {
		change func(*credentials)
		want   string
	}{
		"long secret":      {func(c *credentials) { c.ClientSecret = strings.Repeat("a", 21) }, "clientSecret"},
		"bad client id":    {func(c *credentials) { c.ClientID = "a-b-c" }, "clientId"},
		"no admin":         {func(c *credentials) { c.Admin.Password = "" }, "admin"},
		"no user id":       {func(c *credentials) { c.Users[1].UserID = "" }, "users[1]"},
		"repeated login":   {func(c *credentials) { c.Users[1].Login = c.Users[0].Login }, "users[1]"},
		"admin's login":    {func(c *credentials) { c.Users[0].Login = "admin" }, "users[0]"},
		"shared channel":   {func(c *credentials) { c.Users[1].Channels[0] = c.Users[0].Channels[0] }, "users[1].channels[0]"},
		"nameless channel": {func(c *credentials) { c.Users[0].Channels[0].ChannelID = "" }, "users[0].channels[0]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c credentials
			if err := json.Unmarshal(good.encode(), &c); err != nil {
				t.Fatal(err)
			}
			tt.change(&c)
			own := filepath.Join(t.TempDir(), "credentials.json")
			if err := os.WriteFile(own, c.encode(), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := loadCredentials(own, own, true, testAddresses)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), c.Users[0].Password) {
				t.Error("the error has a password")
			}
		})
	}
	own := filepath.Join(t.TempDir(), "credentials.json")
	if err := os.WriteFile(own, []byte(`{"clientSecret": "geheim", `), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := loadCredentials(own, own, true, testAddresses); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("error %v", err)
	}
}
