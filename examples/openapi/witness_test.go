package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/content"
	validation "github.com/pb33f/libopenapi-validator/errors"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"

	"github.com/b2bprism/b2bprism/prism"
)

// operation is one API of the description.
type operation struct {
	id, method, path string
	pattern          *regexp.Regexp
	body             string // the media type of its body, or ""
	// answers are the documented statuses, each with the names of its
	// examples, which are those of its errors.
	answers map[string][]string
}

// witness holds requests and answers against a description, and remembers what
// it has seen. It is safe for concurrent use.
type witness struct {
	operations []operation
	// requests and answers are two, since a request may have fields that are
	// not described, but an answer may not.
	requests, answers validator.Validator

	mu   sync.Mutex
	seen map[string]int // by operation, status and error
	// kept is the latest exchange of each kind in seen.
	kept     map[string]exchange
	problems []string
}

// exchange is a request and its answer.
type exchange struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
	status int
	came   http.Header
	answer []byte
}

func newWitness(t *testing.T, description []byte) *witness {
	t.Helper()
	document, err := libopenapi.NewDocument(description)
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{seen: map[string]int{}, kept: map[string]exchange{}}
	for target, options := range map[*validator.Validator][]config.Option{
		&w.requests: {config.WithFormatAssertions(), config.WithBodyDecoder(form, content.DecoderFunc(decodeForm)), config.WithRejectUndeclaredRequestBody()},
		&w.answers:  {config.WithFormatAssertions(), config.WithStrictMode(), config.WithStrictIgnorePaths("$.headers.**")},
	} {
		var problems []error
		if *target, problems = validator.NewValidator(document, options...); len(problems) > 0 {
			t.Fatal(problems)
		}
	}
	if ok, problems := w.answers.ValidateDocument(); !ok {
		t.Fatalf("the description is no OpenAPI document: %s", explain(problems))
	}
	model, err := document.BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range model.Model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			w.operations = append(w.operations, newOperation(strings.ToUpper(method), path, op))
		}
	}
	return w
}

var variable = regexp.MustCompile(`\\\{\w+\\\}`)

func newOperation(method, path string, op *v3.Operation) operation {
	o := operation{
		id: op.OperationId, method: method, path: path, answers: map[string][]string{},
		pattern: regexp.MustCompile("^" + variable.ReplaceAllString(regexp.QuoteMeta(path), "[^/]+") + "$"),
	}
	if op.RequestBody != nil {
		o.body = op.RequestBody.Content.First().Key()
	}
	add := func(status string, r *v3.Response) {
		o.answers[status] = []string{}
		for _, content := range r.Content.FromOldest() {
			for name := range content.Examples.FromOldest() {
				o.answers[status] = append(o.answers[status], name)
			}
		}
	}
	for status, r := range op.Responses.Codes.FromOldest() {
		add(status, r)
	}
	if op.Responses.Default != nil {
		add("default", op.Responses.Default)
	}
	return o
}

// decodeForm reads a form whose fields are all strings. The validator's own
// decoder takes the decoded characters of a value for unencoded ones.
func decodeForm(in *content.DecodeInput) (any, error) {
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(body))
	fields := map[string]any{}
	for name := range values {
		fields[name] = values.Get(name)
	}
	return fields, err
}

// Wrap lets everything that next answers be checked.
func (w *witness) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client went away
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		x := exchange{r.Method, r.URL, r.Header, body, recorder.Code, recorder.Header().Clone(), recorder.Body.Bytes()}
		w.mu.Lock()
		if problem := w.check(x); problem != nil {
			w.problems = append(w.problems, fmt.Sprintf("%s %s %.500s\n%d %.500s\n%v", x.method, prism.RedactURL(x.url), x.body, x.status, x.answer, problem))
		}
		w.mu.Unlock()
		for name, values := range recorder.Header() {
			out.Header()[name] = values
		}
		out.WriteHeader(recorder.Code)
		_, _ = out.Write(x.answer) // a client that went away has nothing to be told
	})
}

// Report fails the test for every answer that was not as described, and
// forgets them.
func (w *witness) Report(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, problem := range w.problems {
		t.Error(problem)
	}
	w.problems = nil
}

var (
	resourcePath = regexp.MustCompile(`^(?:/prism){0,2}(/v1/service/.+)$`)
	standardPath = regexp.MustCompile(`^(?:/prism)?/oauth2?/(token|revoke|introspect)$`)
	otherPath    = regexp.MustCompile(`^(?:/prism)?(/oauth/authorize|/openapi\.yaml)$`)
	requestID    = regexp.MustCompile(`^[0-9a-f]{24}$`)
)

