package prismtest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// A Gateway signs in and goes live as PRISM does. The fields that it needs are
// those of the NAVER Cloud console form.
func ExampleGateway() {
	h, err := startHost() // an httptest server with the service
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() {
		if err := h.close(); err != nil {
			fmt.Println(err)
		}
	}()
	ctx := context.Background()

	gateway := &prismtest.Gateway{
		ServiceAPIDomain: h.server.URL,
		AuthorizeURL:     h.server.URL + "/prism/oauth/authorize",
		ClientID:         h.gateway.ClientID,
		ClientSecret:     h.gateway.ClientSecret,
		RedirectURI:      redirectURI,
		HTTPClient:       h.server.Client(), // trusts the test certificate
	}
	tokens, err := gateway.SignIn(ctx, prismtest.Credentials{Account: "minji", Password: "pw-minji"})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := gateway.Session(tokens)
	live, err := s.CreateLive(ctx, "main", prismtest.NewLive{Title: "Hello"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(live.Title, live.Status, live.RTMPServer)
	live, err = s.StartLive(ctx, live.ID)
	fmt.Println(live.Status, err)
	live, err = s.StopLive(ctx, live.ID)
	fmt.Println(live.Status, err)
	// Output:
	// Hello RESERVED rtmp://ingest.example/live
	// ON_AIR <nil>
	// END <nil>
}

// Failures of the service, breaches of the contract and everything else are
// errors of different types.
func ExampleAPIError() {
	h, err := startHost()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() {
		if err := h.close(); err != nil {
			fmt.Println(err)
		}
	}()
	_, err = h.gateway.WithToken("not a token").User(context.Background())

	var failure *prismtest.APIError
	fmt.Println(errors.As(err, &failure), failure.Status, failure.Name)
	fmt.Println(len(prismtest.Violations(err)), "violations")
	// Output:
	// true 401 INVALID_TOKEN
	// 0 violations
}
