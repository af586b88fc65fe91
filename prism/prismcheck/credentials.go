package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

// credentials is the quickstart's credentials.json.
type credentials struct {
	ServiceAPIDomain string `json:"serviceApiDomain"`
	AuthorizeURL     string `json:"authorizeUrl"`
	ClientID         string `json:"clientId"`
	ClientSecret     string `json:"clientSecret"`
	RedirectURI      string `json:"redirectUri"`
	Users            []struct {
		Login    string `json:"login"`
		Password string `json:"password"`
		Channels []struct {
			Enabled bool `json:"enabled"`
		} `json:"channels"`
	} `json:"users"`
}

func readCredentials(path string) (credentials, error) {
	var c credentials
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return c, err
	}
	if json.Unmarshal(text, &c) != nil {
		// The decoder's error can quote the file.
		return c, fmt.Errorf("%s is not JSON of the expected form", path)
	}
	return c, nil
}

// accounts returns two streamers with an enabled channel; one with a disabled
// channel as well comes first, since more can be checked with it.
func (c credentials) accounts() (first, second check.Account) {
	var streamers []check.Account
	for _, u := range c.Users {
		enabled, disabled := false, false
		for _, channel := range u.Channels {
			enabled, disabled = enabled || channel.Enabled, disabled || !channel.Enabled
		}
		account := check.Account{Account: u.Login, Password: u.Password}
		switch {
		case enabled && disabled:
			streamers = append([]check.Account{account}, streamers...)
		case enabled:
			streamers = append(streamers, account)
		}
	}
	if len(streamers) > 0 {
		first = streamers[0]
	}
	if len(streamers) > 1 {
		second = streamers[1]
	}
	return first, second
}
