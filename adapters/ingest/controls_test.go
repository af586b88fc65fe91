package ingest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

// mediaServer answers a fixed text for each "METHOD path?query" and 404 for
// others, and writes down what it was asked.
type mediaServer struct {
	answers map[string]string
	status  int // of every answer, 0 for 200
	// redirect, if set, is the path that every other one leads to.
	redirect string
	header   http.Header

	mu    sync.Mutex
	asked []string
}

func (m *mediaServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	call := r.Method + " " + r.RequestURI
	m.asked = append(m.asked, call)
	m.header = r.Header
	if m.redirect != "" && r.RequestURI != m.redirect {
		http.Redirect(w, r, m.redirect, http.StatusFound)
		return
	}
	answer, ok := m.answers[call]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if m.status != 0 {
		w.WriteHeader(m.status)
	}
	_, _ = w.Write([]byte(answer))
}

func (m *mediaServer) drops() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var drops []string
	for _, call := range m.asked {
		if strings.HasPrefix(call, "DELETE ") || strings.HasPrefix(call, "POST ") {
			drops = append(drops, call)
		}
	}
	return drops
}

const nmsStreams = `{"success":true,"data":{"streams":[
{"key":"/live/` + streamKey + `","app":"live","name":"` + streamKey + `","status":"publishing","publisher":{"id":"mws0zzdqvtdnvt50","ip":"127.0.0.1:48352","protocol":"rtmp","inBytes":951036},"subscribers":0},
{"key":"/live/gone","app":"live","name":"gone","status":"reconnecting","publisher":{"id":"mws0zzdqvtdnvt51","ip":"127.0.0.1:48353","inBytes":1}},
{"key":"/live/idle","app":"live","name":"idle","status":"idle","publisher":null},
{"key":"/play/pb_1","app":"play","name":"pb_1","status":"publishing","publisher":{"id":"mws0zzdqvtdnvt52","ip":"127.0.0.1:48354","inBytes":1}}],"total":4}}`

const (
	srsList = "GET /api/v1/streams/?start=0&count=1000"
	mtxList = "GET /v3/rtmpconns/list?itemsPerPage=1000&page=0"
	tlsList = "GET /v3/rtmpsconns/list?itemsPerPage=1000&page=0"
	nmsList = "GET /api/v1/streams"
)

// controlCase is one control with the server that it talks to.
type controlCase struct {
	name       string
	control    func(url string) ingest.PublisherControl
	answers    map[string]string
	publishers []ingest.Publisher
	list       string   // the call that lists
	kick       []string // the calls that drop the publisher of streamKey
}

func controlCases(t *testing.T) []controlCase {
	return []controlCase{
		{
			"SRS",
			func(url string) ingest.PublisherControl { return &ingest.SRSControl{URL: url + "/", App: "live"} },
			map[string]string{srsList: recorded(t, "srs_api_streams.json"), "DELETE /api/v1/clients/0454644q": `{"code":0}`},
			[]ingest.Publisher{
				{Publish: ingest.Publish{Key: streamKey, Session: "srs:0454644q", App: "live"}, Handle: "0454644q", Received: 951036},
				{Publish: ingest.Publish{Key: "old", Session: "srs:496", App: "live"}, Handle: "496", Received: 259224994},
			},
			srsList, []string{"DELETE /api/v1/clients/0454644q"},
		},
		{
			"MediaMTX",
			func(url string) ingest.PublisherControl {
				return &ingest.MediaMTXControl{URL: url, App: "live", Server: "mtx-2"}
			},
			map[string]string{
				mtxList: recorded(t, "mediamtx_api_rtmpconns.json"), tlsList: recorded(t, "mediamtx_api_rtmpsconns.json"),
				"POST /v3/rtmpconns/kick/" + mediaMTXConn: `{"status":"ok"}`,
			},
			[]ingest.Publisher{
				{Publish: ingest.Publish{Key: streamKey, Session: "mtx-2:" + mediaMTXConn, App: "live", RemoteAddr: "192.168.1.10:50000"}, Handle: "rtmpconns/" + mediaMTXConn, Received: 951036},
				{Publish: ingest.Publish{Key: "tls", Session: "mtx-2:2b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", App: "live", RemoteAddr: "192.168.1.12:50000"}, Handle: "rtmpsconns/2b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", Received: 42},
			},
			mtxList, []string{"POST /v3/rtmpconns/kick/" + mediaMTXConn},
		},
		{
			"node-media-server",
			func(url string) ingest.PublisherControl {
				return &ingest.NodeMediaServerControl{URL: url, App: "live", JWTSecret: "s"}
			},
			map[string]string{nmsList: nmsStreams, "DELETE /api/v1/sessions/mws0zzdqvtdnvt50": `{"success":true}`},
			[]ingest.Publisher{
				{Publish: ingest.Publish{Key: streamKey, Session: "nms:mws0zzdqvtdnvt50", App: "live", RemoteAddr: "127.0.0.1:48352"}, Handle: "mws0zzdqvtdnvt50", Received: 951036},
			},
			nmsList, []string{"DELETE /api/v1/sessions/mws0zzdqvtdnvt50"},
		},
	}
}

