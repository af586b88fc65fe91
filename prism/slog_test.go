package prism_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/b2bprism/b2bprism/prism"
)

// jsonLogger logs to a buffer, without the time.
func jsonLogger(buf *bytes.Buffer, level slog.Level) *zap.Logger {
	return prism.SlogLogger(slog.NewJSONHandler(buf, &slog.HandlerOptions{Level: level, ReplaceAttr: noTime}))
}

func noTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

type place struct{ city, street string }

func (p place) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("city", p.city)
	e.OpenNamespace("at")
	e.AddString("street", p.street)
	return nil
}

type broken struct{}

func (broken) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddBool("begun", true)
	return errors.New("cannot go on")
}

func TestSlogFields(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 12, 0, 0, 123, time.UTC)
	var nobody *time.Location
	tests := map[string]struct {
		fields []zap.Field
		want   string
	}{
		"order":       {[]zap.Field{zap.Int("z", 1), zap.Int("a", 2), zap.Int("m", 3)}, `"z":1,"a":2,"m":3`},
		"bool":        {[]zap.Field{zap.Bool("k", true)}, `"k":true`},
		"string":      {[]zap.Field{zap.String("k", "방송")}, `"k":"방송"`},
		"integers":    {[]zap.Field{zap.Int8("a", -8), zap.Int16("b", -16), zap.Int32("c", -32), zap.Int64("d", -64)}, `"a":-8,"b":-16,"c":-32,"d":-64`},
		"unsigned":    {[]zap.Field{zap.Uint("a", 1), zap.Uint8("b", 8), zap.Uint16("c", 16), zap.Uint32("d", 32), zap.Uint64("e", 1<<63)}, `"a":1,"b":8,"c":16,"d":32,"e":9223372036854775808`},
		"pointer":     {[]zap.Field{zap.Uintptr("k", 7)}, `"k":7`},
		"floats":      {[]zap.Field{zap.Float64("a", 1.5), zap.Float32("b", 0.5)}, `"a":1.5,"b":0.5`},
		"complex":     {[]zap.Field{zap.Complex128("a", 1+2i), zap.Complex64("b", 1-2i)}, `"a":"(1+2i)","b":"(1-2i)"`},
		"bytes":       {[]zap.Field{zap.ByteString("a", []byte("text")), zap.Binary("b", []byte{0, 255})}, `"a":"text","b":"AP8="`},
		"duration":    {[]zap.Field{zap.Duration("k", time.Second)}, `"k":1000000000`},
		"time":        {[]zap.Field{zap.Time("k", at)}, `"k":"2026-11-22T12:00:00.000000123Z"`},
		"far time":    {[]zap.Field{zap.Time("k", time.Time{})}, `"k":"0001-01-01T00:00:00Z"`},
		"stringer":    {[]zap.Field{zap.Stringer("k", time.UTC)}, `"k":"UTC"`},
		"nil":         {[]zap.Field{zap.Stringp("k", nil), zap.Reflect("r", nil)}, `"k":null,"r":null`},
		"reflected":   {[]zap.Field{zap.Any("k", struct{ A, B int }{1, 2})}, `"k":{"A":1,"B":2}`},
		"no error":    {[]zap.Field{zap.Error(nil), zap.Int("k", 1)}, `"k":1`},
		"error":       {[]zap.Field{zap.Error(fmt.Errorf("user: %w", prism.ErrNotFound))}, `"error":"user: prism: NOT_FOUND: There is no such thing."`},
		"errors":      {[]zap.Field{zap.Errors("k", []error{errors.New("a"), errors.New("b")})}, `"k":[{"error":"a"},{"error":"b"}]`},
		"array":       {[]zap.Field{zap.Strings("k", []string{"a", "b"})}, `"k":["a","b"]`},
		"empty array": {[]zap.Field{zap.Strings("k", nil)}, `"k":[]`},
		"objects":     {[]zap.Field{zap.Objects("k", []place{{"Seoul", "Jong-ro"}})}, `"k":[{"at":{"street":"Jong-ro"},"city":"Seoul"}]`},
		"object":      {[]zap.Field{zap.Object("k", place{"Seoul", "Jong-ro"}), zap.Int("after", 1)}, `"k":{"city":"Seoul","at":{"street":"Jong-ro"}},"after":1`},
		"inline":      {[]zap.Field{zap.Inline(place{"Seoul", "Jong-ro"}), zap.Int("in", 1)}, `"city":"Seoul","at":{"street":"Jong-ro","in":1}`},
		"dict":        {[]zap.Field{zap.Dict("k", zap.Int("b", 1), zap.Int("a", 2))}, `"k":{"b":1,"a":2}`},
		"bad object":  {[]zap.Field{zap.Object("k", broken{})}, `"k":{"begun":true},"kError":"cannot go on"`},
		"nil pointer": {[]zap.Field{zap.Stringer("k", nobody)}, `"k":"UTC"`},
		"namespace":   {[]zap.Field{zap.Int("a", 1), zap.Namespace("n"), zap.Int("b", 2), zap.Namespace("m"), zap.Int("c", 3)}, `"a":1,"n":{"b":2,"m":{"c":3}}`},
		"skip":        {[]zap.Field{zap.Skip(), zap.Int("k", 1)}, `"k":1`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := `{"level":"INFO","msg":"m",` + test.want + "}\n"
			var buf bytes.Buffer
			jsonLogger(&buf, slog.LevelInfo).Info("m", test.fields...)
			if diff := cmp.Diff(want, buf.String()); diff != "" {
				t.Errorf("fields of the entry (-want +got):\n%s", diff)
			}
			buf.Reset()
			jsonLogger(&buf, slog.LevelInfo).With(test.fields...).Info("m")
			if diff := cmp.Diff(want, buf.String()); diff != "" {
				t.Errorf("fields of With (-want +got):\n%s", diff)
			}
		})
	}
}

