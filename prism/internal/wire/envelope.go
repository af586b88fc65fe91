package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Envelope is the frame of every answer of the resource API.
type Envelope struct {
	Success   bool    `json:"success"`
	ErrorCode int     `json:"errorCode"`
	ErrorName *string `json:"errorName"`
	Message   *string `json:"message"`
	Data      any     `json:"data"`
}

// Success appends the envelope of a success to buf.
func Success(buf *bytes.Buffer, data any) error {
	a, ok := data.(appender)
	if !ok {
		return encode(buf, &Envelope{Success: true, Data: data})
	}
	b := append(buf.AvailableBuffer(), `{"success":true,"errorCode":0,"errorName":null,"message":null,"data":`...)
	b = append(a.appendJSON(b), "}\n"...)
	_, err := buf.Write(b)
	return err
}

// Failure appends the envelope of a failure to buf.
func Failure(buf *bytes.Buffer, code int, name, message string) error {
	return encode(buf, &Envelope{ErrorCode: code, ErrorName: &name, Message: &message})
}

func encode(buf *bytes.Buffer, v any) error {
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("wire: encode: %w", err)
	}
	return nil
}

// TokenError is the flat failure form of the token endpoint (RFC 6749
// section 5.2).
type TokenError struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// TokenFailure appends a token error to buf.
func TokenFailure(buf *bytes.Buffer, code, description string) error {
	return encode(buf, TokenError{Error: code, Description: description})
}
