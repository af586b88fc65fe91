package gateway

import (
	"errors"
	"fmt"
	"strconv"
)

// Violation is one breach of the wire contract. It holds no token and no
// stream key.
type Violation struct { //nolint:errname // the word of the field: rules are violated
	Rule Rule
	// Method and Route name the call, for example "GET" and
	// "/v1/service/live/{liveId}".
	Method, Route string
	// Field is the JSON path or the header that is wrong, or "".
	Field string
	// Detail says what was found and what is wanted.
	Detail string
}

// Error returns the call, the rule, the field and the detail.
func (v *Violation) Error() string {
	s := "prismtest: " + v.Method + " " + v.Route + " breaks " + string(v.Rule)
	if v.Field != "" {
		s += " at " + v.Field
	}
	return s + ": " + v.Detail
}

// Violations returns every *Violation that err is made of, in the order they
// were found, at most 100 for one answer.
func Violations(err error) []*Violation {
	var list []*Violation
	var walk func(error)
	walk = func(err error) {
		if v, ok := err.(*Violation); ok { //nolint:errorlint // every node of the tree is looked at
			list = append(list, v)
			return
		}
		switch u := err.(type) { //nolint:errorlint // likewise
		case interface{ Unwrap() []error }:
			for _, e := range u.Unwrap() {
				walk(e)
			}
		case interface{ Unwrap() error }:
			walk(u.Unwrap())
		}
	}
	walk(err)
	return list
}

// APIError is a failure envelope.
type APIError struct {
	// Status is the HTTP status.
	Status int
	// Code, Name and Message are errorCode, errorName and message.
	Code          int
	Name, Message string
}

// Error returns the status, the code, the name and the message.
func (e *APIError) Error() string {
	return "prismtest: the service answered " + strconv.Itoa(e.Status) + " " + strconv.Itoa(e.Code) + " " + e.Name + ": " + e.Message
}

// TokenError is an OAuth error: of the token endpoint (RFC 6749 section 5.2) or
// of the authorization endpoint (section 4.1.2.1).
type TokenError struct {
	// Status is the HTTP status; that of the redirect for the authorization
	// endpoint.
	Status int
	// Code and Description are error and error_description.
	Code, Description string
}

// Error returns the status, the code and the description.
func (e *TokenError) Error() string {
	s := fmt.Sprintf("prismtest: the authorization server answered %d %s", e.Status, e.Code)
	if e.Description != "" {
		s += ": " + e.Description
	}
	return s
}

// Errors of a sign-in that is not a breach of the contract.
var (
	// ErrSignInRefused: the login form came back after it was filled in.
	ErrSignInRefused = errors.New("prismtest: the login page refused the account or the password")
	// ErrNoLoginForm: a page came that has no form with a password field, so
	// that only a person could go on.
	ErrNoLoginForm = errors.New("prismtest: the page has no login form")
)

// maxViolations is how many violations of one answer are told.
const maxViolations = 100

// report collects the violations of one call.
type report struct {
	method, route string
	list          []*Violation
}

func (r *report) add(rule Rule, field, format string, args ...any) {
	if len(r.list) >= maxViolations {
		return
	}
	r.list = append(r.list, &Violation{
		Rule: rule, Method: r.method, Route: r.route, Field: field, Detail: fmt.Sprintf(format, args...),
	})
}

// err joins the violations and the failure that the answer tells of, if any. A
// single error comes as it is.
func (r *report) err(failure error) error {
	if len(r.list) == 0 {
		return failure
	}
	if len(r.list) == 1 && failure == nil {
		return r.list[0]
	}
	errs := make([]error, 0, len(r.list)+1)
	for _, v := range r.list {
		errs = append(errs, v)
	}
	if failure != nil {
		errs = append(errs, failure)
	}
	return errors.Join(errs...)
}

// shown quotes a value from the wire for a Detail, cut short.
func shown(s string) string {
	const most = 60
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}