// Fields stay within the namespaces that were open when they were added; the
// name stands outside, whenever it was given.
func TestSlogWithAndNames(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	log := jsonLogger(&buf, slog.LevelDebug)
	service := log.Named("prism").With(zap.String("instance", "a"))
	request := service.With(zap.Namespace("request"), zap.String("id", "1")).Named("live")
	request.Debug("first", zap.Int("status", 200))
	request.With(zap.Int("n", 2)).Info("second")
	request.With(zap.Int("n", 3)).Warn("third", zap.Namespace("deep"), zap.Bool("k", true))
	service.Error("fourth")
	log.Info("fifth", zap.Namespace("empty"))
	want := `{"level":"DEBUG","msg":"first","logger":"prism.live","instance":"a","request":{"id":"1","status":200}}
{"level":"INFO","msg":"second","logger":"prism.live","instance":"a","request":{"id":"1","n":2}}
{"level":"WARN","msg":"third","logger":"prism.live","instance":"a","request":{"id":"1","n":3,"deep":{"k":true}}}
{"level":"ERROR","msg":"fourth","logger":"prism","instance":"a"}
{"level":"INFO","msg":"fifth"}
`
	if diff := cmp.Diff(want, buf.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// countingHandler counts what reaches Handle.
type countingHandler struct {
	slog.Handler
	records []slog.Record
	ctxs    []context.Context
	err     error
}

func (h *countingHandler) Handle(ctx context.Context, r slog.Record) error {
	h.records, h.ctxs = append(h.records, r), append(h.ctxs, ctx)
	return h.err
}

func newCounting(level slog.Level) *countingHandler {
	return &countingHandler{Handler: slog.NewTextHandler(new(bytes.Buffer), &slog.HandlerOptions{Level: level})}
}

func TestSlogLevels(t *testing.T) {
	t.Parallel()
	h := newCounting(slog.LevelWarn)
	log := prism.SlogLogger(h)
	evaluated := false
	log.Debug("no", zap.Object("k", zapcore.ObjectMarshalerFunc(func(zapcore.ObjectEncoder) error { evaluated = true; return nil })))
	log.Info("no")
	log.Warn("warn")
	log.Error("error")
	log.DPanic("dpanic")
	var levels []slog.Level
	for _, r := range h.records {
		levels = append(levels, r.Level)
	}
	if diff := cmp.Diff([]slog.Level{slog.LevelWarn, slog.LevelError, slog.LevelError + 4}, levels); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if evaluated {
		t.Error("a field of an entry that nobody wants was evaluated")
	}
	if log.Core().Enabled(zap.InfoLevel) || !log.Core().Enabled(zap.WarnLevel) {
		t.Error("Enabled does not tell what the handler wants")
	}
	defer func() {
		if recover() == nil || len(h.records) != 4 {
			t.Error("Panic did not write and panic")
		}
	}()
	log.Panic("panic")
}

func TestSlogSourceTimeAndContext(t *testing.T) {
	t.Parallel()
	h := newCounting(slog.LevelInfo)
	log := prism.SlogLogger(h)
	ctx := context.WithValue(t.Context(), ctxKey{}, "span")
	before := time.Now()
	log.Info("m", zap.Any("ctx", ctx), zap.Int("k", 1))
	log.With(zap.Any("ctx", ctx)).Info("m")
	log.Info("m")
	r := h.records[0]
	if source := r.Source(); source == nil || !strings.HasSuffix(source.File, "slog_test.go") || !strings.HasSuffix(source.Function, "TestSlogSourceTimeAndContext") {
		t.Errorf("source %+v", source)
	}
	if r.Time.Before(before) || r.Time.After(time.Now()) {
		t.Errorf("time %v", r.Time)
	}
	if r.NumAttrs() != 1 {
		t.Errorf("%d attributes, want the context left out", r.NumAttrs())
	}
	if h.ctxs[0].Value(ctxKey{}) != "span" || h.ctxs[1].Value(ctxKey{}) != "span" || h.ctxs[2].Value(ctxKey{}) != nil {
		t.Error("the handler did not get the context")
	}
}

type ctxKey struct{}

// An error reaches the handler as an error, so that it can be matched there.
func TestSlogError(t *testing.T) {
	t.Parallel()
	h := newCounting(slog.LevelInfo)
	var failures bytes.Buffer
	h.err = errors.New("the disk is full")
	log := prism.SlogLogger(h).WithOptions(zap.ErrorOutput(zapcore.AddSync(&failures)), zap.AddStacktrace(zap.ErrorLevel))
	log.Error("m", zap.NamedError("why", fmt.Errorf("read: %w", prism.ErrUnavailable)))
	attrs := map[string]slog.Value{}
	h.records[0].Attrs(func(a slog.Attr) bool { attrs[a.Key] = a.Value; return true })
	if err, ok := attrs["why"].Any().(error); !ok || !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("why is %v", attrs["why"])
	}
	if !strings.Contains(attrs["stack"].String(), "TestSlogError") {
		t.Errorf("stack is %v", attrs["stack"])
	}
	if !strings.Contains(failures.String(), "the disk is full") {
		t.Errorf("the handler's error is lost: %q", failures.String())
	}
}

// Loggers that come from one do not see each other's fields.
func TestSlogWithIsApart(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	root := jsonLogger(&buf, slog.LevelInfo).With(zap.Int("a", 1), zap.Int("b", 2), zap.Int("c", 3))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			log := root.With(zap.Int("own", i))
			for range 50 {
				log.Info("m", zap.Int("again", i))
			}
		})
	}
	wg.Wait()
	for line := range strings.Lines(buf.String()) {
		var entry struct{ A, B, C, Own, Again int }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Own != entry.Again || entry.A+entry.B+entry.C != 6 {
			t.Fatalf("%s: %v", line, err)
		}
	}
	if n := strings.Count(buf.String(), "\n"); n != 400 {
		t.Errorf("%d lines, want 400", n)
	}
}

