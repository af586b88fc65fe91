package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/b2bprism/b2bprism/examples/benchmarks/ratio"
)

// tokensToVerify is how many access tokens a verification goes round, as those
// of many lives come by turns.
const tokensToVerify = 500

// exchange is the job of redeeming authorization codes, one request each.
func (c contestant) exchange(d *dialect) ratio.Subject {
	return ratio.Subject{Name: c.name, Prepare: func(n int) func() {
		requests := make([]*http.Request, n)
		for i := range requests {
			requests[i] = must(d.request(exchangeValues(must(c.code(context.Background())))))
		}
		return func() { c.serve(d, requests) }
	}}
}

// refresh is the job of refreshing sign-ins, one request each.
func (c contestant) refresh(d *dialect) ratio.Subject {
	return ratio.Subject{Name: c.name, Prepare: func(n int) func() {
		requests := make([]*http.Request, n)
		for i := range requests {
			requests[i] = must(d.request(refreshValues(must(c.signIn()).RefreshToken)))
		}
		return func() { c.serve(d, requests) }
	}}
}

// check is the job of verifying access tokens that were verified before.
func (c contestant) check() ratio.Subject {
	var tokens []string
	return ratio.Subject{Name: c.name, Prepare: func(n int) func() {
		ctx := context.Background()
		for len(tokens) < tokensToVerify {
			tokens = append(tokens, must(c.signIn()).AccessToken)
		}
		verify := func(n int) {
			for i := range n {
				if err := c.verify(ctx, tokens[i%tokensToVerify]); err != nil {
					panic(err)
				}
			}
		}
		verify(tokensToVerify)
		return func() { verify(n) }
	}}
}

// serve wants every request to be answered with tokens.
func (c contestant) serve(d *dialect, requests []*http.Request) {
	w, endpoint := newCapture(), c.endpoint[d]
	for _, r := range requests {
		w.reset()
		endpoint.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			panic(fmt.Sprintf("%s: status %d", c.name, w.status))
		}
	}
}

// pair is what a token endpoint answers.
type pair struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
}

// signIn returns a pair of a new sign-in.
func (c contestant) signIn() (pair, error) {
	code, err := c.code(context.Background())
	if err != nil {
		return pair{}, err
	}
	return c.tokens(standard, exchangeValues(code))
}

// tokens makes one token request and reads its answer.
func (c contestant) tokens(d *dialect, values map[string][]string) (pair, error) {
	r, err := d.request(values)
	if err != nil {
		return pair{}, err
	}
	w := newCapture()
	c.endpoint[d].ServeHTTP(w, r)
	if w.status != http.StatusOK {
		return pair{}, fmt.Errorf("%s: status %d", c.name, w.status)
	}
	var p pair
	if err := json.Unmarshal(w.body, &p); err != nil {
		return pair{}, fmt.Errorf("%s: %w", c.name, err)
	}
	if p.AccessToken == "" || p.RefreshToken == "" {
		return pair{}, errors.New(c.name + ": an answer without a pair")
	}
	return p, nil
}

// must ends the program, since a benchmark of something that fails says
// nothing.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
