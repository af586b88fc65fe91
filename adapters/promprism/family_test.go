package promprism_test

import (
	dto "github.com/prometheus/client_model/go"
)

// family is a gathered metric.
type family struct{ *dto.MetricFamily }

// value sums the samples that have these labels, given as name, value, …; for
// a histogram, it counts the observations.
func (f family) value(labels ...string) float64 {
	sum := 0.0
	for _, m := range f.GetMetric() {
		if !matches(m, labels) {
			continue
		}
		sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
	}
	return sum
}

func matches(m *dto.Metric, labels []string) bool {
	have := map[string]string{}
	for _, l := range m.GetLabel() {
		have[l.GetName()] = l.GetValue()
	}
	for i := 0; i < len(labels); i += 2 {
		if have[labels[i]] != labels[i+1] {
			return false
		}
	}
	return true
}

// labels returns the names of the labels that f has in any sample.
func (f family) labels() map[string]bool {
	names := map[string]bool{}
	if f.MetricFamily == nil {
		return names
	}
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			names[l.GetName()] = true
		}
	}
	return names
}
