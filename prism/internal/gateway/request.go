package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Header names of PRISM's dialect.
const (
	HeaderAccessToken  = "X-Prism-Access-Token" //nolint:gosec // a name, not a token
	HeaderClientID     = "X-Prism-Client-Id"
	HeaderClientSecret = "X-Prism-Client-Secret" //nolint:gosec // a name, not a secret
)

// servicePath stands before every path of the service API but the
// authorization URL.
const servicePath = "/prism"

// maxAnswer is the most of an answer that is read.
const maxAnswer = 16 << 20

// Request is an arbitrary request to the service, for tests of bad input.
type Request struct {
	// Method is GET if "".
	Method string
	// Path is the escaped path and query behind ServiceAPIDomain, sent byte
	// for byte: nothing is cleaned or escaped.
	Path string
	// Route names the request in Exchange and Violation; Path without its
	// query if "".
	Route string
	// Token is sent as x-prism-access-token unless it is "".
	Token string
	// Header is sent as well. Its Host entry replaces the host name.
	Header http.Header
	// Body is sent if it is not nil, without a content type of its own.
	Body []byte
}

// Response is an answer as it came.
type Response struct {
	Status int
	Header http.Header
	// Body is the body, cut at 16 MiB.
	Body []byte
	// Duration runs until the last byte was read.
	Duration time.Duration

	cut bool
}

// Do sends a request and returns the answer unchecked. A redirect is returned,
// not followed. The error is not nil only if no answer came.
func (g *Gateway) Do(ctx context.Context, in Request) (*Response, error) {
	if in.Method == "" {
		in.Method = http.MethodGet
	}
	if in.Route == "" {
		in.Route, _, _ = strings.Cut(in.Path, "?")
	}
	base, err := url.Parse(g.ServiceAPIDomain)
	if err != nil || base.Host == "" {
		return nil, errors.New("prismtest: Gateway.ServiceAPIDomain is not an absolute URL")
	}
	req, err := newRequest(ctx, in.Method, base.Scheme+"://"+base.Host, in.Body)
	if err != nil {
		return nil, fmt.Errorf("prismtest: %s %s: %w", in.Method, in.Route, err)
	}
	target := strings.TrimRight(base.EscapedPath(), "/") + in.Path
	if strings.HasPrefix(target, "//") {
		// Opaque takes what follows two slashes for a host.
		target = "//" + base.Host + target
	}
	req.URL.Opaque = target
	for name, values := range in.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
		req.Header.Del("Host")
	}
	if in.Token != "" {
		req.Header.Set(HeaderAccessToken, in.Token)
	}
	return g.send(g.httpClient(), req, in.Route, in.Body, apiSecrets(in, g.ClientSecret))
}

// Call sends a request and holds the answer against the rules of the envelope.
// It returns the JSON text of data if that is an object or an array, else nil.
func (g *Gateway) Call(ctx context.Context, in Request) ([]byte, error) {
	data, r, err := g.call(ctx, in)
	if r == nil {
		return nil, err
	}
	if data == nil {
		return nil, r.err(err)
	}
	return data.raw, r.err(err)
}

// call is Call with the parsed data and the report that the caller goes on
// with; the report is nil if no answer came, data is nil unless the answer is
// a success envelope.
func (g *Gateway) call(ctx context.Context, in Request) (*node, *report, error) {
	resp, err := g.Do(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	r := &report{method: in.Method, route: in.Route}
	if r.method == "" {
		r.method = http.MethodGet
	}
	if r.route == "" {
		r.route, _, _ = strings.Cut(in.Path, "?")
	}
	g.checkTime(r, resp)
	checkSecrets(r, resp, apiSecrets(in, g.ClientSecret))
	data, failure := decodeAnswer(r, resp)
	if failure != nil {
		return nil, r, failure
	}
	return data, r, nil
}

// send makes one request, reads the answer and tells the Recorder.
func (g *Gateway) send(client *http.Client, req *http.Request, route string, body []byte, secrets []string) (*Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), g.timeout())
	defer cancel()
	start := time.Now()
	resp, err := receive(client, req.WithContext(ctx))
	took := time.Since(start)
	if err != nil {
		err = fmt.Errorf("prismtest: %s %s: %w", req.Method, route, err)
	} else {
		resp.Duration = took
	}
	into, _ := req.Context().Value(exchangeKey{}).(*Exchange)
	if g.Recorder == nil && into == nil {
		return resp, err
	}
	x := Exchange{
		Method: req.Method, Route: route, URL: redactURL(req, secrets), Start: start, Duration: took, Err: err,
		RequestHeader: redactHeader(req.Header, secrets),
	}
	if !signInRoute(route) {
		x.RequestBody = redactBody(body, secrets)
	}
	if resp != nil {
		x.Status = resp.Status
		x.ResponseHeader = redactHeader(resp.Header, secrets)
		if !signInRoute(route) {
			x.ResponseBody = redactBody(resp.Body, secrets)
		}
	}
	if into != nil {
		*into = x
	}
	if g.Recorder != nil {
		g.Recorder(x)
	}
	return resp, err
}

type exchangeKey struct{}

// WithExchange returns a context that makes the calls under it write what the
// Recorder gets to x as well. The last one stays; calls at once need contexts
// of their own.
func WithExchange(ctx context.Context, x *Exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

func receive(client *http.Client, req *http.Request) (*Response, error) {
	resp, err := client.Do(req)
	if err != nil {
		// The message of a *url.Error has the whole URL, codes and tokens
		// included.
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	out := &Response{Status: resp.StatusCode, Header: resp.Header, Body: body}
	if len(body) > maxAnswer {
		out.Body, out.cut = body[:maxAnswer], true
	}
	return out, nil
}

func newRequest(ctx context.Context, method, address string, body []byte) (*http.Request, error) {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, err
	}
	req.Header.Set("User-Agent", "prismtest")
	return req, nil
}
