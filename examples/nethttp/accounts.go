package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/crypto/argon2"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

// account is someone who can sign in: a member of the service, or the admin,
// who has no user id.
type account struct {
	login    string
	userID   string
	admin    bool
	channels []string
	password passwordHash
	// sessionKey signs this account's sessions.
	sessionKey []byte
}

// accountDirectory is this app's own user base. It keeps password hashes only.
// It is safe for concurrent use and does not change after it was made.
type accountDirectory struct {
	byLogin map[string]*account
	byUser  map[string]*account
	// members is in the order of credentials.json.
	members []*account
	// owners maps a channel's id to its owner's.
	owners map[string]string
	// decoy is checked for an unknown login, so that it takes as long.
	decoy passwordHash
	// hashing bounds the memory that parallel sign-ins take.
	hashing chan struct{}
}

// newAccountDirectory hashes the passwords of credentials.json, all CPUs at work.
func newAccountDirectory(c credentials) *accountDirectory {
	d := &accountDirectory{
		byLogin: map[string]*account{}, byUser: map[string]*account{}, owners: map[string]string{},
		hashing: make(chan struct{}, max(2, runtime.NumCPU())),
	}
	var hashes sync.WaitGroup
	hash := func(into *passwordHash, password string) {
		hashes.Go(func() {
			d.hashing <- struct{}{}
			defer func() { <-d.hashing }()
			*into = hashPassword(password)
		})
	}
	hash(&d.decoy, newPassword())
	admin := &account{login: c.Admin.Login, admin: true, sessionKey: c.sessionKey(c.Admin.Login, c.Admin.Password)}
	d.byLogin[admin.login] = admin
	hash(&admin.password, c.Admin.Password)
	for _, m := range c.Users {
		a := &account{login: m.Login, userID: m.UserID, sessionKey: c.sessionKey(m.Login, m.Password)}
		for _, ch := range m.Channels {
			a.channels = append(a.channels, ch.ChannelID)
			d.owners[ch.ChannelID] = m.UserID
		}
		d.byLogin[a.login], d.byUser[a.userID] = a, a
		d.members = append(d.members, a)
		hash(&a.password, m.Password)
	}
	hashes.Wait()
	return d
}

// check returns the account with this login and password, or
// oauth.ErrBadCredentials for a wrong pair, in the same time whether or not the
// account exists.
func (d *accountDirectory) check(ctx context.Context, login, password string) (*account, error) {
	select {
	case d.hashing <- struct{}{}:
		defer func() { <-d.hashing }()
	case <-ctx.Done():
		return nil, fmt.Errorf("sign-in: %w: %w", prism.ErrUnavailable, ctx.Err())
	}
	a, ok := d.byLogin[login]
	want := d.decoy
	if ok {
		want = a.password
	}
	if !want.matches(password) || !ok {
		return nil, oauth.ErrBadCredentials
	}
	return a, nil
}

// passwordHash is argon2id (RFC 9106) with its salt.
type passwordHash struct {
	salt [16]byte
	key  [32]byte
}

// The cost of a hash, as OWASP advises for argon2id: 19 MiB, two passes.
const (
	argonTime    = 2
	argonMemory  = 19 << 10
	argonThreads = 1
)

func hashPassword(password string) passwordHash {
	var h passwordHash
	rand.Read(h.salt[:]) // never fails, by its contract
	h.key = h.derive(password)
	return h
}

func (h passwordHash) matches(password string) bool {
	got := h.derive(password)
	return subtle.ConstantTimeCompare(got[:], h.key[:]) == 1
}

func (h passwordHash) derive(password string) [32]byte {
	return [32]byte(argon2.IDKey([]byte(password), h.salt[:], argonTime, argonMemory, argonThreads, 32))
}
