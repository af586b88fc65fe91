package prism

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// mountProbe is one request of CheckMount, and what the service answers to it.
type mountProbe struct {
	method, path string
	header       map[string]string
	want         *Error
	// allow is the Allow header of a 405.
	allow string
}

// The origin stands under a name that nobody has (RFC 2606).
var crossOrigin = map[string]string{"Origin": "https://mount-check.invalid"}

var mountProbes = []mountProbe{
	{method: http.MethodGet, path: "/user", header: crossOrigin, want: ErrUnauthorized},
	{method: http.MethodHead, path: "/user", header: crossOrigin, want: ErrMethodNotAllowed, allow: http.MethodGet},
	{method: http.MethodOptions, path: "/user", want: ErrMethodNotAllowed, allow: http.MethodGet},
	{method: http.MethodOptions, path: "/user", want: ErrMethodNotAllowed, allow: http.MethodGet, header: map[string]string{
		"Origin":                         crossOrigin["Origin"],
		"Access-Control-Request-Method":  http.MethodGet,
		"Access-Control-Request-Headers": "x-prism-access-token",
	}},
	// CSRF middleware likes to refuse this one: PRISM has no cookie.
	{method: http.MethodPut, path: "/live/mount-check/start", want: ErrUnauthorized},
}

// mountTimeout bounds each request of CheckMount.
const mountTimeout = 10 * time.Second

// CheckMount asks a running service, over the network and without a token,
// whether requests reach it as PRISM sends them. It finds what a router, a
// proxy or middleware in front answers instead: OPTIONS and HEAD, which must
// never be answered but with 405, CORS headers, redirects, CSRF refusals and
// error pages. serviceAPIDomain is the address from the NAVER Cloud console,
// "https://live.example.com"; the calls go to /prism/v1/service behind it.
//
// client makes the requests; its Jar and CheckRedirect are not used. nil means
// http.DefaultClient. The check changes nothing in the service. Call it in a
// test, or after a deployment.
//
// It returns nil if all is well, else every problem found (errors.Join), each
// with the request and what to do about it. When no answer comes, it returns
// the client's error and asks no further.
func CheckMount(ctx context.Context, client *http.Client, serviceAPIDomain string) error {
	base, err := url.Parse(serviceAPIDomain)
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" || base.RawQuery != "" || base.Fragment != "" {
		return errors.New("prism: CheckMount: the service API domain must be an https or http URL without query and fragment")
	}
	if client == nil {
		client = http.DefaultClient
	}
	direct := *client
	direct.Jar = nil
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	var problems []error
	for _, probe := range mountProbes {
		found, err := probe.run(ctx, &direct, base.JoinPath(DefaultBasePath, servicePath, probe.path))
		for _, text := range found {
			problem := fmt.Errorf("prism: CheckMount: %s %s: %s", probe.method, DefaultBasePath+servicePath+probe.path, text)
			if !slices.ContainsFunc(problems, func(e error) bool { return e.Error() == problem.Error() }) {
				problems = append(problems, problem)
			}
		}
		if err != nil {
			return errors.Join(append(problems, fmt.Errorf("prism: CheckMount: no answer: %w", err))...)
		}
	}
	return errors.Join(problems...)
}

// run sends the probe and returns what is wrong with the answer.
func (p mountProbe) run(ctx context.Context, client *http.Client, address *url.URL) (problems []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, mountTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, p.method, address.String(), nil)
	if err != nil {
		return nil, err
	}
	for name, value := range p.header {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, DefaultMaxBody))
	if err != nil {
		return nil, err
	}
	for _, name := range corsHeaders(resp.Header) {
		problems = append(problems, fmt.Sprintf("the answer has %s: mount the service outside of CORS middleware", name))
	}
	if problem := p.status(resp, body); problem != "" {
		problems = append(problems, problem)
	}
	return problems, nil
}

func corsHeaders(h http.Header) []string {
	var names []string
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// status holds status, Allow and body against what the service answers.
func (p mountProbe) status(resp *http.Response, body []byte) string {
	var envelope struct {
		Success   *bool  `json:"success"`
		ErrorCode int    `json:"errorCode"`
		ErrorName string `json:"errorName"`
	}
	ours := json.Unmarshal(body, &envelope) == nil && envelope.Success != nil
	switch {
	case ours && envelope.ErrorCode == ErrTLSRequired.Code:
		return "the service sees plain HTTP: use https, and name a proxy that ends TLS in Config.TrustedProxies"
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return fmt.Sprintf("redirected with %d, want %d: the service never redirects; look at the router's clean-up of paths and at "+
			"redirects to another host or to HTTPS", resp.StatusCode, p.want.Status)
	case resp.StatusCode != p.want.Status:
		return fmt.Sprintf("got status %d, want %d: %s", resp.StatusCode, p.want.Status, p.advice(resp.StatusCode, ours))
	case p.want.Status == http.StatusMethodNotAllowed && resp.Header.Get("Allow") != p.allow:
		return fmt.Sprintf("got Allow %q, want %q: a router in front answers, not the service; mount the service for every method",
			resp.Header.Get("Allow"), p.allow)
	case p.method != http.MethodHead && (!ours || envelope.ErrorCode != p.want.Code):
		return fmt.Sprintf("got status %d without the service's %s: something in front answers", resp.StatusCode, p.want.Name)
	}
	return ""
}

func (p mountProbe) advice(status int, ours bool) string {
	switch {
	case ours:
		return "another path or service answers than the one that PRISM asks for"
	case p.want.Status == http.StatusMethodNotAllowed:
		return "something in front of the service answers " + p.method + "; mount the service outside of CORS middleware and for every method"
	case status == http.StatusNotFound:
		return "the service is not mounted here; see Config.BasePath"
	case status == http.StatusForbidden || status == http.StatusBadRequest:
		return "something in front of the service refuses the request; mount the service outside of CORS and CSRF middleware"
	}
	return "something in front of the service answers"
}
