package console

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// authorizeTime bounds the request to the authorization URL.
const authorizeTime = 10 * time.Second

// askAuthorizeURL tells whether a sign-in page can be at an address. Without
// the parameters of an authorization request any server refuses it in its own
// way, or leads elsewhere; only 404 says that nothing is there.
func askAuthorizeURL(ctx context.Context, client *http.Client, address string) error {
	if client == nil {
		client = http.DefaultClient
	}
	direct := *client
	direct.Jar = nil
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ctx, cancel := context.WithTimeout(ctx, authorizeTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("authorization URL: %w", err)
	}
	resp, err := direct.Do(req)
	if err != nil {
		return fmt.Errorf("authorization URL: no answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusNotFound {
		return fmt.Errorf("authorization URL: GET %s: got status 404: no sign-in page is there; set Registration.AuthorizeURL to where it is", address)
	}
	return nil
}
