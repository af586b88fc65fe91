package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
)

// nginxForm is the part of a hook of nginx-rtmp that counts.
type nginxForm struct {
	call, app, name, addr, clientID string
}

var errNGINXForm = errors.New("ingest: nginx hook")

// parseNGINXForm reads the body of a hook. nginx appends the query string of
// the publisher as it came, after its own fields, so a publisher can send any
// of them once more: a body that has one of ours twice is refused. Its errors
// name fields, never values.
func parseNGINXForm(body []byte) (nginxForm, error) {
	var f nginxForm
	fields := [...]struct {
		key  string
		to   *string
		seen bool
	}{{key: "call", to: &f.call}, {key: "app", to: &f.app}, {key: "name", to: &f.name}, {key: "addr", to: &f.addr}, {key: "clientid", to: &f.clientID}}
	for pair := range bytes.SplitSeq(body, []byte("&")) {
		rawKey, rawValue, _ := bytes.Cut(pair, []byte("="))
		// nginx escapes a space as %20 and may leave "+" as it is, so a plus
		// means a plus.
		key, err := url.PathUnescape(string(rawKey))
		if err != nil {
			continue
		}
		for i := range fields {
			field := &fields[i]
			if field.key != key {
				continue
			}
			if field.seen {
				return nginxForm{}, fmt.Errorf("%w: %s comes twice", errNGINXForm, field.key)
			}
			field.seen = true
			value, err := url.PathUnescape(string(rawValue))
			if err != nil {
				return nginxForm{}, fmt.Errorf("%w: %s is badly escaped", errNGINXForm, field.key)
			}
			*field.to = value
		}
	}
	if f.call == "" {
		return nginxForm{}, fmt.Errorf("%w: call is missing", errNGINXForm)
	}
	if !decimal(f.clientID) {
		return nginxForm{}, fmt.Errorf("%w: clientid is not a number", errNGINXForm)
	}
	return f, nil
}

// decimal reports whether s is a number as nginx prints it: at most 20 digits.
func decimal(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 20
}
