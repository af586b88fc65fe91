package prism

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf16"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism/internal/wire"
)

// badDataLog remembers what was logged. Its keys are adapter types and field
// names, so it is bounded.
type badDataLog struct {
	seen sync.Map
}

func (l *badDataLog) first(data BadData) bool {
	_, seen := l.seen.LoadOrStore(data, struct{}{})
	return !seen
}

// badData reports a value of an adapter that cannot be sent as it is.
func (x *exchange) badData(adapter any, field string) {
	data := BadData{Adapter: adapterName(adapter), Field: field}
	if x.svc.badData.first(data) {
		x.svc.log.Error("prism: an adapter returned data that cannot be sent; logged once",
			zap.String("request_id", x.id[0]), zap.String("adapter", data.Adapter), zap.String("field", data.Field))
	}
	if x.svc.cfg.Trace.BadData != nil {
		x.svc.cfg.Trace.BadData(x.ctx, data)
	}
}

// cannotSend reports bad data and returns the error for an answer that has
// nothing else to say.
func (x *exchange) cannotSend(adapter any, field string) error {
	x.badData(adapter, field)
	return fmt.Errorf("%s returned a bad %s", adapterName(adapter), field)
}

// nameOr replaces a blank name by the id.
func (x *exchange) nameOr(adapter any, field, name, id string) string {
	if strings.TrimSpace(name) != "" {
		return name
	}
	x.badData(adapter, field)
	return id
}

// count clamps a number to what the PRISM client reads.
func (x *exchange) count(adapter any, field string, n int64) int64 {
	if n >= 0 && n <= math.MaxInt32 {
		return n
	}
	x.badData(adapter, field)
	return min(max(n, 0), math.MaxInt32)
}

// bounded cuts a text to limit UTF-16 units, which is how the PRISM client
// counts.
func (x *exchange) bounded(adapter any, field, text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	units := 0
	for i, r := range text {
		units += utf16.RuneLen(r)
		if units > limit {
			x.badData(adapter, field)
			return text[:i]
		}
	}
	return text
}

// link reports a missing address; there is nothing to put in its place here.
// See LivesWithDefaults.
func (x *exchange) link(adapter any, field, address string) string {
	if address == "" {
		x.badData(adapter, field)
	}
	return address
}

// timeOrNull leaves out a time that nobody could read back.
func (x *exchange) timeOrNull(adapter any, field string, t time.Time) wire.Time {
	if !t.IsZero() && !wire.CanSend(t) {
		x.badData(adapter, field)
		return wire.Time{}
	}
	return wire.TimeIn(t, x.svc.cfg.Location)
}

// firstValue remembers the first string it is given.
type firstValue struct {
	value atomic.Pointer[string]
}

// get returns the first value, or "".
func (f *firstValue) get() string {
	if first := f.value.Load(); first != nil {
		return *first
	}
	return ""
}

// same reports whether s is the first value, or becomes it.
func (f *firstValue) same(s string) bool {
	f.value.CompareAndSwap(nil, &s)
	return f.get() == s
}
