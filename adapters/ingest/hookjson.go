package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
)

// errHook is wrapped by what is wrong with the body of a hook. The texts name
// fields, never values: those hold stream keys.
var errHook = errors.New("ingest: hook")

// hookObject is a JSON object of a hook.
type hookObject map[string]json.RawMessage

// parseHook reads a body that is one JSON object. A name that comes twice is
// refused, because readers differ in which value they take. encoding/json
// would also take "ACTION" for "action"; here a name has one spelling.
func parseHook(body []byte) (hookObject, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return nil, fmt.Errorf("%w: not a JSON object", errHook)
	}
	object := make(hookObject)
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: bad JSON", errHook)
		}
		name, _ := token.(string) // the decoder allows nothing else here
		if _, twice := object[name]; twice {
			return nil, fmt.Errorf("%w: a name comes twice", errHook)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, fmt.Errorf("%w: bad JSON", errHook)
		}
		object[name] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("%w: bad JSON", errHook)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: more than one JSON value", errHook)
	}
	return object, nil
}

// text returns a string, "" for null and for a name that is not there.
func (o hookObject) text(name string) (string, error) {
	value, ok := o[name]
	if !ok || string(value) == "null" {
		return "", nil
	}
	var s *string
	if err := json.Unmarshal(value, &s); err != nil || s == nil {
		return "", fmt.Errorf("%w: %s is not a string", errHook, name)
	}
	return *s, nil
}

// texts reads several strings at once.
func (o hookObject) texts(fields map[string]*string) error {
	for name, to := range fields {
		value, err := o.text(name)
		if err != nil {
			return err
		}
		*to = value
	}
	return nil
}

// id returns the id of a connection: a string of letters, digits, "_" and "-",
// or a number as older servers have it.
func (o hookObject) id(name string) (string, error) {
	if value := string(o[name]); decimal(value) {
		return value, nil
	}
	id, err := o.text(name)
	if err != nil {
		return "", err
	}
	if !nameSafe(id) {
		return "", fmt.Errorf("%w: %s is missing or has other characters", errHook, name)
	}
	return id, nil
}

// object returns an object within the object.
func (o hookObject) object(name string) (hookObject, error) {
	inner, err := parseHook(o[name])
	if err != nil {
		return nil, fmt.Errorf("%w (in %s)", err, name)
	}
	return inner, nil
}

// parseHookForm reads the fields of a form that has each of them at most once.
// Others are ignored.
func parseHookForm(body []byte, fields map[string]*string) error {
	seen := make(map[string]bool, len(fields))
	for pair := range bytes.SplitSeq(body, []byte("&")) {
		rawKey, rawValue, _ := bytes.Cut(pair, []byte("="))
		// Servers escape a space as %20 and may leave "+" as it is, so a plus
		// means a plus.
		key, err := url.PathUnescape(string(rawKey))
		if err != nil {
			continue
		}
		to, ours := fields[key]
		if !ours {
			continue
		}
		if seen[key] {
			return fmt.Errorf("%w: %s comes twice", errHook, key)
		}
		seen[key] = true
		if *to, err = url.PathUnescape(string(rawValue)); err != nil {
			return fmt.Errorf("%w: %s is badly escaped", errHook, key)
		}
	}
	return nil
}
