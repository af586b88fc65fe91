package main

import (
	"context"
	"testing"
)

// all are the contestants by themselves.
func all(t testing.TB) []contestant {
	t.Helper()
	ours, uncached, peer, others, err := contestants()
	if err != nil {
		t.Fatal(err)
	}
	return append([]contestant{ours, uncached, peer}, others...)
}

// Every contestant does the job that is measured, and refuses to do it twice or
// for nothing.
func TestContestantsDoTheSameJob(t *testing.T) {
	ctx := context.Background()
	for _, c := range all(t) {
		for d := range c.endpoint {
			t.Run(c.name+", "+d.name, func(t *testing.T) {
				code, err := c.code(ctx)
				if err != nil {
					t.Fatal(err)
				}
				first, err := c.tokens(d, exchangeValues(code))
				if err != nil {
					t.Fatal(err)
				}
				second, err := c.tokens(d, refreshValues(first.RefreshToken))
				if err != nil {
					t.Fatal(err)
				}
				if first.RefreshToken == second.RefreshToken || first.AccessToken == second.AccessToken {
					t.Error("a refresh brought no new tokens")
				}
				if second.ExpiresIn <= 0 || second.TokenType == "" {
					t.Errorf("%+v", second)
				}
				if err := c.verify(ctx, second.AccessToken); err != nil {
					t.Error(err)
				}
				if err := c.verify(ctx, second.AccessToken[1:]+"A"); err == nil {
					t.Error("a token that nobody issued was good")
				}
				if _, err := c.tokens(d, exchangeValues(code)); err == nil {
					t.Error("a code worked twice")
				}
				if _, err := c.tokens(d, refreshValues("x"+second.RefreshToken)); err == nil {
					t.Error("a refresh token that nobody issued worked")
				}
			})
		}
	}
}
