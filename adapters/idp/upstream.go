package idp

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// The most bytes of an answer. A key set may carry certificate chains.
const (
	maxAnswer = 64 << 10
	maxKeySet = 512 << 10
)

// upstream makes requests to the server behind the bridge.
type upstream struct {
	client  *http.Client
	own     *http.Transport // nil for a transport of the host's
	timeout time.Duration
	trace   Trace
}

func newUpstream(cfg Config) *upstream {
	u := &upstream{timeout: cfg.Timeout, trace: cfg.Trace}
	transport := cfg.Transport
	if transport == nil {
		u.own = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			ForceAttemptHTTP2:      true,
			MaxIdleConns:           64,
			MaxIdleConnsPerHost:    64,
			MaxConnsPerHost:        256,
			IdleConnTimeout:        90 * time.Second,
			TLSHandshakeTimeout:    5 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		}
		transport = u.own
	}
	u.client = &http.Client{Transport: transport, CheckRedirect: noRedirects}
	return u
}

func (u *upstream) close() {
	if u.own != nil {
		u.own.CloseIdleConnections()
	}
}

// credentials are the bridge's at one endpoint.
type credentials struct {
	auth       AuthMethod
	id, secret string
}

// answer is what the upstream answered.
type answer struct {
	status    int
	mediaType string
	body      []byte
}

// post sends a form with the bridge's credentials.
func (u *upstream) post(ctx context.Context, endpoint, address string, form url.Values, who credentials) (answer, error) {
	if who.auth == AuthPost {
		form.Set("client_id", who.id)
		form.Set("client_secret", who.secret)
	}
	ctx, cancel := context.WithTimeout(ctx, u.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, fmt.Errorf("idp: the %s request: %w", endpoint, errors.Join(err, prism.ErrUnavailable))
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if who.auth == AuthBasic {
		// RFC 6749 section 2.3.1 encodes both parts before it joins them.
		pair := url.QueryEscape(who.id) + ":" + url.QueryEscape(who.secret)
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	return u.send(req, endpoint, maxAnswer)
}

// get reads a public document.
func (u *upstream) get(ctx context.Context, endpoint, address string, limit int64) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, u.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, fmt.Errorf("idp: the %s request: %w", endpoint, errors.Join(err, prism.ErrUnavailable))
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	return u.send(req, endpoint, limit)
}

func (u *upstream) send(req *http.Request, endpoint string, limit int64) (answer, error) {
	start := time.Now()
	got, err := u.receive(req, limit)
	if u.trace.UpstreamDone != nil {
		u.trace.UpstreamDone(req.Context(), UpstreamEvent{Endpoint: endpoint, Status: got.status, Duration: time.Since(start)})
	}
	return got, err
}

func (u *upstream) receive(req *http.Request, limit int64) (answer, error) {
	resp, err := u.client.Do(req)
	if err != nil {
		return answer{}, callError(req.Context(), err)
	}
	defer func() { _ = resp.Body.Close() }() // what was read is what counts
	got := answer{status: resp.StatusCode}
	got.body, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return got, fault("broke its answer off")
	case err != nil:
		return got, callError(req.Context(), err)
	case int64(len(got.body)) > limit:
		return got, fault("answered too much")
	}
	got.mediaType, _, err = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		got.mediaType = ""
	}
	return got, got.statusError()
}

// callError tells an upstream that is slow from one that is down.
func callError(ctx context.Context, err error) error {
	// The text of *url.Error has the address, which says nothing new.
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	netErr, ok := errors.AsType[net.Error](err)
	if ok && netErr.Timeout() || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("idp: the upstream did not answer in time: %w", errors.Join(prism.ErrTimeout, err))
	}
	return fmt.Errorf("idp: the upstream cannot be reached: %w", errors.Join(prism.ErrUnavailable, err))
}

// statusError is the error of an answer whose status tells all.
func (a answer) statusError() error {
	switch {
	case a.status >= 300 && a.status < 400:
		return fault("answered a redirect")
	case a.status >= 500, a.status == http.StatusRequestTimeout, a.status == http.StatusTooEarly, a.status == http.StatusTooManyRequests:
		return fmt.Errorf("idp: the upstream answered status %d: %w", a.status, prism.ErrUnavailable)
	}
	return nil
}

// object decodes the JSON object of an answer. Names are matched exactly.
func (a answer) object() (map[string]any, error) {
	if a.mediaType != "application/json" && !strings.HasSuffix(a.mediaType, "+json") {
		return nil, fault("answered no JSON")
	}
	values, ok := decodeObject(a.body)
	if !ok {
		return nil, fault("answered no JSON object")
	}
	return values, nil
}

// decodeObject reads exactly one JSON object. Its numbers are json.Number.
func decodeObject(raw []byte) (map[string]any, bool) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var values map[string]any
	if err := decoder.Decode(&values); err != nil || values == nil {
		return nil, false
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	return values, true
}
