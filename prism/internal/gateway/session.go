package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// Session makes resource calls with one access token. Its methods return what
// Gateway says. Ids are escaped into paths; for ids that are no path segment
// use Gateway.Call.
type Session struct {
	g     *Gateway
	token string
}

// Session returns a Session with the access token of t.
func (g *Gateway) Session(t Tokens) *Session { return g.WithToken(t.AccessToken) }

// WithToken returns a Session with an access token.
func (g *Gateway) WithToken(accessToken string) *Session { return &Session{g, accessToken} }

// AccessToken is the token that the calls carry.
func (s *Session) AccessToken() string { return s.token }

// NewLive is the body of create.
type NewLive struct {
	Title, Description string
	// Scope is left out of the body if it is "".
	Scope prism.Scope
	// ReservedAt is, if zero, what the PC client sends: 20 s from now.
	ReservedAt time.Time
}

// LiveUpdate is the body of update. The PC client always sends all four
// fields; Live.Update makes one to begin with.
type LiveUpdate struct {
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Scope       prism.Scope `json:"scope"`
	// ReservedAt is echoed as the service sent it.
	ReservedAt string `json:"reservedAt"`
}

// User asks for the token's user.
func (s *Session) User(ctx context.Context) (User, error) {
	return ask(ctx, s, s.get("/user", ""), decodeUser)
}

// Channels asks for the channels of the token's user.
func (s *Session) Channels(ctx context.Context) (ChannelList, error) {
	return ask(ctx, s, s.get("/channel/list", ""), decodeChannelList)
}

// Channel asks for one channel.
func (s *Session) Channel(ctx context.Context, channelID string) (ChannelInfo, error) {
	return ask(ctx, s, s.get("/channel/{channelId}", "", channelID), func(o object) ChannelInfo {
		return decodeChannelInfo(o, channelID)
	})
}

// Lives asks for the lives of a channel with one status; StatusAll or "" for
// every live.
func (s *Session) Lives(ctx context.Context, channelID string, status prism.Status) ([]Live, error) {
	query := ""
	if status != "" {
		query = "?status=" + url.QueryEscape(string(status))
	}
	return ask(ctx, s, s.get("/channel/{channelId}/lives", query, channelID),
		liveReader{g: s.g, channelID: channelID, filter: status}.list)
}

// Live asks for one live.
func (s *Session) Live(ctx context.Context, liveID string) (Live, error) {
	return ask(ctx, s, s.get("/live/{liveId}", "", liveID), func(o object) Live {
		return liveReader{g: s.g}.one(o, liveID)
	})
}

// CreateLive makes a live on a channel.
func (s *Session) CreateLive(ctx context.Context, channelID string, live NewLive) (Live, error) {
	if live.ReservedAt.IsZero() {
		live.ReservedAt = time.Now().Add(20 * time.Second)
	}
	body := struct {
		Title       string      `json:"title"`
		Description string      `json:"description"`
		Scope       prism.Scope `json:"scope,omitempty"`
		ReservedAt  string      `json:"reservedAt"`
	}{live.Title, live.Description, live.Scope, live.ReservedAt.UTC().Format("2006-01-02T15:04:05Z")}
	in := s.request(http.MethodPost, "/channel/{channelId}/live", "", channelID).json(body)
	return s.CreateWith(ctx, channelID, in)
}

// CreateWith makes a live with a request of the caller's own.
func (s *Session) CreateWith(ctx context.Context, channelID string, in Request) (Live, error) {
	return ask(ctx, s, in, func(o object) Live {
		return liveReader{g: s.g, channelID: channelID}.one(o, "")
	})
}

// StartLive puts a live on air.
func (s *Session) StartLive(ctx context.Context, liveID string) (Live, error) {
	return s.turn(ctx, "/live/{liveId}/start", liveID)
}

// StopLive ends the broadcast of a live.
func (s *Session) StopLive(ctx context.Context, liveID string) (Live, error) {
	return s.turn(ctx, "/live/{liveId}/stop", liveID)
}

func (s *Session) turn(ctx context.Context, route, liveID string) (Live, error) {
	return ask(ctx, s, s.request(http.MethodPut, route, "", liveID), func(o object) Live {
		return liveReader{g: s.g}.flat(o, liveID)
	})
}

// UpdateLive changes a live, as the PC client does before and during a
// broadcast.
func (s *Session) UpdateLive(ctx context.Context, liveID string, update LiveUpdate) (Live, error) {
	return s.UpdateWith(ctx, liveID, s.request(http.MethodPut, "/live/{liveId}", "", liveID).json(update))
}

