package promprism

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/b2bprism/b2bprism/adapters/internal/vocabulary"
	"github.com/b2bprism/b2bprism/prism"
)

// Defaults and bounds of Options.
const (
	DefaultLivesTimeout   = time.Second
	DefaultSessionTimeout = 90 * time.Second
	// MaxEndReasons is how many reasons of its own a host may name.
	MaxEndReasons = 32
)

// namespace is the prefix of every metric.
const namespace = "b2bprism"

// other stands in a label for every value that is not of the known set.
const other = vocabulary.Other

// DefaultBuckets returns the bounds of the duration histogram in seconds. 1
// and 3 are among them: within 1 s PRISM recommends to answer, after 3 s it
// gives up. So is 2.5, the default of prism.Config.Deadline.
func DefaultBuckets() []float64 {
	return []float64{.005, .01, .025, .05, .1, .25, .5, .75, 1, 1.5, 2, 2.5, 3, 5, 10}
}

// Options describe Metrics. The zero value is good.
type Options struct {
	// ConstLabels are added to every metric, for example to tell two
	// services of one process apart.
	ConstLabels prometheus.Labels

	// Buckets are the upper bounds of the duration histogram in seconds,
	// increasing; DefaultBuckets by default. The dashboard needs 1 and 3.
	Buckets []float64

	// EndReasons are the reasons that the host passes to Service.EndLive,
	// beside those of package prism, at most MaxEndReasons. A reason that is
	// not named is counted as "other".
	EndReasons []prism.EndReason

	// LivesOnAir counts the lives that are on air in the whole service; see
	// CountLives. It is asked at every scrape, because what one instance saw
	// begin and end drifts: another one may end it. Every instance reports
	// the same number, so take its max, not its sum. It must be safe for
	// concurrent use and honour ctx. When it fails, the metric is left out of
	// that scrape. nil means no such metric.
	LivesOnAir func(ctx context.Context) (int, error)
	// LivesTimeout is the time that LivesOnAir has: 1 s by default.
	LivesTimeout time.Duration

	// SessionTimeout is how long a publisher is counted after its last
	// heartbeat: 90 s by default. It should be a few times the interval in
	// which the media server reports.
	SessionTimeout time.Duration
}

// Metrics are the metrics of a service. They are registered as one collector:
// Registerer.Unregister(metrics) takes all of them away. Metrics is safe for
// concurrent use, runs no goroutine and needs no Close.
type Metrics struct {
	all []prometheus.Collector

	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	routes   boundedSet[string]

	tokens   *prometheus.CounterVec
	refusals *prometheus.CounterVec
	reuse    *prometheus.CounterVec
	logins   *prometheus.CounterVec

	events     *prometheus.CounterVec
	endReasons map[prism.EndReason]bool
	badData    *prometheus.CounterVec
	badFields  boundedSet[prism.BadData]

	ingestEvents *prometheus.CounterVec
	sessions     sessionGauge
}

// New makes Metrics and registers them. It reports a nil Registerer, every
// option that is out of bounds, and metrics that reg refuses: a second set
// needs ConstLabels that differ in value, or a Registerer of
// prometheus.WrapRegistererWith.
func New(reg prometheus.Registerer, opt Options) (*Metrics, error) {
	if opt.Buckets == nil {
		opt.Buckets = DefaultBuckets()
	}
	if opt.LivesTimeout == 0 {
		opt.LivesTimeout = DefaultLivesTimeout
	}
	if opt.SessionTimeout == 0 {
		opt.SessionTimeout = DefaultSessionTimeout
	}
	if err := opt.check(reg); err != nil {
		return nil, err
	}
	m := newMetrics(opt)
	if err := reg.Register(m); err != nil {
		return nil, fmt.Errorf("promprism: registering the metrics: %w", err)
	}
	m.beginAtZero()
	return m, nil
}