func TestControls(t *testing.T) {
	live := prism.Live{ID: "l1", PlaybackID: "pb_1", RTMPPath: "rtmp://h/live/" + streamKey}
	for _, tc := range controlCases(t) {
		t.Run(tc.name, func(t *testing.T) {
			server := &mediaServer{answers: tc.answers}
			srv := httptest.NewServer(server)
			defer srv.Close()
			control := tc.control(srv.URL)
			got, err := control.Publishers(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.publishers, got); diff != "" {
				t.Errorf("publishers (-want +got):\n%s", diff)
			}
			if err := control.KickPublisher(t.Context(), live); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(tc.kick, server.drops()); diff != "" {
				t.Errorf("drops (-want +got):\n%s", diff)
			}
			nobody := live
			nobody.RTMPPath = "rtmp://h/live/nobody"
			if err := control.KickPublisher(t.Context(), nobody); err != nil {
				t.Errorf("nobody publishes: %v", err)
			}
			if err := control.KickPublisher(t.Context(), prism.Live{ID: "l2"}); !errors.Is(err, prism.ErrInvalid) {
				t.Errorf("a live without rtmpPath: %v", err)
			}
			if err := control.Drop(t.Context(), ingest.Publisher{Handle: "../x"}); !errors.Is(err, prism.ErrInvalid) {
				t.Errorf("a bad handle: %v", err)
			}
			if len(server.drops()) != 1 {
				t.Errorf("more drops: %v", server.drops())
			}
			gone := got[0]
			gone.Handle = strings.ReplaceAll(gone.Handle, "4", "5")
			if err := control.Drop(t.Context(), gone); err != nil {
				t.Errorf("a connection that is gone: %v", err)
			}
			srv.Close()
			if _, err := control.Publishers(t.Context()); err == nil || strings.Contains(err.Error(), "http") {
				t.Errorf("no server: %v", err)
			}
		})
	}
}

func TestControlsReportFailures(t *testing.T) {
	live := prism.Live{ID: "l1", PlaybackID: "pb_1", RTMPPath: "rtmp://h/live/" + streamKey}
	for _, tc := range controlCases(t) {
		for name, server := range map[string]*mediaServer{
			"status 500":   {answers: tc.answers, status: 500},
			"redirect":     {answers: map[string]string{"GET /other": tc.answers[tc.list]}, redirect: "/other"},
			"unauthorized": {answers: tc.answers, status: 401},
			"no JSON":      {answers: map[string]string{tc.list: "<html>" + streamKey}},
			"other JSON":   {answers: map[string]string{tc.list: `[1]`}},
		} {
			t.Run(tc.name+", "+name, func(t *testing.T) {
				srv := httptest.NewServer(server)
				defer srv.Close()
				err := tc.control(srv.URL).KickPublisher(t.Context(), live)
				if err == nil || strings.Contains(err.Error(), streamKey) || strings.Contains(err.Error(), srv.URL) {
					t.Errorf("error %v", err)
				}
			})
		}
	}
	srv := httptest.NewServer(&mediaServer{answers: map[string]string{srsList: `{"code":1061}`}})
	defer srv.Close()
	if err := (&ingest.SRSControl{URL: srv.URL, App: "live"}).KickPublisher(t.Context(), live); err == nil || !strings.Contains(err.Error(), "1061") {
		t.Errorf("a code of SRS: %v", err)
	}
}

