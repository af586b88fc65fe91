package main

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/b2bprism/b2bprism/prism"
)

// queries remembers the statements of a pool.
type queries struct {
	mu   sync.Mutex
	seen []query
}

type query struct {
	sql  string
	args []any
}

func (q *queries) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.seen = append(q.seen, query{data.SQL, data.Args})
	return ctx
}

func (q *queries) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// take returns the statements since the last take.
func (q *queries) take() []query {
	q.mu.Lock()
	defer q.mu.Unlock()
	seen := slices.Clone(q.seen)
	q.seen = nil
	return seen
}

// plan tells how the database runs a query when it avoids reading whole tables,
// which it would do with as few rows as a test has.
func plan(t *testing.T, m *market, q query) []string {
	t.Helper()
	tx, err := m.pool.Begin(t.Context())
	must(t, err)
	defer tx.Rollback(t.Context()) //nolint:errcheck // it has changed nothing
	_, err = tx.Exec(t.Context(), `SET LOCAL enable_seqscan = off`)
	must(t, err)
	lines, err := tx.Query(t.Context(), "EXPLAIN "+q.sql, q.args...)
	must(t, err)
	text, err := pgx.CollectRows(lines, pgx.RowTo[string])
	must(t, err)
	return text
}

// What PRISM polls is one statement, also when there is nothing to return, and
// an index leads to every row of it.
func TestOneIndexedQueryPerPolledCall(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	l := onAir(t, m, "busy")
	owner, studioID := l.ForUser, l.ChannelID
	quiet := createLive(t, m, "quiet")
	for range 3 {
		must(t, m.SendMessage(t.Context(), owner, l.ID, "hello"))
	}
	lives := func(filter prism.LiveFilter, want int) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			list, err := m.Lives(ctx, owner, studioID, filter)
			return len(list) == want, err
		}
	}
	chat := func(liveID string, after *int64, want int) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			page, err := m.Messages(ctx, owner, liveID, prism.ChatQuery{After: after, Limit: 100})
			return len(page.Messages) == want, err
		}
	}
	for name, call := range map[string]func(context.Context) (bool, error){
		"user":         func(ctx context.Context) (bool, error) { u, err := m.User(ctx, owner); return u.ID == owner, err },
		"channel list": func(ctx context.Context) (bool, error) { c, err := m.Channels(ctx, owner); return len(c) == 1, err },
		"live info": func(ctx context.Context) (bool, error) {
			got, err := m.Live(ctx, owner, l.ID)
			return got.ID == l.ID, err
		},
		"live list":           lives(prism.LiveFilter{Limit: 200}, 2),
		"live list, empty":    lives(prism.LiveFilter{Status: prism.StatusEnd}, 0),
		"latest chat":         chat(l.ID, nil, 3),
		"chat after a cursor": chat(l.ID, new(int64(1)), 2),
		"chat, nothing new":   chat(l.ID, new(int64(3)), 0),
		"chat, empty":         chat(quiet.ID, nil, 0),
	} {
		log, _ := m.pool.Config().ConnConfig.Tracer.(*queries)
		log.take()
		ok, err := call(t.Context())
		must(t, err)
		seen := log.take()
		if !ok || len(seen) != 1 {
			t.Errorf("%s: right answer %v, %d statements, want 1:\n%v", name, ok, len(seen), seen)
			continue
		}
		p := plan(t, m, seen[0])
		for i, line := range p {
			index := strings.Contains(line, "Index Scan") || strings.Contains(line, "Index Only Scan")
			if strings.Contains(line, "Seq Scan") || index && !strings.Contains(p[i+1], "Index Cond") {
				t.Errorf("%s reads a whole table or index, %s:\n%s", name, strings.TrimSpace(line), strings.Join(p, "\n"))
			}
		}
	}
}
