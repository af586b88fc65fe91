package prism

import (
	"context"
	"time"
)

// Trace observes a Service, in the manner of net/http/httptrace: set the
// functions you want. They are called in the request's goroutine, so they must
// be fast and safe for concurrent use. They never see a token, a stream key or
// a query string.
type Trace struct {
	// RequestStart is called when a request has reached its route. The
	// context it returns is used for the rest of the request; the function
	// it returns, if any, is called when the answer was written.
	RequestStart func(ctx context.Context, info RequestInfo) (context.Context, func(RequestResult))
	// LiveChanged is called after a live was created, updated, started or
	// ended through this Service.
	LiveChanged func(ctx context.Context, change LiveChange)
	// BadData is called each time an adapter returned data that cannot be
	// sent. The log has it once per adapter and field.
	BadData func(ctx context.Context, data BadData)
}

// RequestInfo describes a request that begins.
type RequestInfo struct {
	// RequestID is in the log, in the X-Request-Id header of the answer, and
	// in the message of a 500.
	RequestID string
	// Method is the HTTP method, Route the path template without prefix, for
	// example "/v1/service/live/{liveId}". Both come from fixed sets.
	Method, Route string
}

// RequestResult describes the answer.
type RequestResult struct {
	// Status is the HTTP status, ErrorCode the errorCode sent, 0 for success.
	Status, ErrorCode int
	// UserID is the acting user, or "".
	UserID string
	// LiveID is the live of the path, or "". Unless Status is a success, it is
	// only what the client sent.
	LiveID   string
	Duration time.Duration
}

// LiveEvent is what happened to a live.
type LiveEvent string

// The events of a live.
const (
	LiveCreated LiveEvent = "created"
	LiveUpdated LiveEvent = "updated"
	LiveStarted LiveEvent = "started"
	LiveEnded   LiveEvent = "ended"
)

// EndReason says why a live ended.
type EndReason string

// The reasons that this module uses. A host may pass others to Service.EndLive.
const (
	// EndedByStreamer: PRISM called stop.
	EndedByStreamer EndReason = "streamer"
	// EndedByNewerLive: another live of the channel was started.
	EndedByNewerLive EndReason = "newer_live"
	// EndedByHost: an operator ended it.
	EndedByHost EndReason = "host"
	// EndedByChannel: the channel was disabled.
	EndedByChannel EndReason = "channel_disabled"
	// EndedByIngestTimeout: nothing was published for too long.
	EndedByIngestTimeout EndReason = "ingest_timeout"
)

// LiveChange is one event of a live.
type LiveChange struct {
	Event LiveEvent
	// Live is the live after the event, without its stream key.
	Live Live
	// Reason is set for LiveEnded.
	Reason EndReason
}

// BadData is one value from an adapter that cannot be sent as it is.
type BadData struct {
	// Adapter is the Go type of the adapter, Field the field of the domain
	// type, for example "Live.RTMPPath".
	Adapter, Field string
}
