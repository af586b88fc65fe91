package wire

import (
	"encoding/json"
	"fmt"
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
	return parseObject(body, 1)
}

func parseObject(text []byte, depth int) (Object, error) {
	if depth > maxDepth {
		return nil, fieldError("body", "is nested too deeply")
	}
	var o Object
	if err := json.Unmarshal(text, &o); err != nil || o == nil { // nil is what null becomes
		return nil, fieldError("body", "must be one JSON object")
	}
	if members(text) != len(o) {
		return nil, fieldError("body", "has a key twice")
	}
	for _, value := range o {
		if err := checkValue(value, depth+1); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// checkValue looks for duplicate keys and depth in a value that is sound JSON.
func checkValue(value json.RawMessage, depth int) error {
	switch value[0] {
	case '{':
		_, err := parseObject(value, depth)
		return err
	case '[':
		if depth > maxDepth {
			return fieldError("body", "is nested too deeply")
		}
		var list []json.RawMessage
		if err := json.Unmarshal(value, &list); err != nil {
			return fieldError("body", "is not valid JSON")
		}
		for _, element := range list {
			if err := checkValue(element, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// members counts the members of a sound JSON object, those with the same key
// too. Each has one colon after its key.
func members(object []byte) int {
	n, depth := 0, 0
	inString, escaped := false, false
	for _, c := range object {
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped, inString = c == '\\', c != '"'
		case c == '"':
			inString = true
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			depth--
		case c == ':' && depth == 1:
			n++
		}
	}
	return n
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
