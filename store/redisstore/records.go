package redisstore

import (
	"encoding/base64"
	"strconv"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
)

func digestText(d oauth.Digest) string { return base64.RawURLEncoding.EncodeToString(d[:]) }

// timeText is a time in microseconds. The scripts compare them as numbers,
// which are exact up to the year 2255.
func timeText(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

// fields reads a hash and remembers the first field that was not readable.
type fields struct {
	values map[string]string
	bad    bool
}

// fieldsOf takes a script's reply of names and values in turn.
func fieldsOf(reply any) fields {
	flat, ok := reply.([]any)
	f := fields{values: make(map[string]string, len(flat)/2), bad: !ok || len(flat)%2 != 0}
	for i := 0; i+1 < len(flat); i += 2 {
		name, nameOK := flat[i].(string)
		value, valueOK := flat[i+1].(string)
		f.values[name] = value
		f.bad = f.bad || !nameOK || !valueOK
	}
	return f
}

func (f *fields) number(name string) int64 {
	n, err := strconv.ParseInt(f.values[name], 10, 64)
	f.bad = f.bad || err != nil
	return n
}

func (f *fields) time(name string) time.Time { return time.UnixMicro(f.number(name)).UTC() }

// maybeTime is zero when the field is not there.
func (f *fields) maybeTime(name string) time.Time {
	if f.values[name] == "" {
		return time.Time{}
	}
	return f.time(name)
}

func codeFields(c oauth.Code) []any {
	return []any{
		"family", c.FamilyID, "client", c.ClientID, "user", c.UserID, "scope", c.Scope,
		"redirect", c.RedirectURI, "challenge", c.Challenge,
	}
}

func readCode(digest oauth.Digest, f fields) (oauth.Code, error) {
	code := oauth.Code{
		Digest:      digest,
		FamilyID:    f.values["family"],
		ClientID:    f.values["client"],
		UserID:      f.values["user"],
		Scope:       f.values["scope"],
		RedirectURI: f.values["redirect"],
		Challenge:   f.values["challenge"],
		ExpiresAt:   f.time("expires"),
		UsedAt:      f.maybeTime("used"),
	}
	if f.bad {
		return oauth.Code{}, unreadable("code")
	}
	return code, nil
}

func familyFields(fam oauth.Family) []any {
	list := []any{
		"client", fam.ClientID, "user", fam.UserID, "scope", fam.Scope,
		"created", timeText(fam.CreatedAt), "rotated", timeText(fam.RotatedAt),
		"pairs", fam.Pairs, "used", 0,
	}
	if fam.Used {
		list[len(list)-1] = 1
	}
	if !fam.RevokedAt.IsZero() {
		list = append(list, "revoked", timeText(fam.RevokedAt))
	}
	return list
}

func readFamily(id string, f fields) (oauth.Family, error) {
	fam := oauth.Family{
		ID:         id,
		ClientID:   f.values["client"],
		UserID:     f.values["user"],
		Scope:      f.values["scope"],
		CreatedAt:  f.time("created"),
		ExpiresAt:  f.time("expires"),
		Generation: int(f.number("generation")),
		RotatedAt:  f.time("rotated"),
		Pairs:      int(f.number("pairs")),
		Used:       f.values["used"] == "1",
		RevokedAt:  f.maybeTime("revoked"),
	}
	if f.bad {
		return oauth.Family{}, unreadable("family")
	}
	return fam, nil
}
