package oauth

import "net/url"

// parseQuery reads a query or a form strictly: what cannot be decoded is refused, and so
// is a parameter that is there twice (RFC 6749 section 3.1). Beside the error
// for the latter it returns the values, in which such a parameter has no value:
// what an error answer may rely on.
func parseQuery(raw string, limit int) (url.Values, error) {
	if len(raw) > limit {
		return nil, errQueryTooLong
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errQueryMalformed
	}
	var duplicate error
	for name, v := range values {
		if len(v) > 1 {
			duplicate = errDuplicate
			values[name] = nil
		}
	}
	return values, duplicate
}