// handlerOverZap turns the bridge around, so that the standard library's own
// test of handlers can judge it: what comes out must obey slog's rules for
// groups and attributes.
type handlerOverZap struct{ log *zap.Logger }

func (h handlerOverZap) Enabled(context.Context, slog.Level) bool { return true }

func (h handlerOverZap) Handle(_ context.Context, r slog.Record) error {
	var fields []zap.Field
	r.Attrs(func(a slog.Attr) bool { fields = append(fields, zapFields(a)...); return true })
	log := h.log
	if r.Time.IsZero() {
		log = log.WithOptions(zap.WithClock(zeroClock{}))
	}
	log.Info(r.Message, fields...)
	return nil
}

func (h handlerOverZap) WithAttrs(attrs []slog.Attr) slog.Handler {
	var fields []zap.Field
	for _, a := range attrs {
		fields = append(fields, zapFields(a)...)
	}
	return handlerOverZap{h.log.With(fields...)}
}

func (h handlerOverZap) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return handlerOverZap{h.log.With(zap.Namespace(name))}
}

func zapFields(a slog.Attr) []zap.Field {
	v := a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return nil
	}
	if v.Kind() != slog.KindGroup {
		return []zap.Field{zap.Any(a.Key, v.Any())}
	}
	var inner []zap.Field
	for _, b := range v.Group() {
		inner = append(inner, zapFields(b)...)
	}
	if a.Key == "" {
		return inner
	}
	return []zap.Field{zap.Dict(a.Key, inner...)}
}

type zeroClock struct{}

func (zeroClock) Now() time.Time                       { return time.Time{} }
func (zeroClock) NewTicker(time.Duration) *time.Ticker { panic("no ticker") }

func TestSlogObeysHandlerRules(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	h := handlerOverZap{prism.SlogLogger(slog.NewJSONHandler(&buf, nil))}
	err := slogtest.TestHandler(h, func() []map[string]any {
		var entries []map[string]any
		for line := range bytes.Lines(buf.Bytes()) {
			var entry map[string]any
			if err := json.Unmarshal(line, &entry); err != nil {
				t.Error(err)
			}
			entries = append(entries, entry)
		}
		return entries
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSlogNilHandler(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	prism.SlogLogger(nil)
}

// The log of a service goes where the host's own goes.
func ExampleSlogLogger() {
	host := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: noTime}))

	log := prism.SlogLogger(host.Handler()) // Config.Logger of prism and of oauth
	log.Named("prism").Info("live started", zap.String("live", "4711"), zap.Namespace("stats"), zap.Int("viewers", 12))
	// Output: {"level":"INFO","msg":"live started","logger":"prism","live":"4711","stats":{"viewers":12}}
}
