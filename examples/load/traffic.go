package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/b2bprism/b2bprism/examples/benchmarks/seed"
)

// call is one kind of call that PRISM makes.
type call int

const (
	liveInfo call = iota
	chatList
	createLive
	startLive
	sendChat
	refreshToken
)

// calls is how many kinds there are.
const calls = 6

func (c call) String() string {
	return [...]string{"live info", "chat list", "create", "start", "send", "refresh"}[c]
}

// cycle is how many of each there are in every 120 calls.
var cycle = [calls]int{liveInfo: 48, chatList: 68, createLive: 1, startLive: 1, sendChat: 1, refreshToken: 1}

// traffic makes the requests of all broadcasts. Each kind goes through the
// broadcasts in turns, so that each is polled evenly.
type traffic struct {
	plan    seed.Plan
	creds   credentials
	origins []string
	order   []call
	n       atomic.Uint64
	next    [calls]atomic.Uint64
	// pages and refresh are what the service handed out latest, by broadcast.
	pages, refresh []atomic.Pointer[string]
}

func newTraffic(b *bench, apps []*app) *traffic {
	t := &traffic{plan: b.plan, creds: b.creds, order: mixed(), pages: make([]atomic.Pointer[string], b.lives), refresh: make([]atomic.Pointer[string], b.lives)}
	for _, a := range apps {
		t.origins = append(t.origins, "http://"+a.addr+"/prism/v1/service")
	}
	for i := range t.refresh {
		token := b.plan.RefreshToken(i, 0)
		t.refresh[i].Store(&token)
	}
	return t
}

// mixed spreads the kinds over the cycle: at each step comes the one that is
// furthest behind its share.
func mixed() []call {
	total := 0
	for _, n := range cycle {
		total += n
	}
	order, done := make([]call, 0, total), [calls]int{}
	for step := range total {
		behind, most := call(0), -total
		for c, n := range cycle {
			if lag := n*(step+1) - done[c]*total; lag > most && done[c] < n {
				behind, most = call(c), lag
			}
		}
		order, done[behind] = append(order, behind), done[behind]+1
	}
	return order
}

// target is the vegeta.Targeter.
func (t *traffic) target(to *vegeta.Target) error {
	n := t.n.Add(1) - 1
	kind := t.order[n%uint64(len(t.order))]
	i := int((t.next[kind].Add(1) - 1) % uint64(len(t.pages)))
	t.fill(to, kind, i, t.origins[n%uint64(len(t.origins))])
	return nil
}

// fill makes the request of one kind for broadcast i.
func (t *traffic) fill(to *vegeta.Target, kind call, i int, origin string) {
	to.Header = http.Header{"X-Prism-Access-Token": {t.plan.AccessToken(i, 0)}}
	switch kind {
	case liveInfo:
		to.Method, to.URL = http.MethodGet, origin+"/live/"+seed.OnAirID(i)
	case chatList:
		to.Method, to.URL = http.MethodPost, origin+"/live/"+seed.OnAirID(i)+"/chat"
		to.Body = []byte(`{"maxResults":100}`)
		if page := t.pages[i].Load(); page != nil {
			to.Body = fmt.Appendf(nil, `{"maxResults":100,"pageToken":%q}`, *page)
		}
	case createLive:
		to.Method, to.URL = http.MethodPost, origin+"/channel/"+seed.ChannelID(i)+"/live"
		to.Body = fmt.Appendf(nil, `{"title":"One more","description":"","scope":"PUBLIC","reservedAt":%q}`, time.Now().UTC().Format(time.RFC3339))
	case startLive:
		// In turns, so that each start ends the other live.
		live := seed.ReservedID(i)
		if t.next[startLive].Load()/uint64(len(t.pages))%2 == 1 {
			live = seed.OnAirID(i)
		}
		to.Method, to.URL = http.MethodPut, origin+"/live/"+live+"/start"
	case sendChat:
		to.Method, to.URL = http.MethodPut, origin+"/live/"+seed.OnAirID(i)+"/chat"
		to.Body = []byte(`{"message":"A message from the studio."}`)
	case refreshToken:
		to.Method = http.MethodGet
		to.URL = origin + "/oauth2/token?grant_type=refresh_token&refresh_token=" + *t.refresh[i].Load() + "&broadcast=" + strconv.Itoa(i)
		to.Header = http.Header{"X-Prism-Client-Id": {t.creds.ClientID}, "X-Prism-Client-Secret": {t.creds.ClientSecret}}
	}
}

// kindOf tells which call a result is of, and of which broadcast.
func kindOf(method, url string) (kind call, i int) {
	switch {
	case strings.Contains(url, "/oauth2/token?"):
		kind = refreshToken
	case strings.HasSuffix(url, "/start"):
		kind = startLive
	case strings.HasSuffix(url, "/chat"):
		kind = chatList
		if method == http.MethodPut {
			kind = sendChat
		}
	case method == http.MethodPost:
		kind = createLive
	default:
		kind = liveInfo
	}
	i = lastNumber(url)
	return kind, i
}

// lastNumber is the last number in a text.
func lastNumber(text string) int {
	end := strings.LastIndexAny(text, "0123456789") + 1
	begin := end
	for begin > 0 && text[begin-1] >= '0' && text[begin-1] <= '9' {
		begin--
	}
	n, err := strconv.Atoi(text[begin:end])
	if err != nil {
		return 0
	}
	return n
}

// learn takes over what an answer tells for the next request.
func (t *traffic) learn(kind call, i int, body []byte) {
	if kind == chatList {
		if page, ok := stringField(body, "nextPageToken"); ok {
			t.pages[i].Store(&page)
		}
	}
	if kind == refreshToken {
		if token, ok := stringField(body, "refresh_token"); ok {
			t.refresh[i].Store(&token)
		}
	}
}

// stringField finds a field whose value needs no unescaping. The generator
// shares the machine, so it does not parse what it does not need.
func stringField(body []byte, name string) (string, bool) {
	_, rest, ok := bytes.Cut(body, []byte(`"`+name+`":"`))
	if !ok {
		return "", false
	}
	value, _, ok := bytes.Cut(rest, []byte{'"'})
	return string(value), ok
}
