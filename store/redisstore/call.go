package redisstore

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

//go:embed scripts/*.lua
var scriptFiles embed.FS

// The scripts. Those of tokens have records.lua before them.
var (
	saveCodeScript     = tokenScript("savecode")
	redeemScript       = tokenScript("redeem")
	findScript         = tokenScript("find")
	markUsedScript     = tokenScript("markused")
	rotateScript       = tokenScript("rotate")
	revokeFamilyScript = tokenScript("revokefamily")
	revokeUserScript   = tokenScript("revokeuser")
	familiesScript     = tokenScript("families")
	sweepScript        = tokenScript("sweep")

	leaseScript   = redis.NewScript(scriptText("lease"))
	releaseScript = redis.NewScript(scriptText("release"))

	chatPostScript   = redis.NewScript(scriptText("chatpost"))
	chatReadScript   = redis.NewScript(scriptText("chatread"))
	chatDeleteScript = redis.NewScript(scriptText("chatdelete"))
)

func tokenScript(name string) *redis.Script {
	return redis.NewScript(scriptText("records") + scriptText(name))
}

// scriptText panics on a name that was not embedded, when the package is loaded.
func scriptText(name string) string {
	text, err := scriptFiles.ReadFile("scripts/" + name + ".lua")
	if err != nil {
		panic(err)
	}
	return string(text)
}

// caller runs commands on the host's client.
type caller struct {
	client redis.UniversalClient
}

// run runs a script by its hash, and in full when the server does not know it.
// A reply of nothing is redis.Nil.
func (c caller) run(ctx context.Context, script *redis.Script, keys []string, args ...any) (any, error) {
	return call(ctx, func(ctx context.Context) (any, error) {
		return script.Run(ctx, c.client, keys, args...).Result()
	})
}

// call runs a command and returns when ctx ends, even if the driver goes on:
// it looks at ctx only between its steps, and heeds a deadline only where the
// host has set ContextTimeoutEnabled. What goes on is bounded by the client's
// time-outs and by its Close.
func call[T any](ctx context.Context, command func(ctx context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var none T
	if err := ctx.Err(); err != nil {
		return none, fmt.Errorf("redisstore: %w", err)
	}
	if ctx.Done() == nil {
		value, err := command(ctx)
		return value, failure(ctx, err)
	}
	done := make(chan answer, 1)
	go func() {
		value, err := command(ctx)
		done <- answer{value, err}
	}()
	select {
	case a := <-done:
		return a.value, failure(ctx, a.err)
	case <-ctx.Done():
		return none, fmt.Errorf("redisstore: %w", ctx.Err())
	}
}

// failure tells why a command failed: if the context is over that is the
// reason, whatever the driver says of it, and if not, Redis cannot answer for
// now. redis.Nil is an answer.
func failure(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, redis.Nil):
		return err
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return fmt.Errorf("redisstore: %w", err)
	case ctx.Err() != nil:
		return fmt.Errorf("redisstore: %w: %w", ctx.Err(), err)
	default:
		return fmt.Errorf("redisstore: %w: %w", prism.ErrUnavailable, err)
	}
}

// newAttempt names one call, so that its script knows it again.
func newAttempt() string { return rand.Text() }

func notFound(what string) error {
	return fmt.Errorf("redisstore: %s: %w", what, prism.ErrNotFound)
}

// unreadable is for a reply or a record that no script of this package makes.
func unreadable(what string) error {
	return fmt.Errorf("redisstore: the %s cannot be read: %w", what, prism.ErrUnavailable)
}

var errCodeUsed = fmt.Errorf("redisstore: %w", oauth.ErrCodeUsed)
