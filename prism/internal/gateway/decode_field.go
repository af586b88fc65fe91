package gateway

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// maxNumber is the largest number that the PC client reads.
const maxNumber = 2147483647

var (
	idPattern   = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,200}$`)
	datePattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$`)
	intPattern  = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)
)

// need says whether a field must be there and may be null.
type need int

const (
	// required: there, and not null.
	required need = iota
	// optional: may be missing; if there, not null.
	optional
	// nullable: may be missing or null.
	nullable
)

// object reads the fields of a JSON object by type and reports what is wrong
// with them. A field that is missing or wrong reads as its zero value.
type object struct {
	r    *report
	path string
	n    *node
}

// field returns the value of a field if it is there with the wanted type.
func (o object) field(key string, want kind, when need) *node {
	n, ok := o.n.members[key]
	at := join(o.path, key)
	switch {
	case !ok:
		if when == required {
			o.r.add(RuleRequiredField, at, "the field is missing")
		}
		return nil
	case n.kind == want:
		return n
	case n.kind == kindNull && when == nullable:
		return nil
	default:
		o.r.add(RuleFieldType, at, "got %s, want %s", n.kind, want)
		return nil
	}
}

func (o object) text(key string, when need) string {
	if n := o.field(key, kindString, when); n != nil {
		return n.text
	}
	return ""
}

// name is a required text that is not blank.
func (o object) name(key string) string {
	n := o.field(key, kindString, required)
	if n == nil {
		return ""
	}
	if strings.TrimSpace(n.text) == "" {
		o.r.add(RuleNotBlank, join(o.path, key), "the text is blank")
	}
	return n.text
}

func (o object) id(key string, when need) string {
	n := o.field(key, kindString, when)
	if n == nil {
		return ""
	}
	if !idPattern.MatchString(n.text) || n.text == "." || n.text == ".." {
		o.r.add(RuleID, join(o.path, key), "got %s, want 1 to 200 of the characters A-Z a-z 0-9 . _ ~ -", shown(n.text))
	}
	return n.text
}

func (o object) flag(key string, when need) bool {
	n := o.field(key, kindBool, when)
	return n != nil && n.flag
}

// count is an optional integer of 0 to maxNumber.
func (o object) count(key string) int64 {
	n := o.field(key, kindNumber, optional)
	if n == nil {
		return 0
	}
	v, ok := integer(n)
	if !ok {
		o.r.add(RuleNumberRange, join(o.path, key), "got %s, want an integer of 0 to %d", describe(n), maxNumber)
	}
	return v
}

// integer reads a number that is an integer of 0 to maxNumber.
func integer(n *node) (int64, bool) {
	if n.kind != kindNumber || !intPattern.MatchString(n.text) {
		return 0, false
	}
	v, err := strconv.ParseInt(n.text, 10, 64)
	if err != nil || v > maxNumber {
		return 0, false
	}
	return v, true
}

// date returns the time and its text.
func (o object) date(key string, when need) (time.Time, string) {
	n := o.field(key, kindString, when)
	if n == nil {
		return time.Time{}, ""
	}
	t, err := time.Parse(time.RFC3339, n.text)
	if err != nil || !datePattern.MatchString(n.text) {
		o.r.add(RuleDate, join(o.path, key), "got %s, want the form 2006-01-02T15:04:05+09:00", shown(n.text))
	}
	return t, n.text
}

// link is a required absolute http or https URL.
func (o object) link(key string) string {
	n := o.field(key, kindString, required)
	if n == nil {
		return ""
	}
	u, err := url.Parse(n.text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		o.r.add(RuleLink, join(o.path, key), "got %s, want an absolute http or https URL", shown(n.text))
	}
	return n.text
}

// limit reports a text of more than most UTF-16 units.
func (o object) limit(key, text string, most int) {
	if n := len(utf16.Encode([]rune(text))); n > most {
		o.r.add(RuleTextLength, join(o.path, key), "got %d UTF-16 units, want at most %d", n, most)
	}
}

func (o object) object(key string, when need) (object, bool) {
	n := o.field(key, kindObject, when)
	return object{o.r, join(o.path, key), n}, n != nil
}

// objects is a required array of objects.
func (o object) objects(key string) []object {
	n := o.field(key, kindArray, required)
	if n == nil {
		return nil
	}
	list := make([]object, 0, len(n.items))
	for i, item := range n.items {
		at := join(o.path, key) + "[" + strconv.Itoa(i) + "]"
		if item.kind != kindObject {
			o.r.add(RuleFieldType, at, "got %s, want an object", item.kind)
			continue
		}
		list = append(list, object{o.r, at, item})
	}
	return list
}

// same reports an id that is not the one that was asked for.
func (o object) same(key, got, want string) {
	if got != "" && got != want {
		o.r.add(RuleSameID, join(o.path, key), "got %s, asked for %s", shown(got), shown(want))
	}
}

// seen reports ids that a list has twice.
type seen map[string]bool

func (s seen) check(o object, key, id string) {
	if id == "" {
		return
	}
	if s[id] {
		o.r.add(RuleUniqueID, join(o.path, key), "the list has %s twice", shown(id))
	}
	s[id] = true
}
