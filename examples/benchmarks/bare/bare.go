// Package bare is what live info costs at the least: http.ServeMux, a map of
// SHA-256 sums, a map of lives, json.Marshal of the bytes that the service
// sends. It has no deadline, no log, no request id, no error table, no bounds
// and no rule of the documentation.
package bare

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"

	"github.com/b2bprism/b2bprism/prism"
)

// Live is a live with the access token that may ask for it.
type Live struct {
	Token string
	prism.Live
}

type envelope struct {
	Success   bool    `json:"success"`
	ErrorCode int     `json:"errorCode"`
	ErrorName *string `json:"errorName"`
	Message   *string `json:"message"`
	Data      data    `json:"data"`
}

type data struct {
	ChannelID string `json:"channelId"`
	Live      live   `json:"live"`
}

type live struct {
	LiveID      string  `json:"liveId"`
	Title       string  `json:"title"`
	Description string  `json:"description"`
	ReservedAt  string  `json:"reservedAt"`
	StartAt     *string `json:"startAt"`
	RTMPPath    string  `json:"rtmpPath"`
	Status      string  `json:"status"`
	Scope       string  `json:"scope"`
	LiveLink    string  `json:"liveLink"`
	LiveStat    stat    `json:"liveStat"`
}

type stat struct {
	ViewCount   int64 `json:"viewCount"`
	ViewerCount int64 `json:"viewerCount"`
	LikeCount   int64 `json:"likeCount"`
	ChatCount   int64 `json:"chatCount"`
}

// Handler answers GET /prism/v1/service/live/{liveId} for these lives.
func Handler(lives []Live) http.Handler {
	const layout = "2006-01-02T15:04:05-07:00"
	users, byID := map[[sha256.Size]byte]string{}, map[string]*Live{}
	for i := range lives {
		l := &lives[i]
		users[sha256.Sum256([]byte(l.Token))], byID[l.ID] = l.ForUser, l
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /prism/v1/service/live/{liveId}", func(w http.ResponseWriter, r *http.Request) {
		user, ok := users[sha256.Sum256([]byte(r.Header.Get("x-prism-access-token")))]
		if !ok {
			http.Error(w, "no such token", http.StatusUnauthorized)
			return
		}
		l, ok := byID[r.PathValue("liveId")]
		if !ok || l.ForUser != user {
			http.NotFound(w, r)
			return
		}
		started := l.StartedAt.Format(layout)
		body, err := json.Marshal(envelope{Success: true, Data: data{ChannelID: l.ChannelID, Live: live{
			LiveID: l.ID, Title: l.Title, Description: l.Description, ReservedAt: l.ReservedAt.Format(layout), StartAt: &started,
			RTMPPath: l.RTMPPath, Status: string(l.Status), Scope: string(l.Scope), LiveLink: l.Link,
			LiveStat: stat{l.Stats.Views, l.Stats.Viewers, l.Stats.Likes, l.Stats.Chats},
		}}})
		if err != nil {
			http.Error(w, "encode", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(append(body, '\n')) // a client that went away has nothing to be told
	})
	return mux
}