func (o Options) check(reg prometheus.Registerer) error {
	var errs []error
	problem := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("promprism: "+format, args...))
	}
	if reg == nil {
		problem("New: the Registerer is nil")
	}
	if _, reserved := o.ConstLabels["le"]; reserved {
		problem(`Options.ConstLabels: "le" belongs to the histogram`)
	}
	for i, bound := range o.Buckets {
		if math.IsNaN(bound) || i > 0 && bound <= o.Buckets[i-1] {
			problem("Options.Buckets[%d]: %v is not above the one before", i, bound)
		}
	}
	if len(o.EndReasons) > MaxEndReasons {
		problem("Options.EndReasons: %d reasons, want at most %d", len(o.EndReasons), MaxEndReasons)
	}
	for i, reason := range o.EndReasons {
		if reason == "" || !utf8.ValidString(string(reason)) {
			problem("Options.EndReasons[%d]: %q is empty or no UTF-8", i, reason)
		}
	}
	if o.LivesTimeout < 0 {
		problem("Options.LivesTimeout: %s is negative", o.LivesTimeout)
	}
	if o.SessionTimeout < 0 {
		problem("Options.SessionTimeout: %s is negative", o.SessionTimeout)
	}
	return errors.Join(errs...)
}

func newMetrics(opt Options) *Metrics {
	m := &Metrics{endReasons: map[prism.EndReason]bool{}}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: name, Help: help, ConstLabels: opt.ConstLabels,
		}, labels)
		m.all = append(m.all, c)
		return c
	}
	m.requests = counter("http_requests_total", "Requests answered.", "route", "method", "code")
	m.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: "http_request_duration_seconds",
		Help:    "Time from the arrival of a request to its answer.",
		Buckets: opt.Buckets, ConstLabels: opt.ConstLabels,
	}, []string{"route", "method"})
	m.inFlight = prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "http_requests_in_flight",
		Help: "Requests being answered.", ConstLabels: opt.ConstLabels,
	})
	m.routes.max = maxRoutes

	m.tokens = counter("tokens_total", "Token pairs issued, refreshed, and refreshed again within the grace rules (sibling).", "outcome")
	m.refusals = counter("token_refusals_total", "Errors answered by the token, revocation and introspection endpoints.", "endpoint", "code", "reason")
	m.reuse = counter("token_reuse_total", "Sign-ins revoked because a used code or an old refresh token came back.", "what")
	m.logins = counter("login_failures_total", "Sign-ins refused by the password page.", "limited")

	m.events = counter("live_events_total", "Lives created, updated, started and ended.", "event", "reason")
	for _, reason := range append(vocabulary.EndReasons(), opt.EndReasons...) {
		m.endReasons[reason] = true
	}
	m.badData = counter("bad_data_total", "Values of the host's adapters that could not be sent.", "adapter", "field")
	m.badFields.max = maxBadFields

	m.ingestEvents = counter("ingest_events_total", "Hooks of media servers.", "event", "result")
	m.sessions = newSessions(opt)
	m.all = append(m.all, m.duration, m.inFlight, m.sessions)
	if opt.LivesOnAir != nil {
		m.all = append(m.all, newLivesOnAir(opt))
	}
	return m
}

// beginAtZero makes the series whose first event matters: a rate over a
// series that begins with 1 misses it.
func (m *Metrics) beginAtZero() {
	for _, outcome := range []string{outcomeIssued, outcomeRefreshed, outcomeSibling} {
		m.tokens.WithLabelValues(outcome)
	}
	for what := range vocabulary.Reused {
		m.reuse.WithLabelValues(what)
	}
	for _, limited := range []string{"false", "true"} {
		m.logins.WithLabelValues(limited)
	}
	for _, event := range []prism.LiveEvent{prism.LiveCreated, prism.LiveUpdated, prism.LiveStarted} {
		m.events.WithLabelValues(string(event), "")
	}
	for reason := range m.endReasons {
		m.events.WithLabelValues(string(prism.LiveEnded), string(reason))
	}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(descs chan<- *prometheus.Desc) {
	for _, c := range m.all {
		c.Describe(descs)
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(metrics chan<- prometheus.Metric) {
	for _, c := range m.all {
		c.Collect(metrics)
	}
}