func TestControlsGiveUpInTime(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer srv.Close()
	defer close(release)
	for _, tc := range controlCases(t) {
		began := time.Now()
		_, err := tc.control(srv.URL).Publishers(t.Context())
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 3*time.Second {
			t.Errorf("%s: %v after %s", tc.name, err, took)
		}
	}
}

func TestSRSControlReadsAllPages(t *testing.T) {
	full := `{"code":0,"streams":[` + strings.TrimSuffix(strings.Repeat(`{"name":"x","app":"live","publish":{"active":false}},`, 1000), ",") + `]}`
	server := &mediaServer{answers: map[string]string{
		srsList: full, "GET /api/v1/streams/?start=1000&count=1000": recorded(t, "srs_api_streams.json"),
	}}
	srv := httptest.NewServer(server)
	defer srv.Close()
	got, err := (&ingest.SRSControl{URL: srv.URL, App: "live", User: "admin", Password: "p"}).Publishers(t.Context())
	if err != nil || len(got) != 2 {
		t.Errorf("%d publishers, %v", len(got), err)
	}
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte("admin:p")); server.header.Get("Authorization") != want {
		t.Errorf("Authorization %q", server.header.Get("Authorization"))
	}
}

func TestMediaMTXControlWithoutRTMPS(t *testing.T) {
	srv := httptest.NewServer(&mediaServer{answers: map[string]string{mtxList: recorded(t, "mediamtx_api_rtmpconns.json")}})
	defer srv.Close()
	got, err := (&ingest.MediaMTXControl{URL: srv.URL, App: "live"}).Publishers(t.Context())
	if err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestNodeMediaServerToken(t *testing.T) {
	server := &mediaServer{answers: map[string]string{nmsList: nmsStreams}}
	srv := httptest.NewServer(server)
	defer srv.Close()
	control := &ingest.NodeMediaServerControl{URL: srv.URL, App: "live", JWTSecret: "the secret", Now: func() time.Time { return time.Unix(1_800_000_000, 0) }}
	if _, err := control.Publishers(t.Context()); err != nil {
		t.Fatal(err)
	}
	token, ok := strings.CutPrefix(server.header.Get("Authorization"), "Bearer ")
	parts := strings.Split(token, ".")
	if !ok || len(parts) != 3 {
		t.Fatalf("Authorization %q", server.header.Get("Authorization"))
	}
	mac := hmac.New(sha256.New, []byte("the secret"))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	if parts[2] != base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) {
		t.Error("the signature does not fit")
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if want := `{"username":"ingest","iat":1800000000,"exp":1800000060}`; err != nil || string(claims) != want {
		t.Errorf("claims %s, %v", claims, err)
	}
}

func TestOvenMediaEngineControl(t *testing.T) {
	s := newStation(t)
	s.start()
	name, err := ingest.PlaybackName(s.live)
	s.must(err)
	const streams = "/v1/vhosts/default/apps/app/streams"
	server := &mediaServer{answers: map[string]string{
		"GET " + streams:                 `{"statusCode":200,"message":"OK","response":["` + name + `","another"]}`,
		"GET " + streams + "/" + name:    strings.Replace(recorded(t, "ovenmediaengine_api_stream.json"), "NAME", name, 1),
		"DELETE " + streams + "/" + name: `{"statusCode":200}`,
	}}
	srv := httptest.NewServer(server)
	defer srv.Close()
	control := &ingest.OvenMediaEngineControl{URL: srv.URL, AccessToken: "ome-access-token", VHost: "default", App: "app", Store: s}
	got, err := control.Publishers(t.Context())
	s.must(err)
	want := []ingest.Publisher{{
		Publish: ingest.Publish{Key: s.key, Session: "ome:211.233.58.86:29291", App: "app", RemoteAddr: "211.233.58.86:29291"}, Handle: name, Received: -1,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("publishers (-want +got):\n%s", diff)
	}
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte("ome-access-token")); server.header.Get("Authorization") != want {
		t.Errorf("Authorization %q", server.header.Get("Authorization"))
	}
	s.must(control.KickPublisher(t.Context(), s.live))
	other := s.live
	other.PlaybackID = "nobody"
	s.must(control.KickPublisher(t.Context(), other))
	if diff := cmp.Diff([]string{"DELETE " + streams + "/" + name, "DELETE " + streams + "/nobody"}, server.drops()); diff != "" {
		t.Errorf("drops (-want +got):\n%s", diff)
	}
	// One stream that cannot be asked for does not hide the others, and is no
	// publisher that is gone.
	s.must(s.PutChannel(t.Context(), "u1", prism.Channel{ID: "c2", Name: "Second", Enabled: true}))
	second, err := s.CreateLive(t.Context(), "u1", "c2", prism.NewLive{Title: "Second", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	s.must(err)
	_, err = s.StartLive(t.Context(), "u1", second.ID)
	s.must(err)
	unclear, err := ingest.PlaybackName(second)
	s.must(err)
	server.answers["GET "+streams] = `{"statusCode":200,"message":"OK","response":["` + unclear + `","` + name + `"]}`
	server.answers["GET "+streams+"/"+unclear] = "no JSON"
	got, err = control.Publishers(t.Context())
	if diff := cmp.Diff(want, got); diff != "" || err == nil {
		t.Errorf("with a stream that cannot be asked for: %v, publishers (-want +got):\n%s", err, diff)
	}
	s.outage(prism.ErrUnavailable)
	if _, err := control.Publishers(t.Context()); !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("during an outage of the store: %v", err)
	}
	control.Store = nil
	if _, err := control.Publishers(t.Context()); err == nil {
		t.Error("no store")
	}
}

// A new publisher must not drop itself, where the server lists it already.
func TestHandlersKeepTheNewPublisher(t *testing.T) {
	server := &mediaServer{answers: map[string]string{
		nmsList: nmsStreams, "DELETE /api/v1/sessions/mws0zzdqvtdnvt50": `{}`,
		srsList: recorded(t, "srs_api_streams.json"), "DELETE /api/v1/clients/0454644q": `{"code":0}`,
	}}
	srv := httptest.NewServer(server)
	defer srv.Close()
	s := newStation(t)
	s.start()
	// The lists of the server above know the live's publisher by streamKey.
	events := &scriptedEvents{playback: "pb_1", path: "rtmp://h/live/" + streamKey}
	nms, err := ingest.NodeMediaServer(events, ingest.NodeMediaServerOptions{
		Secret: hookSecret, App: "live", Control: &ingest.NodeMediaServerControl{URL: srv.URL, App: "live", JWTSecret: "s"},
	})
	s.must(err)
	srs, err := ingest.SRS(events, ingest.SRSOptions{Secret: hookSecret, App: "live", Control: &ingest.SRSControl{URL: srv.URL, App: "live"}})
	s.must(err)
	for _, tc := range []struct {
		name, path, body string
		handler          http.Handler
		want             []string
	}{
		{"listed itself", "/notify", recorded(t, "nodemediaserver_prePublish.json"), nms, nil},
		{"another", "/notify", strings.Replace(recorded(t, "nodemediaserver_prePublish.json"), "mws0zzdqvtdnvt50", "mws0zzdqvtdnvt99", 1), nms, []string{"DELETE /api/v1/sessions/mws0zzdqvtdnvt50"}},
		{"SRS, another", "/publish", recorded(t, "srs_on_publish.json"), srs, []string{"DELETE /api/v1/sessions/mws0zzdqvtdnvt50", "DELETE /api/v1/clients/0454644q"}},
	} {
		if w := post(tc.handler, "/"+hookSecret+tc.path, tc.body); w.Code != http.StatusOK {
			t.Errorf("%s: status %d", tc.name, w.Code)
		}
		if diff := cmp.Diff(tc.want, server.drops()); diff != "" {
			t.Errorf("%s: drops (-want +got):\n%s", tc.name, diff)
		}
	}
}