// canonical is the path of the description for one of its aliases.
func canonical(path string) string {
	if m := resourcePath.FindStringSubmatch(path); m != nil {
		return m[1]
	}
	if m := standardPath.FindStringSubmatch(path); m != nil {
		return "/oauth2/" + m[1]
	}
	if m := otherPath.FindStringSubmatch(path); m != nil {
		return m[1]
	}
	return path
}

// check holds one request and its answer against the description.
func (w *witness) check(x exchange) error {
	path := canonical(x.url.EscapedPath())
	if !requestID.MatchString(x.came.Get("X-Request-Id")) {
		return errors.New("there is no X-Request-Id")
	}
	o, onPath := w.find(path, x.method)
	if o == nil {
		return outside(onPath, x)
	}
	u := *x.url
	u.Scheme, u.Host, u.Path, u.RawPath = "https", "live.example", "/prism"+path, ""
	if strings.HasPrefix(path, "/.well-known/") {
		u.Path = path
	}
	sent := &http.Request{
		Method: x.method, URL: &u, Host: u.Host, Header: x.header.Clone(), Body: io.NopCloser(bytes.NewReader(x.body)), ContentLength: int64(len(x.body)),
	}
	came := &http.Response{StatusCode: x.status, Header: x.came, Body: io.NopCloser(bytes.NewReader(x.answer)), Request: sent}
	if ok, problems := w.answers.ValidateHttpResponse(sent, came); !ok {
		return fmt.Errorf("the answer is not as described: %s", explain(problems))
	}
	if accepted(x) {
		if o.body == "application/json" { // of any type, as the description says in words
			sent.Header.Set("Content-Type", o.body)
		}
		if o.body == "" {
			sent.Body, sent.ContentLength = http.NoBody, 0 // what nobody reads does not matter
		}
		if ok, problems := w.requests.ValidateHttpRequestSync(sent); !ok {
			return fmt.Errorf("the request was accepted, and is not as described: %s", explain(problems))
		}
	}
	return w.note(o, x)
}

// find returns the operation at a path, and all at that path. A path of its own
// wins over one with variables.
func (w *witness) find(path, method string) (found *operation, onPath []operation) {
	for _, o := range w.operations {
		if o.pattern.MatchString(path) && (len(onPath) == 0 || o.path == onPath[0].path || !strings.Contains(o.path, "{")) {
			if len(onPath) > 0 && o.path != onPath[0].path {
				onPath = nil
			}
			onPath = append(onPath, o)
		}
	}
	for i := range onPath {
		if onPath[i].method == method {
			return &onPath[i], onPath
		}
	}
	return nil, onPath
}

// accepted reports whether the service did what a request asked for.
func accepted(x exchange) bool {
	to, err := url.Parse(x.came.Get("Location"))
	return x.status < 400 && x.status != http.StatusNotModified && err == nil && !to.Query().Has("error")
}

// note remembers the answer, and checks that its error is one that the
// description names for this operation and status.
func (w *witness) note(o *operation, x exchange) error {
	key := strconv.Itoa(x.status)
	names, explicit := o.answers[key]
	if !explicit {
		key = "default"
	}
	failure := errorOf(x.answer)
	key = o.id + " " + key
	w.seen[key]++
	if x.status >= 400 && failure != "" && explicit {
		if !slices.Contains(names, failure) {
			return fmt.Errorf("%s is not described for %s, only %v", failure, key, names)
		}
		w.seen[key+" "+failure]++
	}
	w.kept[key] = x
	return nil
}

// errorOf is the name of an answer's error, in either form, or "".
func errorOf(answer []byte) string {
	var either struct {
		ErrorName string `json:"errorName"`
		Error     string `json:"error"`
	}
	if json.Unmarshal(answer, &either) != nil {
		return ""
	}
	return either.ErrorName + either.Error
}

// outside checks an answer to what the description does not have.
func outside(onPath []operation, x exchange) error {
	want, code := http.StatusNotFound, prism.ErrNoSuchAPI.Name
	if len(onPath) > 0 {
		want, code = http.StatusMethodNotAllowed, prism.ErrMethodNotAllowed.Name
		for _, o := range onPath {
			if !slices.Contains(strings.Split(x.came.Get("Allow"), ", "), o.method) {
				return fmt.Errorf("the answer's Allow %q has no %s", x.came.Get("Allow"), o.method)
			}
		}
	}
	if got := errorOf(x.answer); x.status != want || got != code && got != "invalid_request" {
		return fmt.Errorf("what is not described is answered with %d %s, want %d %s", x.status, got, want, code)
	}
	return nil
}

// explain is the text of the validator's findings.
func explain(problems []*validation.ValidationError) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "%s: %s", p.Message, p.Reason)
		for _, s := range p.SchemaValidationErrors {
			fmt.Fprintf(&b, "\n  %s %s", s.FieldPath, s.Reason)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
