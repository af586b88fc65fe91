package gateway

import (
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	envelopeKeys = []string{"success", "errorCode", "errorName", "message", "data"}
	errorName    = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)

	// internals are the marks of texts that were written for a developer.
	internals = regexp.MustCompile(`(?i)goroutine \d+|\.go:\d+|\bpanic\b|runtime error|nil pointer|stack ?trace|Traceback \(most recent` +
		`|Exception in thread|\bat (java|com|org)\.\w+|\.(java|py|rb|php|js|cs):\d+|%![a-z]\(|<nil>|0x[0-9a-f]{6,}` +
		`|context (deadline exceeded|canceled)|dial tcp|connection (refused|reset)|broken pipe|unexpected EOF|no such host` +
		`|json: |strconv\.|invalid character '|Error:Field validation|cannot unmarshal` +
		`|\bsql: |SQLSTATE|\bsqlite|\bpq: |\bpgx?\b|mysql|mariadb|postgres|\bredis\b|constraint failed|no rows in result` +
		`|(?-i:\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bUPDATE\b.+\bSET\b|\bDELETE FROM\b)|syntax error at or near` +
		`|(^|[\s"'(])/(home|usr|var|root|tmp|opt|etc|srv)/`)
)

// decodeAnswer holds an answer against the rules of every resource call. data
// is not nil if it is a success envelope, failure not nil if it is a failure
// envelope.
func decodeAnswer(r *report, resp *Response) (data *node, failure error) {
	if resp.Status >= 300 && resp.Status < 400 {
		r.add(RuleNoRedirect, "", "got status %d", resp.Status)
		return nil, nil
	}
	checkHeader(r, resp, "application/json")
	root := decodeObject(r, resp)
	if root == nil {
		return nil, nil
	}
	return decodeEnvelope(r, resp.Status, root)
}

// decodeObject parses the body, which must be a JSON object.
func decodeObject(r *report, resp *Response) *node {
	if resp.cut {
		r.add(RuleAnswerSize, "", "the answer has more than %d bytes", maxAnswer)
		return nil
	}
	root, twice, err := parse(resp.Body)
	if err != nil {
		r.add(RuleJSON, "", "status %d: %v", resp.Status, err)
		return nil
	}
	for _, path := range twice {
		r.add(RuleDuplicateKey, path, "the key occurs twice")
	}
	if root.kind != kindObject {
		r.add(RuleJSON, "", "the body is %s, want an object", root.kind)
		return nil
	}
	return root
}

func decodeEnvelope(r *report, status int, root *node) (data *node, failure error) {
	for _, key := range root.keys {
		if !slices.Contains(envelopeKeys, key) {
			r.add(RuleEnvelope, join("", key), "the envelope has no such field")
		}
	}
	for _, key := range envelopeKeys {
		if root.members[key] == nil {
			r.add(RuleEnvelope, key, "the field is missing")
		}
	}
	success := root.members["success"]
	if success == nil {
		return nil, nil
	}
	if success.kind != kindBool {
		r.add(RuleEnvelope, "success", "got %s, want a boolean", describe(success))
		return nil, nil
	}
	if !success.flag {
		return nil, decodeFailure(r, status, root)
	}
	if status != http.StatusOK {
		r.add(RuleStatus, "", "a success has status %d, want 200", status)
	}
	if n := root.members["errorCode"]; n != nil && (n.kind != kindNumber || n.text != "0") {
		r.add(RuleEnvelope, "errorCode", "a success has %s, want the number 0", describe(n))
	}
	for _, key := range []string{"errorName", "message"} {
		if n := root.members[key]; n != nil && n.kind != kindNull {
			r.add(RuleEnvelope, key, "a success has %s, want null", describe(n))
		}
	}
	data = root.members["data"]
	if data == nil {
		data = &node{kind: kindNull}
	}
	return data, nil
}

func decodeFailure(r *report, status int, root *node) *APIError {
	if status < 400 || status > 599 {
		r.add(RuleStatus, "", "a failure has status %d, want 400 to 599", status)
	}
	e := &APIError{Status: status}
	if n := root.members["errorCode"]; n != nil {
		code, err := strconv.Atoi(n.text)
		if n.kind != kindNumber || err != nil || code <= 0 || code > maxNumber {
			r.add(RuleFailureEnvelope, "errorCode", "got %s, want a positive integer", describe(n))
		} else {
			e.Code = code
		}
	}
	if n := root.members["errorName"]; n != nil {
		if n.kind != kindString || !errorName.MatchString(n.text) {
			r.add(RuleFailureEnvelope, "errorName", "got %s, want a text in UPPER_SNAKE", describe(n))
		}
		e.Name = n.text
	}
	if n := root.members["message"]; n != nil {
		if n.kind != kindString || strings.TrimSpace(n.text) == "" {
			r.add(RuleFailureEnvelope, "message", "got %s, want a sentence", describe(n))
		}
		e.Message = n.text
		checkInternals(r, "message", n.text)
	}
	if n := root.members["data"]; n != nil && n.kind != kindNull {
		r.add(RuleFailureEnvelope, "data", "got %s, want null", n.kind)
	}
	return e
}

// checkHeader holds the header of an answer against the rules.
func checkHeader(r *report, resp *Response, mediaType string) {
	got := resp.Header.Get("Content-Type")
	media, params, err := mime.ParseMediaType(got)
	charset, hasCharset := params["charset"]
	if err != nil || media != mediaType || hasCharset && !strings.EqualFold(charset, "utf-8") {
		r.add(RuleContentType, "Content-Type", "got %s with status %d, want %s in UTF-8", shown(got), resp.Status, mediaType)
	}
	for name := range resp.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			r.add(RuleNoCORS, name, "the header is there")
		}
	}
	if !headerHas(resp.Header, "Cache-Control", "no-store") {
		r.add(RuleNoStore, "Cache-Control", "got %s, want no-store", shown(resp.Header.Get("Cache-Control")))
	}
	if resp.Status == http.StatusMethodNotAllowed {
		if resp.Header.Get("Allow") == "" {
			r.add(RuleAllow, "Allow", "the header is missing")
		}
		for _, method := range []string{http.MethodOptions, http.MethodHead} {
			if headerHas(resp.Header, "Allow", method) {
				r.add(RuleAllow, "Allow", "the header names %s", method)
			}
		}
	}
}

// headerHas reports whether a header with a comma-separated list has an item.
func headerHas(h http.Header, name, item string) bool {
	for _, line := range h.Values(name) {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), item) {
				return true
			}
		}
	}
	return false
}

func checkInternals(r *report, field, text string) {
	if m := internals.FindString(text); m != "" {
		r.add(RuleNoInternals, field, "the text has %s", shown(m))
	}
}

// checkSecrets reports an answer that repeats a secret of its request.
func checkSecrets(r *report, resp *Response, secrets []string) {
	for _, s := range secrets {
		if strings.Contains(string(resp.Body), s) {
			r.add(RuleNoSecrets, "", "the answer with status %d repeats a token or secret of the request", resp.Status)
			return
		}
	}
}

func describe(n *node) string {
	switch n.kind {
	case kindString:
		return "the string " + shown(n.text)
	case kindNumber:
		return "the number " + n.text[:min(len(n.text), 40)]
	default:
		return n.kind.String()
	}
}
