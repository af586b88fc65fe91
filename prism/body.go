package prism

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/b2bprism/b2bprism/prism/internal/wire"
)

func (x *exchange) boundBody() {
	if deadline, ok := x.ctx.Deadline(); ok {
		// A writer that cannot do this has its own read timeout.
		_ = http.NewResponseController(x.w).SetReadDeadline(deadline)
	}
	x.r.Body = http.MaxBytesReader(x.w, x.r.Body, x.svc.cfg.MaxBody)
}

// body reads the request's body. Any content type will do but a form's, which
// a browser can send across sites without asking.
func (x *exchange) body() ([]byte, error) {
	if contentType := x.r.Header.Get("Content-Type"); contentType != "" {
		mediaType, _, err := mime.ParseMediaType(contentType)
		if err != nil && mediaType == "" {
			mediaType, _, _ = strings.Cut(strings.ToLower(contentType), ";")
		}
		switch strings.TrimSpace(mediaType) {
		case "application/x-www-form-urlencoded", "multipart/form-data":
			return nil, ErrMediaType
		}
	}
	body, err := io.ReadAll(x.r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, ErrTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded), err != nil && isDeadline(x.ctx):
		return nil, ErrTimeout
	case err != nil:
		return nil, InvalidField("body", "ended early")
	}
	return body, nil
}

// invalid turns a problem found by the wire package into an answer.
func invalid(err error) error {
	var field *wire.FieldError
	if errors.As(err, &field) {
		return InvalidField(field.Field, field.Problem)
	}
	return err
}
