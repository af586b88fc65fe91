package otelprism_test

import (
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// named returns the ended spans of a name.
func named(spans []sdktrace.ReadOnlySpan, name string) []sdktrace.ReadOnlySpan {
	var found []sdktrace.ReadOnlySpan
	for _, s := range spans {
		if s.Name() == name {
			found = append(found, s)
		}
	}
	return found
}

// one returns the only span of a name.
func one(t *testing.T, spans []sdktrace.ReadOnlySpan, name string) sdktrace.ReadOnlySpan {
	t.Helper()
	found := named(spans, name)
	if len(found) != 1 {
		var names []string
		for _, s := range spans {
			names = append(names, s.Name())
		}
		t.Fatalf("%d spans %q, want 1; there are %q", len(found), name, names)
	}
	return found[0]
}

// attrs writes attributes as a map, with the values as text.
func attrs(list []attribute.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range list {
		m[string(kv.Key)] = kv.Value.String()
	}
	return m
}

// events writes the events of a span, one text each.
func events(span sdktrace.ReadOnlySpan) []string {
	var all []string
	for _, e := range span.Events() {
		all = append(all, fmt.Sprint(e.Name, " ", attrs(e.Attributes)))
	}
	return all
}

// dump writes everything that a span tells.
func dump(span sdktrace.ReadOnlySpan) string {
	return strings.Join(append(events(span), span.Name(), span.Status().Description, fmt.Sprint(attrs(span.Attributes()))), "\n")
}
