package readme

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/console"
)

// consolePage is the address of an operator's console that has seen an hour of
// a small service, with one bad minute. The traffic is made up: a service that
// has just begun has nothing to show.
func consolePage(t *testing.T) string {
	t.Helper()
	ago, now := time.Hour, time.Now() // it began an hour ago
	con, err := console.New(console.Config{
		Registration: console.Registration{ServiceAPIDomain: "https://live.example.com", ClientID: "marulive"},
		Instance:     "web-1",
		OnAir: livesOnAir{
			{ID: "7Q2M", Title: "Kimchi stew, step by step", StartedAt: now.Add(-42 * time.Minute), Stats: prism.LiveStats{Viewers: 1284}},
			{ID: "7Q1A", Title: "Piano requests", StartedAt: now.Add(-95 * time.Minute), Stats: prism.LiveStats{Viewers: 312}},
		},
		Ingest: ingestAges{"7Q2M": now.Add(-2 * time.Second), "7Q1A": now.Add(-time.Second)},
		Now:    func() time.Time { return time.Now().Add(-ago) },
	})
	must(t, err)
	t.Cleanup(func() { must(t, con.Close()) })
	random := rand.New(rand.NewPCG(1, 2)) // the same picture each time
	for minute := range 60 {
		ago = time.Duration(59-minute) * time.Minute
		for i := range 60 {
			slow := 1.0
			if minute == 35 {
				slow = 12
			}
			result := prism.RequestResult{
				Status: 200, UserID: "user-1", LiveID: []string{"7Q2M", "7Q1A"}[i%2],
				Duration: time.Duration(slow * 8 * math.Exp(random.NormFloat64()/2) * float64(time.Millisecond)),
			}
			if random.IntN(400) == 0 {
				result.Status, result.ErrorCode = prism.ErrNotFound.Status, prism.ErrNotFound.Code
			}
			if minute == 35 && i < 2 {
				result.Status, result.ErrorCode, result.Duration = prism.ErrTimeout.Status, prism.ErrTimeout.Code, 2500*time.Millisecond
			}
			_, done := con.Trace().RequestStart(t.Context(), prism.RequestInfo{
				RequestID: "4f1c9a0be2d87365", Method: "GET", Route: "/v1/service/live/{liveId}",
			})
			done(result)
		}
		con.OAuthTrace().TokenIssued(t.Context(), oauth.TokenEvent{GrantType: []string{"authorization_code", "refresh_token"}[minute%2]})
	}
	site := httptest.NewServer(con)
	t.Cleanup(site.Close)
	return site.URL
}

type livesOnAir []prism.Live

func (l livesOnAir) LivesOnAir(_ context.Context, limit int) ([]prism.Live, error) {
	return l[:min(limit, len(l))], nil
}

type ingestAges map[string]time.Time

func (a ingestAges) LastIngest(context.Context, []string) (map[string]time.Time, error) {
	return a, nil
}
