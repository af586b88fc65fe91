package promprism

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/b2bprism/b2bprism/prism"
)

func (m *Metrics) liveChanged(_ context.Context, change prism.LiveChange) {
	event, reason := string(change.Event), ""
	switch change.Event {
	case prism.LiveCreated, prism.LiveUpdated, prism.LiveStarted:
	case prism.LiveEnded:
		reason = string(change.Reason)
		if !m.endReasons[change.Reason] {
			reason = other
		}
	default:
		event = other
	}
	m.events.WithLabelValues(event, reason).Inc()
}

func (m *Metrics) badDatum(_ context.Context, data prism.BadData) {
	if !utf8.ValidString(data.Adapter) || !utf8.ValidString(data.Field) || !m.badFields.has(data) {
		data = prism.BadData{Adapter: other, Field: other}
	}
	m.badData.WithLabelValues(data.Adapter, data.Field).Inc()
}

// LiveLister lists lives on air: prism.Audience, which the ready stores are.
type LiveLister interface {
	// LivesOnAir returns up to limit lives on air.
	LivesOnAir(ctx context.Context, limit int) ([]prism.Live, error)
}

// CountLives returns a function for Options.LivesOnAir that counts the lives
// of a ready store. It reads them, up to limit, which is then the highest
// number that is reported; a host with thousands of lives should rather count
// in its database. CountLives panics if lives is nil or limit is not positive.
func CountLives(lives LiveLister, limit int) func(context.Context) (int, error) {
	if lives == nil || limit <= 0 {
		panic("promprism: CountLives: needs a store and a positive limit")
	}
	return func(ctx context.Context) (int, error) {
		list, err := lives.LivesOnAir(ctx, limit)
		if err != nil {
			return 0, fmt.Errorf("promprism: counting lives on air: %w", err)
		}
		return len(list), nil
	}
}

// livesOnAir asks the host at every scrape.
type livesOnAir struct {
	count    func(context.Context) (int, error)
	timeout  time.Duration
	desc     *prometheus.Desc
	failures prometheus.Counter
}

func newLivesOnAir(opt Options) *livesOnAir {
	return &livesOnAir{
		count:   opt.LivesOnAir,
		timeout: opt.LivesTimeout,
		desc: prometheus.NewDesc(namespace+"_lives_on_air",
			"Lives on air in the whole service, not only on this instance.", nil, opt.ConstLabels),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "lives_on_air_failures_total",
			Help: "Times that the lives on air could not be counted.", ConstLabels: opt.ConstLabels,
		}),
	}
}

func (l *livesOnAir) Describe(descs chan<- *prometheus.Desc) {
	descs <- l.desc
	l.failures.Describe(descs)
}

// Collect leaves the number out when it is not known: an invalid metric would
// fail the whole scrape.
func (l *livesOnAir) Collect(metrics chan<- prometheus.Metric) {
	if n, err := l.ask(); err != nil {
		l.failures.Inc()
	} else {
		metrics <- prometheus.MustNewConstMetric(l.desc, prometheus.GaugeValue, float64(n))
	}
	l.failures.Collect(metrics)
}

// ask turns a panic into an error: it runs in a goroutine of the registry,
// where it would end the process.
func (l *livesOnAir) ask() (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("promprism: Options.LivesOnAir panicked: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), l.timeout)
	defer cancel()
	return l.count(ctx)
}
