package prism

import "net/http"

// Error is a failure with a defined answer on the wire. The ones below are the
// published table; adapters wrap them with %w and add what an operator should
// read, which goes to the log and never to the wire.
//
// A host may return an *Error of its own for a failure that PRISM should see,
// with a Code of 100000 or more. Its Message is sent as it is.
type Error struct {
	// Status is the HTTP status, 400 to 599 but not 401: the PRISM client
	// takes a 401 as a lost sign-in and logs the streamer out.
	Status int
	// Code is errorCode on the wire, a positive number.
	Code int
	// Name is errorName on the wire, in UPPER_SNAKE.
	Name string
	// Message is one sentence for the reader of the answer, free of internals.
	Message string
}

// Error returns the name and the message.
func (e *Error) Error() string { return "prism: " + e.Name + ": " + e.Message }

// Is reports whether target is an *Error of the same Code, so that an error
// that names a field still matches its sentinel.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// The published error table. Codes and names are stable; messages are not.
var (
	// ErrInvalid: the request is malformed or a value is out of its bounds.
	ErrInvalid = &Error{http.StatusBadRequest, 40000, "INVALID_REQUEST", "The request is not valid."}
	// ErrUnauthorized: the access token is missing, unknown, expired or
	// revoked. Only an Authenticator returns it.
	ErrUnauthorized = &Error{http.StatusUnauthorized, 40100, "INVALID_TOKEN", "The access token is missing or not valid."}
	// ErrForbidden: the user may see this but not do that.
	ErrForbidden = &Error{http.StatusForbidden, 40300, "FORBIDDEN", "This is not allowed."}
	// ErrChannelDisabled: no broadcast can be created or started on the channel.
	ErrChannelDisabled = &Error{http.StatusForbidden, 40301, "CHANNEL_DISABLED", "The channel is disabled."}
	// ErrTLSRequired: the request came over plain HTTP.
	ErrTLSRequired = &Error{http.StatusForbidden, 40302, "TLS_REQUIRED", "Use HTTPS."}
	// ErrNotFound: it does not exist, or is not the acting user's.
	ErrNotFound = &Error{http.StatusNotFound, 40400, "NOT_FOUND", "There is no such thing."}
	// ErrNoSuchAPI: no API stands at this path, or its capability is off.
	ErrNoSuchAPI = &Error{http.StatusNotFound, 40401, "NO_SUCH_API", "There is no API at this path."}
	// ErrMethodNotAllowed: the path has no API for this method.
	ErrMethodNotAllowed = &Error{http.StatusMethodNotAllowed, 40500, "METHOD_NOT_ALLOWED", "This method is not allowed here."}
	// ErrConflict: the present state does not allow it.
	ErrConflict = &Error{http.StatusConflict, 40900, "CONFLICT", "The present state does not allow this."}
	// ErrTooLarge: the body is over the limit.
	ErrTooLarge = &Error{http.StatusRequestEntityTooLarge, 41300, "BODY_TOO_LARGE", "The request body is too large."}
	// ErrMediaType: the body has a form content type.
	ErrMediaType = &Error{http.StatusUnsupportedMediaType, 41500, "UNSUPPORTED_MEDIA_TYPE", "Send a JSON body."}
	// ErrInternal: the service failed; the log has the reason.
	ErrInternal = &Error{http.StatusInternalServerError, 50000, "INTERNAL", "The service failed."}
	// ErrUnavailable: the service cannot answer for now.
	ErrUnavailable = &Error{http.StatusServiceUnavailable, 50300, "UNAVAILABLE", "The service cannot answer for now. Try again."}
	// ErrTimeout: the service did not answer within its deadline.
	ErrTimeout = &Error{http.StatusGatewayTimeout, 50400, "TIMEOUT", "The service did not answer in time. Try again."}
)

// InvalidField returns an ErrInvalid that names a field of the request and
// says what is wrong with it. Both are sent to the caller.
func InvalidField(field, problem string) *Error {
	e := *ErrInvalid
	e.Message = field + ": " + problem
	return &e
}
