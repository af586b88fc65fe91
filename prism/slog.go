package prism

import (
	"context"
	"encoding/base64"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// SlogLogger returns a zap logger that writes to a handler of log/slog, for a
// host that logs with that package:
//
//	cfg.Logger = prism.SlogLogger(slog.Default().Handler())
//
// The handler decides which levels are enabled; DPanic, Panic and Fatal stand
// above slog.LevelError. Fields keep their order, namespaces and objects become
// groups, and errors reach the handler as errors. The logger's name is the
// attribute "logger", a stack trace "stack"; both stand outside the namespaces.
// A field that holds a context.Context is not logged but is the context that
// the handler gets. Records know their source. An error of the handler goes to
// zap's error output.
//
// It panics if h is nil. The logger is safe for concurrent use if h is.
func SlogLogger(h slog.Handler) *zap.Logger {
	if h == nil {
		panic("prism: SlogLogger: the handler is nil")
	}
	return zap.New(&slogCore{handler: h, ctx: context.Background(), groups: []slogGroup{{}}}, zap.AddCaller())
}

// slogCore is a zapcore.Core over a slog.Handler. It keeps the fields of With
// itself instead of calling WithAttrs and WithGroup, so that the logger's name
// does not end up within a namespace.
type slogCore struct {
	handler slog.Handler
	ctx     context.Context // the one that With was given
	// groups are the open namespaces, the outermost, which has no name, first.
	groups []slogGroup
}

type slogGroup struct {
	name  string
	attrs []slog.Attr
}

// slogLevel maps zap's levels, which are 1 apart, to slog's, which are 4 apart.
// Info is 0 in both.
func slogLevel(l zapcore.Level) slog.Level { return slog.Level(4 * int(l)) }

// Enabled asks the handler.
func (c *slogCore) Enabled(l zapcore.Level) bool { return c.handler.Enabled(c.ctx, slogLevel(l)) }

// With returns a core with more fields.
func (c *slogCore) With(fields []zapcore.Field) zapcore.Core {
	e := c.encode(fields)
	return &slogCore{handler: c.handler, ctx: e.ctx, groups: e.groups}
}

// Check adds the core to an entry that the handler wants.
func (c *slogCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write hands the entry to the handler.
func (c *slogCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	var pc uintptr
	if entry.Caller.Defined {
		pc = entry.Caller.PC + 1 // slog wants the return address, zap has the call
	}
	record := slog.NewRecord(entry.Time, slogLevel(entry.Level), entry.Message, pc)
	if entry.LoggerName != "" {
		record.AddAttrs(slog.String("logger", entry.LoggerName))
	}
	e := c.encode(fields)
	record.AddAttrs(e.attrs()...)
	if entry.Stack != "" {
		record.AddAttrs(slog.String("stack", entry.Stack))
	}
	return c.handler.Handle(e.ctx, record)
}

// Sync does nothing: a slog.Handler has no buffer to flush.
func (c *slogCore) Sync() error { return nil }

func (c *slogCore) encode(fields []zapcore.Field) *slogEncoder {
	e := &slogEncoder{ctx: c.ctx, groups: make([]slogGroup, len(c.groups), len(c.groups)+1)}
	for i, g := range c.groups {
		e.groups[i] = slogGroup{g.name, slices.Clip(g.attrs)} // clipped: an append copies
	}
	for _, f := range fields {
		e.field(f)
	}
	return e
}

// slogEncoder is a zapcore.ObjectEncoder that makes attributes in order.
type slogEncoder struct {
	ctx    context.Context // found among the fields
	groups []slogGroup
}

func (e *slogEncoder) field(f zapcore.Field) {
	switch v := f.Interface.(type) {
	case context.Context:
		e.ctx = v
		return
	case error:
		if f.Type == zapcore.ErrorType { // AddTo would make texts of it
			e.add(f.Key, slog.AnyValue(v))
			return
		}
	}
	f.AddTo(e)
}

func (e *slogEncoder) add(key string, v slog.Value) {
	g := &e.groups[len(e.groups)-1]
	g.attrs = append(g.attrs, slog.Attr{Key: key, Value: v})
}

// attrs closes all namespaces.
func (e *slogEncoder) attrs() []slog.Attr {
	for len(e.groups) > 1 {
		last := e.groups[len(e.groups)-1]
		e.groups = e.groups[:len(e.groups)-1]
		e.add(last.name, slog.GroupValue(last.attrs...))
	}
	return e.groups[0].attrs
}

// AddObject makes a group.
func (e *slogEncoder) AddObject(key string, object zapcore.ObjectMarshaler) error {
	inner := &slogEncoder{ctx: e.ctx, groups: []slogGroup{{}}}
	err := object.MarshalLogObject(inner)
	e.add(key, slog.GroupValue(inner.attrs()...))
	return err
}

// AddArray makes a slice, whose objects are maps: a group cannot stand in one.
func (e *slogEncoder) AddArray(key string, array zapcore.ArrayMarshaler) error {
	m := zapcore.NewMapObjectEncoder()
	err := m.AddArray(key, array)
	e.add(key, slog.AnyValue(m.Fields[key]))
	return err
}

// OpenNamespace makes a group of all that follows.
func (e *slogEncoder) OpenNamespace(key string) { e.groups = append(e.groups, slogGroup{name: key}) }

// AddReflected leaves the value to the handler.
func (e *slogEncoder) AddReflected(key string, v any) error {
	e.add(key, slog.AnyValue(v))
	return nil
}

// AddBinary encodes as zap's JSON does.
func (e *slogEncoder) AddBinary(key string, v []byte) {
	e.AddString(key, base64.StdEncoding.EncodeToString(v))
}

// AddComplex128 makes a string: JSON has no complex numbers.
func (e *slogEncoder) AddComplex128(key string, v complex128) {
	e.AddString(key, strconv.FormatComplex(v, 'g', -1, 128))
}

// AddComplex64 is AddComplex128 in the shorter format.
func (e *slogEncoder) AddComplex64(key string, v complex64) {
	e.AddString(key, strconv.FormatComplex(complex128(v), 'g', -1, 64))
}

// The methods of zapcore.ObjectEncoder for values that slog has a kind for.

func (e *slogEncoder) AddByteString(k string, v []byte)      { e.add(k, slog.StringValue(string(v))) }
func (e *slogEncoder) AddBool(k string, v bool)              { e.add(k, slog.BoolValue(v)) }
func (e *slogEncoder) AddDuration(k string, v time.Duration) { e.add(k, slog.DurationValue(v)) }
func (e *slogEncoder) AddFloat64(k string, v float64)        { e.add(k, slog.Float64Value(v)) }
func (e *slogEncoder) AddFloat32(k string, v float32)        { e.add(k, slog.Float64Value(float64(v))) }
func (e *slogEncoder) AddInt(k string, v int)                { e.add(k, slog.IntValue(v)) }
func (e *slogEncoder) AddInt64(k string, v int64)            { e.add(k, slog.Int64Value(v)) }
func (e *slogEncoder) AddInt32(k string, v int32)            { e.add(k, slog.Int64Value(int64(v))) }
func (e *slogEncoder) AddInt16(k string, v int16)            { e.add(k, slog.Int64Value(int64(v))) }
func (e *slogEncoder) AddInt8(k string, v int8)              { e.add(k, slog.Int64Value(int64(v))) }
func (e *slogEncoder) AddString(k, v string)                 { e.add(k, slog.StringValue(v)) }
func (e *slogEncoder) AddTime(k string, v time.Time)         { e.add(k, slog.TimeValue(v)) }
func (e *slogEncoder) AddUint(k string, v uint)              { e.add(k, slog.Uint64Value(uint64(v))) }
func (e *slogEncoder) AddUint64(k string, v uint64)          { e.add(k, slog.Uint64Value(v)) }
func (e *slogEncoder) AddUint32(k string, v uint32)          { e.add(k, slog.Uint64Value(uint64(v))) }
func (e *slogEncoder) AddUint16(k string, v uint16)          { e.add(k, slog.Uint64Value(uint64(v))) }
func (e *slogEncoder) AddUint8(k string, v uint8)            { e.add(k, slog.Uint64Value(uint64(v))) }
func (e *slogEncoder) AddUintptr(k string, v uintptr)        { e.add(k, slog.Uint64Value(uint64(v))) }
