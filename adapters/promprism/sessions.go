package promprism

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/b2bprism/b2bprism/adapters/internal/sessions"
)

// sessionGauge is ingest_sessions. A count of starts and ends would drift, so
// it asks when it is collected.
type sessionGauge struct {
	*sessions.Sessions
	gauge prometheus.Gauge
}

func newSessions(opt Options) sessionGauge {
	return sessionGauge{sessions.New(opt.SessionTimeout), prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "ingest_sessions",
		Help: "Publishers that this instance heard of lately.", ConstLabels: opt.ConstLabels,
	})}
}

func (s sessionGauge) Describe(descs chan<- *prometheus.Desc) { s.gauge.Describe(descs) }

func (s sessionGauge) Collect(metrics chan<- prometheus.Metric) {
	s.gauge.Set(float64(s.Count()))
	s.gauge.Collect(metrics)
}
