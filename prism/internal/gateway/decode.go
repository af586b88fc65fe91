package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// maxDepth is the deepest nesting that is read. The contract needs 5.
const maxDepth = 32

type kind int

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
)

var kindNames = [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}

func (k kind) String() string { return kindNames[k] }

// node is a JSON value with what encoding/json would drop: the literal of a
// number and the keys that occur twice.
type node struct {
	kind kind
	// text is the value of a string or the literal of a number.
	text    string
	flag    bool
	items   []*node
	members map[string]*node
	// keys are the keys of members in their order.
	keys []string
	// raw is the JSON text of an object or array.
	raw []byte
}

// parse reads one JSON value. twice holds the paths of duplicate keys, of
// which the last one counts, as for encoding/json.
func parse(body []byte) (n *node, twice []string, err error) {
	if !utf8.Valid(body) {
		return nil, nil, errors.New("the body is not UTF-8")
	}
	if !json.Valid(body) {
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			return nil, nil, fmt.Errorf("the body is not JSON: %w", err)
		}
		return nil, nil, errors.New("the body is not JSON")
	}
	p := &parser{body: body, dec: json.NewDecoder(bytes.NewReader(body))}
	p.dec.UseNumber()
	n, err = p.value("", 0)
	return n, p.twice, err
}

type parser struct {
	body  []byte
	dec   *json.Decoder
	twice []string
}

func (p *parser) value(path string, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the body is nested deeper than %d", maxDepth)
	}
	tok, err := p.dec.Token()
	if err != nil {
		return nil, fmt.Errorf("the body is not JSON: %w", err)
	}
	switch t := tok.(type) {
	case bool:
		return &node{kind: kindBool, flag: t}, nil
	case json.Number:
		return &node{kind: kindNumber, text: t.String()}, nil
	case string:
		return &node{kind: kindString, text: t}, nil
	case json.Delim:
		// The offset is behind the delimiter that was just read.
		start := p.dec.InputOffset() - 1
		n := &node{kind: kindArray}
		if t == '{' {
			n = &node{kind: kindObject, members: map[string]*node{}}
		}
		if err := p.fill(n, path, depth); err != nil {
			return nil, err
		}
		n.raw = p.body[start:p.dec.InputOffset()]
		return n, nil
	default:
		return &node{kind: kindNull}, nil
	}
}

// fill reads the elements of an array or object up to its closing delimiter.
func (p *parser) fill(n *node, path string, depth int) error {
	for p.dec.More() {
		if n.kind == kindArray {
			item, err := p.value(path+"["+strconv.Itoa(len(n.items))+"]", depth+1)
			if err != nil {
				return err
			}
			n.items = append(n.items, item)
			continue
		}
		tok, err := p.dec.Token()
		if err != nil {
			return fmt.Errorf("the body is not JSON: %w", err)
		}
		key, ok := tok.(string)
		if !ok {
			return errors.New("the body is not JSON: a key is not a string")
		}
		at := join(path, key)
		if _, ok := n.members[key]; ok {
			p.twice = append(p.twice, at)
		} else {
			n.keys = append(n.keys, key)
		}
		if n.members[key], err = p.value(at, depth+1); err != nil {
			return err
		}
	}
	if _, err := p.dec.Token(); err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	return nil
}

// same reports whether two values are equal, whatever the order of keys.
func (n *node) same(m *node) bool {
	if n.kind != m.kind || n.text != m.text || n.flag != m.flag ||
		len(n.items) != len(m.items) || len(n.members) != len(m.members) {
		return false
	}
	for i := range n.items {
		if !n.items[i].same(m.items[i]) {
			return false
		}
	}
	for key, a := range n.members {
		if b, ok := m.members[key]; !ok || !a.same(b) {
			return false
		}
	}
	return true
}

// join appends a key to a JSON path; keys from the wire are cut short.
func join(path, key string) string {
	const most = 40
	if len(key) > most {
		key = key[:most] + "…"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}
