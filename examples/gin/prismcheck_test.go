package main

import (
	"testing"

	"github.com/b2bprism/b2bprism/examples/internal/accept"
)

// The app passes the acceptance checks.
func TestPrismcheck(t *testing.T) {
	t.Parallel()
	accept.Test(t, newApp)
}
