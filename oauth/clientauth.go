package oauth

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

const (
	// basicChallenge is the WWW-Authenticate of the standard dialect (RFC 7617
	// section 2).
	basicChallenge = `Basic realm="oauth", charset="UTF-8"`

	// formType is the one content type of a request.
	formType = "application/x-www-form-urlencoded"
	// maxForm is the most bytes of a form body.
	maxForm = 8 << 10
	// maxBasic is the most characters of Basic credentials that are decoded.
	maxBasic = 2 << 10
)

// basicEncoding is strict, so that credentials have one spelling only.
var basicEncoding = base64.StdEncoding.Strict()

// clientForm reads a request in the standard dialect, a POST of a form, and
// authenticates its client.
func (s *Server) clientForm(w http.ResponseWriter, r *http.Request, info *tokenRequestInfo) (Client, url.Values, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return Client{}, nil, errMethod
	}
	form, err := readClientForm(r)
	if err != nil {
		return Client{}, nil, err
	}
	id, secret, err := clientCredentials(r.Header["Authorization"], form)
	if err != nil {
		return Client{}, nil, err
	}
	client, err := s.authenticateClient(r.Context(), id, secret)
	if err != nil {
		return Client{}, nil, err
	}
	info.clientID = client.ID
	return client, form, nil
}

// readClientForm refuses parameters in the query, where logs keep them (RFC
// 6749 section 2.3.1).
func readClientForm(r *http.Request) (url.Values, error) {
	if !isForm(r) {
		return nil, errFormType
	}
	if r.URL.RawQuery != "" {
		return nil, errFormQuery
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	if err != nil {
		return nil, errFormUnreadable
	}
	if len(body) > maxForm {
		return nil, errFormTooLong
	}
	form, err := parseQuery(string(body), maxForm)
	if errors.Is(err, errQueryMalformed) {
		return nil, errFormMalformed
	}
	return form, err
}

// isForm reports whether the body is a form that is encoded like a query.
func isForm(r *http.Request) bool {
	if t := r.Header["Content-Type"]; len(t) > 0 && t[0] == formType {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && mediaType == formType
}

// clientCredentials finds the client's id and secret in the Authorization
// header (client_secret_basic) or the form (client_secret_post). Both at once
// are refused (RFC 6749 section 2.3); client_id alone may stand in the form
// beside the header.
func clientCredentials(authorization []string, form url.Values) (id, secret string, err error) {
	formID, formSecret := form.Get("client_id"), form.Get("client_secret")
	switch {
	case len(authorization) == 0:
		return formID, formSecret, nil
	case len(authorization) > 1 || formSecret != "":
		return "", "", errTwoCredentials
	}
	id, secret, ok := parseBasic(authorization[0])
	if !ok {
		return "", "", errClient
	}
	if formID != "" && formID != id {
		return "", "", errClientDiffers
	}
	return id, secret, nil
}

// parseBasic decodes Basic credentials. Unlike a browser's, the id and the
// secret of a client are form-encoded before they are joined (RFC 6749 section
// 2.3.1).
func parseBasic(authorization string) (id, secret string, ok bool) {
	scheme, encoded, _ := strings.Cut(authorization, " ")
	encoded = strings.Trim(encoded, " ")
	if !strings.EqualFold(scheme, "Basic") || len(encoded) > maxBasic || strings.ContainsAny(encoded, "\r\n") {
		return "", "", false
	}
	joined, err := basicEncoding.DecodeString(encoded)
	if err != nil {
		return "", "", false
	}
	id, secret, ok = strings.Cut(string(joined), ":")
	if !ok {
		return "", "", false
	}
	if id, err = url.QueryUnescape(id); err != nil {
		return "", "", false
	}
	if secret, err = url.QueryUnescape(secret); err != nil {
		return "", "", false
	}
	return id, secret, true
}
