// Command nethttp is the quickstart: a small live-video service of its own
// (accounts, channels, watch pages, chat) into which the PRISM service API is
// mounted. Begin reading at mount.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func main() {
	redis.SetLogger(redisLog{newLogger(os.Stderr).Named("redis")})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run starts the app and returns the exit code when ctx has ended and the app
// has stopped. What the operator needs goes to stdout, the log to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 2
	}
	log := newLogger(stderr)
	srv, err := newServer(ctx, s, log)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return 0 // told to stop before it was ready
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	}
	if err := srv.serve(ctx, func() { printRegistration(stdout, srv.app.creds, s) }); err != nil {
		log.Error("stopped", zap.Error(err))
		return 1
	}
	return 0
}

func newLogger(w io.Writer) *zap.Logger {
	enc := zap.NewProductionEncoderConfig()
	enc.EncodeTime = zapcore.RFC3339TimeEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(enc), zapcore.Lock(zapcore.AddSync(w)), zap.InfoLevel))
}
