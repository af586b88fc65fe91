package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep a request body may nest. The contract's bodies are flat.
const maxDepth = 16

// FieldError is a problem with one field of a request. Both parts are safe to
// send.
type FieldError struct {
	Field, Problem string
}

// Error returns the field and the problem.
func (e *FieldError) Error() string { return "wire: " + e.Field + ": " + e.Problem }

func fieldError(field, format string, args ...any) error {
	return &FieldError{Field: field, Problem: fmt.Sprintf(format, args...)}
}

// Object is a JSON object whose keys are unique, by exact name.
type Object map[string]json.RawMessage

// ParseObject reads a body that must be one JSON object in UTF-8, without
// duplicate keys at any depth and nested at most maxDepth deep.
func ParseObject(body []byte) (Object, error) {
	if !utf8.Valid(body) {
		return nil, fieldError("body", "is not UTF-8")
	}
	if err := checkShape(json.NewDecoder(bytes.NewReader(body))); err != nil {
		return nil, err
	}
	var o Object
	if err := json.Unmarshal(body, &o); err != nil {
		return nil, fieldError("body", "must be one JSON object")
	}
	return o, nil
}

func checkShape(dec *json.Decoder) error {
	dec.UseNumber()
	token, err := dec.Token()
	if err != nil || token != json.Delim('{') {
		return fieldError("body", "must be one JSON object")
	}
	if err := checkMembers(dec, '{', 1); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fieldError("body", "must be one JSON object and nothing after it")
	}
	return nil
}

// checkMembers reads up to the delimiter that closes the object or array.
func checkMembers(dec *json.Decoder, open json.Delim, depth int) error {
	if depth > maxDepth {
		return fieldError("body", "is nested too deeply")
	}
	var keys map[string]bool
	if open == '{' {
		keys = map[string]bool{}
	}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return fieldError("body", "is not valid JSON")
		}
		if keys != nil {
			key, _ := token.(string)
			if keys[key] {
				return fieldError("body", "has a key twice")
			}
			keys[key] = true
			if token, err = dec.Token(); err != nil {
				return fieldError("body", "is not valid JSON")
			}
		}
		if delim, ok := token.(json.Delim); ok {
			if err := checkMembers(dec, delim, depth+1); err != nil {
				return err
			}
		}
	}
	if _, err := dec.Token(); err != nil {
		return fieldError("body", "is not valid JSON")
	}
	return nil
}

// String returns a string field, or nil when it is absent or null.
func (o Object) String(field string) (*string, error) {
	raw, ok := o[field]
	if !ok || string(raw) == "null" {
		return nil, nil
	}
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return nil, fieldError(field, "must be a string")
	}
	if strings.ContainsRune(s, 0) {
		return nil, fieldError(field, "must not contain NUL")
	}
	return &s, nil
}

// Number returns a number field, or nil when it is absent or null.
func (o Object) Number(field string) (*float64, error) {
	raw, ok := o[field]
	if !ok || string(raw) == "null" {
		return nil, nil
	}
	var n float64
	if err := json.Unmarshal(raw, &n); err != nil || math.IsInf(n, 0) {
		return nil, fieldError(field, "must be a number")
	}
	return &n, nil
}
