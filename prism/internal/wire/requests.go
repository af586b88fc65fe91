package wire

import (
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/go-playground/validator/v10"
)

// CreateLive is the body of the create API.
type CreateLive struct {
	Title       string `json:"title" validate:"required,notblank,utf16max=100"`
	Description string `json:"description" validate:"utf16max=5000"`
	Scope       string `json:"scope" validate:"omitempty,oneof=PUBLIC LIMITED PRIVATE"`
	ReservedAt  string `json:"reservedAt" validate:"required,zonedtime"`
	// ReservedTime is ReservedAt, parsed.
	ReservedTime time.Time `json:"-"`
}

// UpdateLive is the body of the update extension. What is nil stays.
type UpdateLive struct {
	Title       *string `json:"title" validate:"omitnil,required,notblank,utf16max=100"`
	Description *string `json:"description" validate:"omitnil,utf16max=5000"`
	Scope       *string `json:"scope" validate:"omitnil,oneof=PUBLIC LIMITED PRIVATE"`
	ReservedAt  *string `json:"reservedAt" validate:"omitnil,zonedtime"`
	// ReservedTime is ReservedAt, parsed, or nil.
	ReservedTime *time.Time `json:"-"`
}

// ChatQuery is the body of the chat list.
type ChatQuery struct {
	MaxResults int
	// PageToken is "" when none was sent.
	PageToken string
}

// maxBan is what longer timed bans are cut to.
const maxBan = 100 * 365 * 24 * time.Hour

// ParseCreateLive reads the body of the create API.
func ParseCreateLive(body []byte) (CreateLive, error) {
	var req CreateLive
	o, err := ParseObject(body)
	if err != nil {
		return req, err
	}
	for _, f := range []struct {
		name string
		to   *string
	}{
		{"title", &req.Title},
		{"description", &req.Description},
		{"scope", &req.Scope},
		{"reservedAt", &req.ReservedAt},
	} {
		value, err := o.String(f.name)
		if err != nil {
			return req, err
		}
		if value != nil {
			*f.to = *value
		}
	}
	if err := validate(&req); err != nil {
		return req, err
	}
	req.ReservedTime, _ = ParseTime(req.ReservedAt)
	return req, nil
}

// ParseUpdateLive reads the body of the update extension. An empty scope or
// reservedAt counts as absent.
func ParseUpdateLive(body []byte) (UpdateLive, error) {
	var req UpdateLive
	o, err := ParseObject(body)
	if err != nil {
		return req, err
	}
	for _, f := range []struct {
		name string
		to   **string
	}{
		{"title", &req.Title},
		{"description", &req.Description},
		{"scope", &req.Scope},
		{"reservedAt", &req.ReservedAt},
	} {
		if *f.to, err = o.String(f.name); err != nil {
			return req, err
		}
	}
	req.Scope = absentIfEmpty(req.Scope)
	req.ReservedAt = absentIfEmpty(req.ReservedAt)
	if err := validate(&req); err != nil {
		return req, err
	}
	if req.ReservedAt != nil {
		t, _ := ParseTime(*req.ReservedAt)
		req.ReservedTime = &t
	}
	return req, nil
}

func absentIfEmpty(s *string) *string {
	if s != nil && *s == "" {
		return nil
	}
	return s
}

// ParseChatQuery reads the body of the chat list. max is what 0 and anything
// above max means.
func ParseChatQuery(body []byte, max int) (ChatQuery, error) {
	o, err := ParseObject(body)
	if err != nil {
		return ChatQuery{}, err
	}
	n, err := o.Number("maxResults")
	switch {
	case err != nil:
		return ChatQuery{}, err
	case n == nil:
		return ChatQuery{}, fieldError("maxResults", "is required")
	case *n < 0 || *n != math.Trunc(*n):
		return ChatQuery{}, fieldError("maxResults", "must be a whole number, 0 or more")
	}
	query := ChatQuery{MaxResults: max}
	if *n > 0 && *n < float64(max) {
		query.MaxResults = int(*n)
	}
	token, err := o.String("pageToken")
	if err != nil {
		return ChatQuery{}, err
	}
	if token != nil {
		query.PageToken = *token
	}
	return query, nil
}

// ParseSendChat reads the body of the send API.
func ParseSendChat(body []byte) (message string, err error) {
	o, err := ParseObject(body)
	if err != nil {
		return "", err
	}
	text, err := o.String("message")
	if err != nil {
		return "", err
	}
	if text == nil || strings.TrimSpace(*text) == "" {
		return "", fieldError("message", "is required")
	}
	return *text, nil
}

// ParseTimedBan reads the body of the timed ban.
func ParseTimedBan(body []byte) (time.Duration, error) {
	o, err := ParseObject(body)
	if err != nil {
		return 0, err
	}
	n, err := o.Number("banTime")
	switch {
	case err != nil:
		return 0, err
	case n == nil:
		return 0, fieldError("banTime", "is required")
	case *n <= 0:
		return 0, fieldError("banTime", "must be greater than 0 seconds")
	case *n >= maxBan.Seconds():
		return maxBan, nil
	}
	// A tiny fraction must not round to 0, which would mean for ever.
	return max(time.Duration(*n*float64(time.Second)), time.Millisecond), nil
}

var validation = newValidation()

func newValidation() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string { return f.Tag.Get("json") })
	for tag, check := range map[string]validator.Func{
		"notblank":  func(f validator.FieldLevel) bool { return strings.TrimSpace(f.Field().String()) != "" },
		"zonedtime": func(f validator.FieldLevel) bool { _, ok := ParseTime(f.Field().String()); return ok },
		"utf16max": func(f validator.FieldLevel) bool {
			limit, err := strconv.Atoi(f.Param())
			return err == nil && utf16Len(f.Field().String()) <= limit
		},
	} {
		if err := v.RegisterValidation(tag, check); err != nil {
			panic(err) // a misspelt tag in this file
		}
	}
	return v
}

// validate reports the first field that breaks its rules.
func validate(req any) error {
	err := validation.Struct(req)
	var problems validator.ValidationErrors
	if !errors.As(err, &problems) {
		return err
	}
	p := problems[0]
	switch p.Tag() {
	case "required", "notblank":
		return fieldError(p.Field(), "is required")
	case "utf16max":
		return fieldError(p.Field(), "must be at most %s UTF-16 units", p.Param())
	case "oneof":
		return fieldError(p.Field(), "must be one of %s", strings.ReplaceAll(p.Param(), " ", ", "))
	case "zonedtime":
		return fieldError(p.Field(), "must be an ISO 8601 time with a zone")
	}
	return fieldError(p.Field(), "is not valid")
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// ParseStatus reads the status filter of the live list: "" for all.
func ParseStatus(values []string) (string, error) {
	if len(values) == 0 {
		return "", nil
	}
	if len(values) > 1 {
		return "", fieldError("status", "must be sent once")
	}
	switch values[0] {
	case "", "ALL":
		return "", nil
	case "ONAIR", "ON_AIR":
		return "ON_AIR", nil
	case "RESERVED", "END":
		return values[0], nil
	}
	return "", fieldError("status", "must be one of ALL, RESERVED, ON_AIR, END")
}
