package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/b2bprism/b2bprism/examples/benchmarks/ratio"
	"github.com/b2bprism/b2bprism/examples/benchmarks/seed"
)

// smallTokens is how many tokens the small database has, and with them lives.
const smallTokens = 1000

// mostAsked bounds how many of the lives the calls go round, in no order and
// spread over all of the database. They are far more than the cache of a
// connection holds.
const mostAsked = 20_000

// clientSecret is that of the only client.
const clientSecret = "secretOfTheConsole"

// compareSizes measures what the calls that PRISM polls cost with a large
// database, against a small one, on SQLite and in turns. The goal is for a call
// over loopback HTTP, as PRISM makes it. What the handler alone takes is
// measured too: there each page that is read from the database shows.
func (s settings) compareSizes(ctx context.Context, folder string, rep *report) (err error) {
	signIns := s.tokens / 2 / s.lives
	large := seed.Plan{Broadcasts: s.lives, SignIns: signIns, Messages: s.messages}
	small := seed.Plan{Broadcasts: smallTokens / 2, SignIns: 1, Messages: 2}
	var sized [2]*sizedService
	for i, plan := range []seed.Plan{large, small} {
		rep.say("filling a database: %d lives on air, %d tokens, %d chat messages", plan.Broadcasts,
			2*plan.Broadcasts*plan.SignIns, plan.Broadcasts*plan.Messages)
		if sized[i], err = newSizedService(ctx, filepath.Join(folder, fmt.Sprintf("size-%d.db", i)), plan); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, sized[i].close()) }()
	}
	rep.say("measuring")
	rows, err := s.measureSizes(ctx, sized[0], sized[1])
	if err != nil {
		return err
	}
	rep.print("%d lives on air, %d tokens, %d chat messages against %d, %d, %d\n\n", large.Broadcasts, 2*large.Broadcasts*signIns,
		large.Broadcasts*large.Messages, small.Broadcasts, 2*small.Broadcasts, small.Broadcasts*small.Messages)
	if err := ratio.WriteTable(rep.out, rows); err != nil {
		return err
	}
	rep.print("\n")
	for _, row := range rows {
		if row.Goal > 0 {
			rep.goal(row.Time <= row.Goal, "%s within %.1f times (%.2f)", row.Job, row.Goal, row.Time)
		}
	}
	return nil
}

// measureSizes makes each call over HTTP, and then each in process.
func (s settings) measureSizes(ctx context.Context, large, small *sizedService) (rows []ratio.Row, err error) {
	for _, how := range []struct {
		name string
		do   func(*sizedService, *http.Request) ([]byte, error)
		goal float64
	}{
		{"", (*sizedService).overHTTP, s.goals.size},
		{", in process", (*sizedService).inProcess, 0},
	} {
		for _, c := range []struct {
			name    string
			request func(*sizedService, int) *http.Request
		}{
			{"token check", (*sizedService).tokenCheck},
			{"live info", (*sizedService).liveInfo},
			{"chat list, nothing new", (*sizedService).chatList},
			{"chat list, latest 2", (*sizedService).chatLatest},
			{"live list", (*sizedService).liveList},
		} {
			var failed error
			subject := func(name string, on *sizedService) ratio.Subject {
				return ratio.Plain(name, func(n int) {
					for i := range n {
						if _, err := how.do(on, c.request(on, i%len(on.asked))); err != nil {
							failed = err
						}
					}
				})
			}
			row := ratio.Compare(c.name+how.name, subject("large", large), subject("small", small), how.goal, ratio.Options{Run: s.duration / 100})
			if err := errors.Join(failed, ctx.Err()); err != nil {
				return nil, fmt.Errorf("%s: %w", row.Job, err)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}
