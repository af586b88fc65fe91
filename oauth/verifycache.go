package oauth

import (
	"encoding/binary"
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	// cacheWays is how many entries share a place of the cache, so that two
	// tokens do not drive each other out.
	cacheWays = 4
	// cacheChunk is how many sets are made at once, when one of them is first
	// needed: a host with few streamers has few.
	cacheChunk = 64
	// revocationSlots are what revocations are noted in. Two families that
	// share one cost each other a question to the store, no more.
	revocationSlots = 1024
)

// verifyCache remembers access tokens that were found good, for a while and
// bounded in number, by their digests. A nil one remembers nothing. It is safe
// for concurrent use and takes no lock: entries are immutable, and whether one
// still counts is decided when it is read.
//
// A revocation must win over a check that read the store before it and is
// slow to report: so the revocations of this process are counted, an entry says
// how many there were before the store was asked, and each family and user says
// which was the last that concerned it.
type verifyCache struct {
	ttl    time.Duration
	sets   uint64
	chunks []atomic.Pointer[[cacheChunk]cacheSet]

	revocations atomic.Uint64
	seed        maphash.Seed
	lastOf      [revocationSlots]atomic.Uint64
}

// cacheSet is where the tokens are whose digests lead to one place.
type cacheSet [cacheWays]atomic.Pointer[cachedAccess]

// goodAccess is an access token that is good until it expires.
type goodAccess struct {
	principal prism.Principal
	expiresAt time.Time
}

// cachedAccess is an entry of the cache.
type cachedAccess struct {
	digest Digest
	goodAccess
	reading
	// family and user are their places in lastOf.
	family, user uint32
}

// reading is the moment just before the store was asked.
type reading struct {
	at          time.Time
	revocations uint64
}

// newVerifyCache makes a cache of at most that many entries, rounded down to a
// multiple of cacheWays.
func newVerifyCache(ttl time.Duration, entries int) *verifyCache {
	sets := entries / cacheWays
	return &verifyCache{
		ttl:    ttl,
		sets:   uint64(sets),
		chunks: make([]atomic.Pointer[[cacheChunk]cacheSet], (sets+cacheChunk-1)/cacheChunk),
		seed:   maphash.MakeSeed(),
	}
}

// reading must be taken before the store is asked for what keep is given.
func (c *verifyCache) reading(now time.Time) reading {
	if c == nil {
		return reading{}
	}
	return reading{now, c.revocations.Load()}
}

// find returns a token that was kept and still counts.
func (c *verifyCache) find(digest *Digest, now time.Time) (goodAccess, bool) {
	if c == nil {
		return goodAccess{}, false
	}
	chunk, i := c.place(digest)
	made := chunk.Load()
	if made == nil {
		return goodAccess{}, false
	}
	set := &made[i]
	for way := range set {
		e := set[way].Load()
		if e != nil && e.digest == *digest && c.counts(e, now) {
			return e.goodAccess, true
		}
	}
	return goodAccess{}, false
}

// keep remembers a token of the family. Where there is no room it goes in the
// place of the entry that was read longest ago.
func (c *verifyCache) keep(digest *Digest, good goodAccess, familyID string, r reading) {
	if c == nil {
		return
	}
	chunk, i := c.place(digest)
	if chunk.Load() == nil {
		chunk.CompareAndSwap(nil, new([cacheChunk]cacheSet))
	}
	set := &chunk.Load()[i]
	place, oldest := 0, time.Time{}
	for way := range set {
		e := set[way].Load()
		if e == nil || e.digest == *digest {
			place = way
			break
		}
		if way == 0 || e.at.Before(oldest) {
			place, oldest = way, e.at
		}
	}
	set[place].Store(&cachedAccess{
		digest: *digest, goodAccess: good, reading: r,
		family: c.slot(familyID), user: c.slot(good.principal.UserID),
	})
}

// revoked makes what was read before about a family or a user not count any
// more. It must be called after the store was told, and before anybody is told
// that it was.
func (c *verifyCache) revoked(familyOrUserID string) {
	if c == nil {
		return
	}
	n := c.revocations.Add(1)
	last := &c.lastOf[c.slot(familyOrUserID)]
	for {
		old := last.Load()
		if old >= n || last.CompareAndSwap(old, n) {
			return
		}
	}
}

// counts reports whether an entry is as good as asking the store. A clock that
// went back makes it not count, since its age is not known then.
func (c *verifyCache) counts(e *cachedAccess, now time.Time) bool {
	age := now.Sub(e.at)
	return age >= 0 && age < c.ttl && now.Before(e.expiresAt) &&
		c.lastOf[e.family].Load() <= e.revocations && c.lastOf[e.user].Load() <= e.revocations
}

// place is where the digest's entry must be: the chunk, which may not be made
// yet, and the set in it. Digests are spread evenly already.
func (c *verifyCache) place(digest *Digest) (chunk *atomic.Pointer[[cacheChunk]cacheSet], set uint64) {
	n := binary.BigEndian.Uint64(digest[:]) % c.sets
	return &c.chunks[n/cacheChunk], n % cacheChunk
}

func (c *verifyCache) slot(familyOrUserID string) uint32 {
	return uint32(maphash.String(c.seed, familyOrUserID) % revocationSlots)
}
