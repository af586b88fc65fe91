package prism_test

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// The forms of live info, as somebody would write them who has read the
// documentation and needs nothing else.
type (
	bareEnvelope struct {
		Success   bool     `json:"success"`
		ErrorCode int      `json:"errorCode"`
		ErrorName *string  `json:"errorName"`
		Message   *string  `json:"message"`
		Data      bareData `json:"data"`
	}
	bareData struct {
		ChannelID string   `json:"channelId"`
		Live      bareLive `json:"live"`
	}
	bareLive struct {
		LiveID      string   `json:"liveId"`
		Title       string   `json:"title"`
		Description string   `json:"description"`
		ReservedAt  string   `json:"reservedAt"`
		StartAt     *string  `json:"startAt"`
		RTMPPath    string   `json:"rtmpPath"`
		Status      string   `json:"status"`
		Scope       string   `json:"scope"`
		LiveLink    string   `json:"liveLink"`
		LiveStat    bareStat `json:"liveStat"`
	}
	bareStat struct {
		ViewCount   int64 `json:"viewCount"`
		ViewerCount int64 `json:"viewerCount"`
		LikeCount   int64 `json:"likeCount"`
		ChatCount   int64 `json:"chatCount"`
	}
)

// newBareHandler answers live info for one token and one live with the bytes of
// the service, by hand: http.ServeMux, a map of SHA-256 sums, json.Marshal. It
// has no deadline, no log, no request id, no error table, no bounds and no rule
// of the documentation, so it is the least that this answer can cost.
func newBareHandler(token string, live prism.Live) http.Handler {
	const layout = "2006-01-02T15:04:05-07:00"
	users := map[[sha256.Size]byte]string{sha256.Sum256([]byte(token)): live.ForUser}
	lives := map[string]*prism.Live{live.ID: &live}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /prism/v1/service/live/{liveId}", func(w http.ResponseWriter, r *http.Request) {
		user, ok := users[sha256.Sum256([]byte(r.Header.Get("x-prism-access-token")))]
		if !ok {
			http.Error(w, "no such token", http.StatusUnauthorized)
			return
		}
		l, ok := lives[r.PathValue("liveId")]
		if !ok || l.ForUser != user {
			http.NotFound(w, r)
			return
		}
		started := l.StartedAt.Format(layout)
		body, err := json.Marshal(bareEnvelope{Success: true, Data: bareData{ChannelID: l.ChannelID, Live: bareLive{
			LiveID: l.ID, Title: l.Title, Description: l.Description, ReservedAt: l.ReservedAt.Format(layout), StartAt: &started,
			RTMPPath: l.RTMPPath, Status: string(l.Status), Scope: string(l.Scope), LiveLink: l.Link,
			LiveStat: bareStat{l.Stats.Views, l.Stats.Viewers, l.Stats.Likes, l.Stats.Chats},
		}}})
		if err != nil {
			http.Error(w, "encode", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(append(body, '\n'))
	})
	return mux
}

// TestBareHandlerGivesTheSameBytes keeps the comparison fair.
func TestBareHandlerGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	p := newPolled(t)
	answers := make([]string, 0, 2)
	for _, h := range []http.Handler{p.svc, p.bare} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, newShot("GET", "/prism/v1/service/live/live-00", polledToken, "").r)
		answers = append(answers, w.Body.String())
	}
	if answers[0] != answers[1] {
		t.Errorf("the service answers\n%sthe bare handler\n%s", answers[0], answers[1])
	}
}
