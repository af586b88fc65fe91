package main

import (
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/b2bprism/b2bprism/examples/internal/golive"
)

func init() { gin.SetMode(gin.ReleaseMode) }

func TestApp(t *testing.T) {
	t.Parallel()
	golive.Test(t, newApp)
}
