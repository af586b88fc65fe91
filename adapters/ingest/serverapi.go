package ingest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const maxServerAnswer = 8 << 20

// serverAPI calls the HTTP API of a media server. Its errors have no URL: a
// path of some servers has the stream key.
type serverAPI struct {
	name   string // of the server, for errors
	base   string
	client *http.Client
	header func(http.Header) // adds what proves who calls; may be nil
}

// call makes one call of at most controlTimeout, follows no redirect, and
// decodes the answer of a 2xx into out unless that is nil. Any other status
// comes back with a nil error.
func (a serverAPI) call(ctx context.Context, method, path string, out any) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, controlTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(a.base, "/")+path, nil)
	if err != nil {
		return 0, fmt.Errorf("ingest: the address of %s is not a URL", a.name)
	}
	if a.header != nil {
		a.header(req.Header)
	}
	return do(a.client, req, a.name, out)
}

// do sends a request as serverAPI.call says.
func do(client *http.Client, req *http.Request, name string, out any) (int, error) {
	c := http.Client{}
	if client != nil {
		c = *client
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := c.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return 0, fmt.Errorf("ingest: %s: %w", name, err)
	}
	// All of the body is read, so that the connection is used again.
	body, readErr := io.ReadAll(io.LimitReader(resp.Body, maxServerAnswer+1))
	if err := errors.Join(readErr, resp.Body.Close()); err != nil {
		return 0, fmt.Errorf("ingest: %s: answer: %w", name, err)
	}
	if len(body) > maxServerAnswer {
		return 0, fmt.Errorf("ingest: %s: the answer is over %d bytes", name, maxServerAnswer)
	}
	if out == nil || resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp.StatusCode, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return 0, fmt.Errorf("ingest: %s: the answer is not the JSON that it should be", name)
	}
	return resp.StatusCode, nil
}

// must is call for which only 200 is good.
func (a serverAPI) must(ctx context.Context, method, path string, out any) error {
	status, err := a.call(ctx, method, path, out)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("ingest: %s: status %d", a.name, status)
	}
	return nil
}

// connectionID is the id of a connection, a string in new versions of a server
// and a number in old ones.
type connectionID string

// UnmarshalJSON implements json.Unmarshaler. Ids of another form become "".
func (c *connectionID) UnmarshalJSON(b []byte) error {
	*c = ""
	if decimal(string(b)) {
		*c = connectionID(b)
		return nil
	}
	var s string
	if json.Unmarshal(b, &s) == nil && nameSafe(s) {
		*c = connectionID(s)
	}
	return nil
}

// basicAuth returns what adds HTTP Basic credentials.
func basicAuth(credentials string) func(http.Header) {
	value := "Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))
	return func(h http.Header) { h.Set("Authorization", value) }
}
