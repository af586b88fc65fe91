package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// settings are the command line, checked.
type settings struct {
	mode        string
	db          string
	lives       int
	rate        int
	duration    time.Duration
	instances   int
	connections int
	messages    int
	tokens      int
	secret      string
	listen      string
	logTo       string
	wrk         bool
	goals       goals
}

// goals are what a run is held against. 0 is no goal.
type goals struct {
	p99, ready  time.Duration
	rss         int // MiB
	steady      bool
	ratio, size float64
}

// modes are what -mode takes. "bare" is for the command itself: it serves the
// handler that -mode compare compares with.
var modes = []string{"load", "memory", "startup", "compare", "size", "bare"}

// parseFlags reads the command line. What is not given follows from the mode
// and the database.
func parseFlags(args []string, usage io.Writer) (settings, error) {
	var s settings
	fs := flag.NewFlagSet("load", flag.ContinueOnError)
	fs.SetOutput(usage)
	fs.StringVar(&s.mode, "mode", "load", "`what` to measure: load, memory, startup, compare or size")
	fs.StringVar(&s.db, "db", "sqlite", "`database`: sqlite, postgres (a server is started for the run), memory: (with -mode compare), or the DSN of an empty PostgreSQL schema")
	fs.IntVar(&s.lives, "lives", 0, "`number` of lives on air (default 10000, with -mode size 100000)")
	fs.IntVar(&s.rate, "rate", 0, "`requests` per second (default one for every two lives, that is 30 per minute each)")
	fs.DurationVar(&s.duration, "duration", 0, "`time` under load (default 1m, with -mode memory 10m, with -mode compare 6s per run)")
	fs.IntVar(&s.instances, "instances", 1, "`number` of processes on one database, asked in turns")
	fs.IntVar(&s.connections, "connections", 0, "most `connections` of the generator to each process (default no bound, with -mode compare 16, with -mode memory 256)")
	fs.IntVar(&s.messages, "messages", 10, "chat messages that each live has at the beginning")
	fs.IntVar(&s.tokens, "tokens", 1_000_000, "access and refresh `tokens` with -mode size")
	fs.StringVar(&s.secret, "secret", "", "of the tokens, with -mode bare")
	fs.StringVar(&s.listen, "listen", "127.0.0.1:0", "`address`, with -mode bare")
	fs.BoolVar(&s.wrk, "wrk", false, "let the program wrk make the requests of -mode compare (Debian: apt-get install wrk), in place of this one")
	fs.StringVar(&s.logTo, "log", "", "`file` that gets the log of the quickstart, one line for each request (default: it is dropped)")
	fs.DurationVar(&s.goals.p99, "goal-p99", 0, "most `time` that 99 of 100 answers may take (default 100ms, on a server 250ms, with -mode memory no bound)")
	fs.IntVar(&s.goals.rss, "goal-rss", 0, "most resident memory of a process, in `MiB` (default with -mode memory 150)")
	fs.DurationVar(&s.goals.ready, "goal-ready", 300*time.Millisecond, "most `time` from start to ready with -mode startup")
	fs.Float64Var(&s.goals.ratio, "goal-ratio", 0, "least share of the bare handler's requests per second with -mode compare (default 0.92 with memory:, else 0.40)")
	fs.Float64Var(&s.goals.size, "goal-size", 1.5, "most that a call may take of its time on the small database, with -mode size")
	if err := fs.Parse(args); err != nil {
		return settings{}, err
	}
	if fs.NArg() > 0 {
		return settings{}, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	s.fill()
	return s, s.check()
}

func (s *settings) fill() {
	orInt := func(to *int, value int) {
		if *to == 0 {
			*to = value
		}
	}
	orTime := func(to *time.Duration, value time.Duration) {
		if *to == 0 {
			*to = value
		}
	}
	switch s.mode {
	case "memory":
		orTime(&s.duration, 10*time.Minute)
		orInt(&s.goals.rss, 150)
		// Each connection takes memory; how many come is not the service's doing.
		orInt(&s.connections, 256)
		s.goals.steady = true
	case "compare":
		orTime(&s.duration, 6*time.Second)
		orInt(&s.connections, 16)
		if s.goals.ratio == 0 {
			s.goals.ratio = 0.40
			if s.db == "memory:" {
				s.goals.ratio = 0.92
			}
		}
	case "size":
		orInt(&s.lives, 100_000)
	}
	orTime(&s.duration, time.Minute)
	orInt(&s.lives, 10_000)
	orInt(&s.rate, max(s.lives/2, 1))
	limit := 250 * time.Millisecond
	if s.db == "sqlite" {
		limit = 100 * time.Millisecond
	}
	if s.mode != "memory" {
		orTime(&s.goals.p99, limit)
	}
}

func (s *settings) check() error {
	var problems []error
	bad := func(wrong bool, text string) {
		if wrong {
			problems = append(problems, errors.New(text))
		}
	}
	known := s.db == "sqlite" || s.db == "postgres" || s.db == "memory:" || strings.HasPrefix(s.db, "postgres://")
	bad(!slices.Contains(modes, s.mode), "-mode: want "+strings.Join(modes[:len(modes)-1], ", "))
	bad(!known, "-db: want sqlite, postgres, memory: or postgres://…") // not repeated, it can hold a password
	bad(s.db == "memory:" && s.mode != "compare", "-db: memory: is for -mode compare, since nothing else can fill it")
	bad(s.mode == "size" && s.db != "sqlite", "-db: -mode size is for sqlite")
	bad(s.lives < 1 || s.rate < 1 || s.duration <= 0 || s.messages < 0 || s.connections < 0, "-lives, -rate and -duration must be above 0, -messages and -connections not below")
	bad(s.instances < 1 || s.instances > 16, "-instances: want 1 to 16")
	bad(s.tokens < 2*s.lives && s.mode == "size", "-tokens: want two for each live at least")
	return errors.Join(problems...)
}

// limit is how long the whole run may take: a run that hangs must end.
func (s settings) limit() time.Duration {
	if s.mode == "bare" {
		return time.Hour
	}
	return 10*time.Minute + 12*s.duration
}
