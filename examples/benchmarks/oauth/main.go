// Oauth measures package oauth against other Go authorization servers that do
// the same jobs with their stores in memory: redeem a code, refresh, verify an
// access token. It prints a Markdown table.
//
//	go run ./examples/benchmarks/oauth
//
// Requests are answered in process, whole: from the http.Request to the written
// answer, without a network. What the contestants do differently:
//
//   - go-oauth2 neither asks whether the user still may have tokens, nor keeps
//     digests instead of tokens, nor knows families and reuse.
//   - fosite signs tokens with HMAC and stores their signatures. Its choice for
//     client secrets, bcrypt, is replaced by SHA-256 as everywhere here.
//   - zitadel/oidc is an OpenID provider: each answer has an id token with an
//     RSA signature on top, which takes most of its time. It does not do the
//     same job and is shown for scale only.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/b2bprism/b2bprism/examples/benchmarks/ratio"
)

// goal is the most of go-oauth2's time and allocations that ours may take.
const goal = 0.4

func main() {
	run := flag.Duration("run", ratio.DefaultRun, "how long one run takes; there are five of each contestant in each row")
	calls := flag.Int("calls", 20_000, "the most calls of one run")
	flag.Parse()
	if err := report(os.Stdout, ratio.Options{Run: *run, MaxN: *calls}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// report measures and writes the table.
func report(w io.Writer, opt ratio.Options) error {
	rows, err := compare(opt)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "%s, %s/%s, %d processors, %s\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.NumCPU(), time.Now().Format(time.DateOnly)); err != nil {
		return err
	}
	return ratio.WriteTable(w, rows)
}

// contestants are all that take part, ours first.
func contestants() (ours, uncached, peer contestant, others []contestant, err error) {
	for _, c := range []struct {
		make func() (contestant, error)
		into *contestant
	}{
		{func() (contestant, error) { return newB2BPRISM("b2bprism", 0) }, &ours},
		{func() (contestant, error) { return newB2BPRISM("b2bprism, no cache", -1) }, &uncached},
		{newGoOAuth2, &peer},
	} {
		if *c.into, err = c.make(); err != nil {
			return ours, uncached, peer, nil, err
		}
	}
	for _, make := range []func() (contestant, error){newFosite, newZitadel} {
		c, err := make()
		if err != nil {
			return ours, uncached, peer, nil, err
		}
		others = append(others, c)
	}
	return ours, uncached, peer, others, nil
}

func compare(opt ratio.Options) ([]ratio.Row, error) {
	ours, uncached, peer, others, err := contestants()
	if err != nil {
		return nil, err
	}
	var rows []ratio.Row
	for _, d := range []*dialect{prismDialect, standard} {
		rows = append(rows,
			ratio.Compare("code exchange, "+d.name, ours.exchange(d), peer.exchange(d), goal, opt),
			ratio.Compare("refresh, "+d.name, ours.refresh(d), peer.refresh(d), goal, opt))
	}
	rows = append(rows,
		ratio.Compare("verification", ours.check(), peer.check(), goal, opt),
		ratio.Compare("verification", uncached.check(), peer.check(), goal, opt))
	for _, other := range others {
		rows = append(rows,
			ratio.Compare("code exchange, "+standard.name, ours.exchange(standard), other.exchange(standard), 0, opt),
			ratio.Compare("refresh, "+standard.name, ours.refresh(standard), other.refresh(standard), 0, opt),
			ratio.Compare("verification", ours.check(), other.check(), 0, opt))
	}
	return rows, nil
}