// UpdateWith changes a live with a request of the caller's own.
func (s *Session) UpdateWith(ctx context.Context, liveID string, in Request) (Live, error) {
	return ask(ctx, s, in, func(o object) Live {
		return liveReader{g: s.g}.one(o, liveID)
	})
}

// Chat asks for the messages after a page token, or for the latest ones if
// pageToken is nil or "".
func (s *Session) Chat(ctx context.Context, liveID string, pageToken *string, maxResults int) (ChatPage, error) {
	body := struct {
		PageToken  *string `json:"pageToken"`
		MaxResults int     `json:"maxResults"`
	}{pageToken, maxResults}
	in := s.request(http.MethodPost, "/live/{liveId}/chat", "", liveID).json(body)
	return ask(ctx, s, in, func(o object) ChatPage {
		return decodeChat(o, liveID, pageToken, maxResults)
	})
}

// SendChat adds a message of the token's user.
func (s *Session) SendChat(ctx context.Context, liveID, message string) error {
	body := struct {
		Message string `json:"message"`
	}{message}
	return s.tell(ctx, s.request(http.MethodPut, "/live/{liveId}/chat", "", liveID).json(body))
}

// DeleteChat deletes a message.
func (s *Session) DeleteChat(ctx context.Context, liveID, messageID string) error {
	return s.tell(ctx, s.request(http.MethodDelete, "/live/{liveId}/chat/{chatId}", "", liveID, messageID))
}

// Ban bans the author of a message for as long as the service wants.
func (s *Session) Ban(ctx context.Context, liveID, authorID string) error {
	return s.tell(ctx, s.request(http.MethodPut, "/live/{liveId}/ban/{userId}", "", liveID, authorID))
}

// TimedBan bans the author of a message for a time, sent in whole seconds.
func (s *Session) TimedBan(ctx context.Context, liveID, authorID string, d time.Duration) error {
	body := struct {
		BanTime int64 `json:"banTime"`
	}{int64(d / time.Second)}
	return s.tell(ctx, s.request(http.MethodPut, "/live/{liveId}/timedBan/{userId}", "", liveID, authorID).json(body))
}

// Unban lifts either kind of ban.
func (s *Session) Unban(ctx context.Context, liveID, authorID string) error {
	return s.tell(ctx, s.request(http.MethodPut, "/live/{liveId}/unban/{userId}", "", liveID, authorID))
}

// AddManager makes the author of a message a chat manager.
func (s *Session) AddManager(ctx context.Context, liveID, authorID string) error {
	return s.tell(ctx, s.request(http.MethodPut, "/live/{liveId}/mod/{userId}", "", liveID, authorID))
}

// RemoveManager takes the manager's right away.
func (s *Session) RemoveManager(ctx context.Context, liveID, authorID string) error {
	return s.tell(ctx, s.request(http.MethodPut, "/live/{liveId}/unmod/{userId}", "", liveID, authorID))
}

func (s *Session) get(route, query string, ids ...string) Request {
	return s.request(http.MethodGet, route, query, ids...)
}

// request fills the ids into the route in their order.
func (s *Session) request(method, route, query string, ids ...string) Request {
	var path bytes.Buffer
	rest := []byte(route)
	for _, id := range ids {
		front, behind, _ := bytes.Cut(rest, []byte("{"))
		_, rest, _ = bytes.Cut(behind, []byte("}"))
		path.Write(front)
		path.WriteString(url.PathEscape(id))
	}
	path.Write(rest)
	return Request{
		Method: method,
		Path:   servicePath + "/v1/service" + path.String() + query,
		Route:  "/v1/service" + route,
		Token:  s.token,
	}
}

// json returns the request with a JSON body.
func (in Request) json(body any) Request {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		// The bodies are structs of texts and integers.
		panic(fmt.Sprintf("prismtest: %v", err))
	}
	in.Body = bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
	in.Header = http.Header{"Content-Type": {"application/json"}}
	return in
}

// ask makes a call whose data is an object.
func ask[T any](ctx context.Context, s *Session, in Request, read func(object) T) (T, error) {
	var answer T
	data, r, err := s.g.call(ctx, in)
	if r == nil {
		return answer, err
	}
	switch {
	case data == nil:
	case data.kind != kindObject:
		r.add(RuleFieldType, "data", "got %s, want an object", data.kind)
	default:
		answer = read(object{r, "data", data})
	}
	return answer, r.err(err)
}

// tell makes a call whose data is null.
func (s *Session) tell(ctx context.Context, in Request) error {
	data, r, err := s.g.call(ctx, in)
	if r == nil {
		return err
	}
	if data != nil && data.kind != kindNull {
		r.add(RuleDataNull, "data", "got %s, want null", data.kind)
	}
	return r.err(err)
}
