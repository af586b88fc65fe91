package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/b2bprism/b2bprism/examples/benchmarks/seed"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// pairs is how often both are measured.
const pairs = 5

// compareWithBare measures live info of the quickstart against the bare
// handler, each a process of its own, over loopback HTTP in turns, and takes
// the median of the ratios.
func (b *bench) compareWithBare(ctx context.Context) (err error) {
	service, err := b.start(ctx, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.stop()) }()
	requests, err := b.liveInfoRequests(ctx)
	if err != nil {
		return err
	}
	const secret = "of the bare handler"
	byHand, err := b.startBare(ctx, secret, len(requests))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, byHand.stop()) }()
	bareRequests := make([][]byte, len(requests))
	for i := range bareRequests {
		bareRequests[i] = liveInfoRequest(seed.OnAirID(i), seed.Plan{Secret: secret}.AccessToken(i, 0))
	}

	b.rep.say("%d pairs of runs of %v", pairs, b.duration)
	var ratios [pairs]float64
	var served, bare [pairs]speed
	for i := range pairs {
		if served[i], err = b.hammer(ctx, service, requests); err != nil {
			return err
		}
		if bare[i], err = b.hammer(ctx, byHand, bareRequests); err != nil {
			return err
		}
		ratios[i] = served[i].perSecond / bare[i].perSecond
	}
	slices.Sort(ratios[:])
	ours, theirs := median(served), median(bare)
	b.rep.print("live info over HTTP, %d connections, %s, %d lives\n\n", b.connections, b.dbName(), len(requests))
	b.rep.table([]string{"", "requests/s", "CPU per request, µs"}, [][]string{
		{"quickstart", fmt.Sprintf("%.0f", ours.perSecond), fmt.Sprintf("%.1f", ours.cpu)},
		{"bare handler", fmt.Sprintf("%.0f", theirs.perSecond), fmt.Sprintf("%.1f", theirs.cpu)},
		{"**ratio** (range)", fmt.Sprintf("**%.2f** (%.2f to %.2f)", ratios[pairs/2], ratios[0], ratios[pairs-1]), fmt.Sprintf("%.2f", ours.cpu/theirs.cpu)},
	})
	b.rep.print("\n")
	b.rep.goal(ratios[pairs/2] >= b.goals.ratio, "at least %.2f of the bare handler's requests per second (%.2f)", b.goals.ratio, ratios[pairs/2])
	return nil
}

// speed is what one run showed.
type speed struct {
	perSecond float64
	cpu       float64 // microseconds per request
}

// hammer is one run.
func (b *bench) hammer(ctx context.Context, a *app, requests [][]byte) (speed, error) {
	before := a.cpu()
	by := b.hammerWithWRK
	if !b.wrk {
		by = func(ctx context.Context, addr string, requests [][]byte) (int64, time.Duration, error) {
			return hammer(ctx, addr, requests, b.connections, b.duration)
		}
	}
	n, took, err := by(ctx, a.addr, requests)
	cpu := a.cpu() - before
	return speed{float64(n) / took.Seconds(), float64(cpu.Microseconds()) / float64(max(n, 1))}, err
}

// median takes each number by itself.
func median(runs [pairs]speed) speed {
	var perSecond, cpu [pairs]float64
	for i, r := range runs {
		perSecond[i], cpu[i] = r.perSecond, r.cpu
	}
	slices.Sort(perSecond[:])
	slices.Sort(cpu[:])
	return speed{perSecond[pairs/2], cpu[pairs/2]}
}

func liveInfoRequest(liveID, token string) []byte {
	return fmt.Appendf(nil, "GET /prism/v1/service/live/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Prism-Access-Token: %s\r\n\r\n", liveID, token)
}

// liveInfoRequests are those for all lives of the database, or, in memory, for
// those of the demo.
func (b *bench) liveInfoRequests(ctx context.Context) ([][]byte, error) {
	if b.db == "memory:" {
		return b.demoRequests(ctx)
	}
	requests := make([][]byte, b.lives)
	for i := range requests {
		requests[i] = liveInfoRequest(seed.OnAirID(i), b.plan.AccessToken(i, 0))
	}
	return requests, nil
}

// demoRequests signs in as the first member of the demo.
func (b *bench) demoRequests(ctx context.Context) ([][]byte, error) {
	instance := filepath.Join(b.folder, "instance-0")
	creds, err := readCredentials(filepath.Join(instance, "credentials.json"))
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(filepath.Join(instance, "tls-cert.pem")) //nolint:gosec // G304: a file of ours
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) || len(creds.Users) == 0 || len(creds.Users[0].Channels) == 0 {
		return nil, errors.New("the quickstart has no certificate, or no demo")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}}
	defer transport.CloseIdleConnections()
	g := &prismtest.Gateway{
		ServiceAPIDomain: creds.ServiceAPIDomain, AuthorizeURL: creds.AuthorizeURL, ClientID: creds.ClientID,
		ClientSecret: creds.ClientSecret, RedirectURI: creds.RedirectURI, HTTPClient: &http.Client{Transport: transport},
	}
	tokens, err := g.SignIn(ctx, prismtest.Credentials{Account: creds.Users[0].Login, Password: creds.Users[0].Password})
	if err != nil {
		return nil, err
	}
	lives, err := g.Session(tokens).Lives(ctx, creds.Users[0].Channels[0].ChannelID, prismtest.StatusAll)
	if err != nil {
		return nil, err
	}
	requests := make([][]byte, 0, len(lives))
	for _, live := range lives {
		requests = append(requests, liveInfoRequest(live.ID, tokens.AccessToken))
	}
	return requests, nil
}
