package main

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/b2bprism/b2bprism/oauth"
)

// credentials is credentials.json: where this instance stands, and the ids and
// passwords that are made once. The demo is seeded from it, so that instances
// that share the file agree.
type credentials struct {
	ServiceAPIDomain         string        `json:"serviceApiDomain"`
	InsecureServiceAPIDomain string        `json:"insecureServiceApiDomain"`
	AuthorizeURL             string        `json:"authorizeUrl"`
	ClientID                 string        `json:"clientId"`
	ClientSecret             string        `json:"clientSecret"`
	RedirectURI              string        `json:"redirectUri"`
	RTMPBase                 string        `json:"rtmpBase"`
	Admin                    adminEntry    `json:"admin"`
	Users                    []memberEntry `json:"users"`
}

type adminEntry struct {
	Login    string `json:"login"`
	Password string `json:"password"`
}

type memberEntry struct {
	Login    string         `json:"login"`
	Password string         `json:"password"`
	UserID   string         `json:"userId"`
	Channels []channelEntry `json:"channels"`
}

type channelEntry struct {
	ChannelID string `json:"channelId"`
	Enabled   bool   `json:"enabled"`
}

// addresses is the part of credentials.json that each start writes anew.
type addresses struct {
	public, plain, rtmpBase string
	// redirectURI is "" to keep what the file has.
	redirectURI string
}

// loadCredentials reads the credentials at path, or makes them there, and
// writes them with the addresses of this start to own. When the two differ, the
// file at path belongs to several instances and is not changed once it exists.
func loadCredentials(path, own string, demo bool, at addresses) (credentials, error) {
	c, err := readCredentials(path)
	if errors.Is(err, fs.ErrNotExist) {
		c = newCredentials()
		if demo {
			c.Users = demoMembers()
		}
		c.setAddresses(at)
		// Another instance may have made the file in between; then that counts.
		if err = createFile(path, c.encode()); err == nil || errors.Is(err, fs.ErrExist) {
			c, err = readCredentials(path)
		}
	}
	if err != nil {
		return credentials{}, fmt.Errorf("credentials: %w", err)
	}
	if demo && path == own && len(c.Users) == 0 {
		c.Users = demoMembers()
	}
	c.setAddresses(at)
	//nolint:gosec // G304: the operator names the file
	if old, err := os.ReadFile(own); err == nil && bytes.Equal(old, c.encode()) {
		return c, nil
	}
	if err := replaceFile(own, c.encode()); err != nil {
		return credentials{}, fmt.Errorf("credentials: %w", err)
	}
	return c, nil
}

func newCredentials() credentials {
	id, secret := oauth.NewCredentials()
	return credentials{
		ClientID: id, ClientSecret: secret,
		Admin: adminEntry{Login: "admin", Password: newPassword()},
		Users: []memberEntry{},
	}
}

// newPassword returns 26 random letters and digits, 130 bits.
func newPassword() string { return rand.Text() }

func (c *credentials) setAddresses(at addresses) {
	c.ServiceAPIDomain = at.public
	c.InsecureServiceAPIDomain = at.plain
	c.AuthorizeURL = at.public + "/prism/oauth/authorize"
	c.RTMPBase = at.rtmpBase
	switch {
	case at.redirectURI != "":
		c.RedirectURI = at.redirectURI
	case c.RedirectURI == "":
		c.RedirectURI = placeholderRedirectURI
	}
}

// signingSecrets are prism.Config.Secrets and oauth.Config.Secrets. They are
// derived, so that all instances with this file have the same ones. The admin's
// password is in, because PRISM knows the client secret.
func (c credentials) signingSecrets() ([][]byte, error) {
	key, err := c.derive("b2bprism signing")
	if err != nil {
		return nil, fmt.Errorf("derive signing secret: %w", err)
	}
	return [][]byte{key}, nil
}

// sessionKey signs the sessions of one account. A new password ends them.
func (c credentials) sessionKey(login, password string) []byte {
	digest := sha256.Sum256([]byte(password))
	key, err := c.derive("session\n" + hex.EncodeToString(digest[:]) + "\n" + login)
	if err != nil {
		panic(err) // only a longer key than SHA-256 can give is refused
	}
	return key
}

func (c credentials) derive(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, []byte(c.ClientSecret+"\n"+c.Admin.Password), []byte(c.ClientID), purpose, 32)
}

func (c credentials) encode() []byte {
	//nolint:gosec // G117: this file is where the secrets are kept
	out, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		panic(err) // strings and bools only
	}
	return append(out, '\n')
}

func readCredentials(path string) (credentials, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // G304: the operator names the file
	if err != nil {
		return credentials{}, err
	}
	var c credentials
	if err := json.Unmarshal(raw, &c); err != nil {
		// The error of the decoder can quote the file; say only where.
		return credentials{}, fmt.Errorf("%s is not valid JSON of the expected form", path)
	}
	if c.Users == nil {
		c.Users = []memberEntry{}
	}
	for i := range c.Users {
		if c.Users[i].Channels == nil {
			c.Users[i].Channels = []channelEntry{}
		}
	}
	if err := c.check(); err != nil {
		return credentials{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, fs.ErrPermission) {
		return credentials{}, err
	}
	return c, nil
}

// consoleCredential is what the NAVER Cloud console takes.
var consoleCredential = regexp.MustCompile(`^[A-Za-z0-9]{3,20}$`)

func (c credentials) check() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !consoleCredential.MatchString(c.ClientID) {
		bad("clientId must be 3 to 20 letters and digits")
	}
	if !consoleCredential.MatchString(c.ClientSecret) {
		bad("clientSecret must be 3 to 20 letters and digits")
	}
	if c.Admin.Login == "" || c.Admin.Password == "" {
		bad("admin needs a login and a password")
	}
	logins, ids, channels := map[string]bool{c.Admin.Login: true}, map[string]bool{}, map[string]bool{}
	for i, u := range c.Users {
		if u.Login == "" || u.Password == "" || u.UserID == "" {
			bad("users[%d] needs a login, a password and a userId", i)
		}
		if logins[u.Login] || ids[u.UserID] {
			bad("users[%d] repeats a login or a userId", i)
		}
		logins[u.Login], ids[u.UserID] = true, true
		for j, ch := range u.Channels {
			if ch.ChannelID == "" || channels[ch.ChannelID] {
				bad("users[%d].channels[%d] needs a channelId of its own", i, j)
			}
			channels[ch.ChannelID] = true
		}
	}
	return errors.Join(problems...)
}

// createFile writes a new file as a whole, or returns fs.ErrExist.
func createFile(path string, data []byte) error {
	return writeFile(path, data, os.Link)
}

// replaceFile writes a file so that a reader sees the old one or the new one.
func replaceFile(path string, data []byte) error {
	return writeFile(path, data, os.Rename)
}

func writeFile(path string, data []byte, publish func(temp, path string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		//nolint:gosec // G703: the name is of our own making
		if e := os.Remove(f.Name()); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return publish(f.Name(), path)
}
