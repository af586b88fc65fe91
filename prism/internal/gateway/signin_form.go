package gateway

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// forms are the forms of a page in their order.
type forms []*form

// form is an HTML form with the fields that a browser would send.
type form struct {
	method, action, window, enctype string
	base                            string
	fields                          []field
}

// field is one control of a form.
type field struct {
	kind, name, value, autocomplete string
}

// parseForms reads the forms of a page. Any input is accepted, as by a
// browser.
func parseForms(page []byte) forms {
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return nil
	}
	var list forms
	byNode := map[*html.Node]*form{}
	byID := map[string]*form{}
	base := ""
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "base":
			if base == "" {
				base = attr(n, "href")
			}
		case "form":
			f := &form{
				method: strings.ToUpper(attr(n, "method")), action: strings.TrimSpace(attr(n, "action")),
				window: strings.ToLower(attr(n, "target")), enctype: strings.ToLower(attr(n, "enctype")),
			}
			if f.method != http.MethodPost && f.method != "DIALOG" {
				f.method = http.MethodGet
			}
			byNode[n] = f
			if id := attr(n, "id"); id != "" && byID[id] == nil {
				byID[id] = f
			}
			list = append(list, f)
		}
	}
	for n := range doc.Descendants() {
		c, ok := control(n)
		if !ok {
			continue
		}
		if f := owner(n, byNode, byID); f != nil {
			f.fields = append(f.fields, c)
		}
	}
	for _, f := range list {
		f.base = base
	}
	return list
}

// owner finds the form of a control: the one its form attribute names, else
// the one it stands in.
func owner(n *html.Node, byNode map[*html.Node]*form, byID map[string]*form) *form {
	if has(n, "form") {
		return byID[attr(n, "form")]
	}
	for up := range n.Ancestors() {
		if f := byNode[up]; f != nil {
			return f
		}
	}
	return nil
}

// control reads an element that can add to a form. ok is false for other
// elements and for disabled or unchecked ones.
func control(n *html.Node) (c field, ok bool) {
	if n.Type != html.ElementNode || has(n, "disabled") {
		return field{}, false
	}
	c = field{name: attr(n, "name"), value: attr(n, "value"), autocomplete: strings.ToLower(attr(n, "autocomplete"))}
	switch n.Data {
	case "input":
		c.kind = strings.ToLower(attr(n, "type"))
		switch c.kind {
		case "checkbox", "radio":
			if c.value == "" {
				c.value = "on"
			}
			return c, has(n, "checked")
		case "reset", "button", "file":
			return field{}, false
		case "image":
			c.kind = "submit"
		case "":
			c.kind = "text"
		}
		return c, true
	case "button":
		c.kind = strings.ToLower(attr(n, "type"))
		if c.kind == "" {
			c.kind = "submit"
		}
		return c, c.kind == "submit"
	case "textarea":
		c.kind, c.value = "textarea", innerText(n)
		return c, true
	case "select":
		c.kind, c.value = "select", selected(n)
		return c, true
	}
	return field{}, false
}

// selected is the value of the option that a select sends.
func selected(n *html.Node) string {
	value, found := "", false
	for o := range n.Descendants() {
		if o.Type != html.ElementNode || o.Data != "option" {
			continue
		}
		if found && !has(o, "selected") {
			continue
		}
		found = true
		if value = attr(o, "value"); !has(o, "value") {
			value = strings.TrimSpace(innerText(o))
		}
		if has(o, "selected") {
			break
		}
	}
	return value
}

// login returns the form with a password field, or nil.
func (fs forms) login() *form {
	for _, f := range fs {
		if slices.ContainsFunc(f.fields, func(c field) bool { return c.kind == "password" }) {
			return f
		}
	}
	return nil
}

// consent returns the first form that is sent by POST with a button, or nil.
func (fs forms) consent() *form {
	for _, f := range fs {
		if f.method == http.MethodPost && slices.ContainsFunc(f.fields, func(c field) bool { return c.kind == "submit" }) {
			return f
		}
	}
	return nil
}

// fill types the credentials in: the password into the first password field,
// the account into the field that says it is one, else into the last text
// field before the password.
func (f *form) fill(who Credentials) {
	password := slices.IndexFunc(f.fields, func(c field) bool { return c.kind == "password" })
	account := slices.IndexFunc(f.fields, func(c field) bool {
		return typed(c) && slices.Contains(strings.Fields(c.autocomplete), "username")
	})
	if account < 0 {
		for i, c := range f.fields[:max(password, 0)] {
			if typed(c) {
				account = i
			}
		}
	}
	if account < 0 {
		account = slices.IndexFunc(f.fields, typed)
	}
	if account >= 0 {
		f.fields[account].value = who.Account
	}
	if password >= 0 {
		f.fields[password].value = who.Password
	}
}

func typed(c field) bool {
	switch c.kind {
	case "hidden", "password", "submit", "checkbox", "radio", "select", "textarea":
		return false
	}
	return true
}

// encode returns the body of the form, with the first button pressed.
func (f *form) encode() string {
	var b strings.Builder
	pressed := false
	for _, c := range f.fields {
		if c.kind == "submit" {
			if pressed {
				continue
			}
			pressed = true
		}
		if c.name == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(c.name) + "=" + url.QueryEscape(c.value))
	}
	return b.String()
}

// secrets are the values that must not be recorded.
func (f *form) secrets() []string {
	var list []string
	for _, c := range f.fields {
		if (c.kind == "password" || c.kind == "hidden") && len(c.value) >= minSecret {
			list = append(list, c.value)
		}
	}
	return list
}

// target is the address that the form is sent to from a page.
func (f *form) target(page *url.URL) (*url.URL, error) {
	at := *page
	at.Fragment = ""
	if f.base != "" {
		u, err := page.Parse(f.base)
		if err != nil {
			return nil, err
		}
		if f.action != "" {
			at = *u
		}
	}
	if f.action == "" {
		return &at, nil
	}
	return at.Parse(f.action)
}

// textOf is the text that a reader of a page sees.
func textOf(page []byte) string {
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return ""
	}
	return innerText(doc)
}

func innerText(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && (d.Parent == nil || d.Parent.Data != "style" && d.Parent.Data != "script") {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Namespace == "" && a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Namespace == "" && a.Key == key })
}
