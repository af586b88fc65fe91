package main

import (
	"testing"

	"github.com/b2bprism/b2bprism/examples/internal/golive"
)

func TestApp(t *testing.T) {
	t.Parallel()
	golive.Test(t, newApp)
}
