package ingest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
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

const (
	ncpAccess  = "6uxz1nKkcYwUjWRG5Q1V"
	ncpSecret  = "NCP-SECRET-0123456789"
	lsChannel  = "ls-20200327140131-aBCD3"
	lsKey      = "sk7f3a9cq2l5t8w1"
	lsRTMPPath = "rtmp://rtmp-ls2-k1.video.media.ntruss.com:8080/relay/" + lsKey
	lsGet      = "GET /api/v2/channels/" + lsChannel
)

var ncpTime = time.UnixMilli(1521787414578)

// stationServer answers as Live Station does, to calls that are signed.
type stationServer struct {
	mu      sync.Mutex
	answers map[string]string
	status  int // of every answer, 0 for 200
	asked   []string
	bodies  []string
}

func (s *stationServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := r.Method + " " + r.RequestURI
	mac := hmac.New(sha256.New, []byte(ncpSecret))
	_, _ = fmt.Fprintf(mac, "%s\n%s\n%s", call, r.Header.Get("x-ncp-apigw-timestamp"), ncpAccess)
	if r.Header.Get("x-ncp-apigw-signature-v2") != base64.StdEncoding.EncodeToString(mac.Sum(nil)) ||
		r.Header.Get("x-ncp-iam-access-key") != ncpAccess || r.Header.Get("x-ncp-region_code") != "KR" || r.Header.Get("Content-Type") != "application/json" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.asked, s.bodies = append(s.asked, call), append(s.bodies, string(body))
	answer, ok := s.answers[call]
	switch {
	case s.status != 0:
		w.WriteHeader(s.status)
	case !ok:
		http.NotFound(w, r)
	default:
		_, _ = w.Write([]byte(answer))
	}
}

func (s *stationServer) set(call, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[call] = answer
}

func (s *stationServer) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func newLiveStation(t *testing.T) (*ingest.LiveStation, *stationServer) {
	t.Helper()
	server := &stationServer{answers: map[string]string{lsGet: recorded(t, "livestation_channel.json")}}
	return clientOf(t, server, func() time.Time { return ncpTime }), server
}

func clientOf(t *testing.T, server *stationServer, now func() time.Time) *ingest.LiveStation {
	t.Helper()
	srv := httptest.NewServer(server)
	t.Cleanup(srv.Close)
	station, err := ingest.NewLiveStation(ingest.LiveStationOptions{
		AccessKey: ncpAccess, SecretKey: ncpSecret, BaseURL: srv.URL + "/", Client: srv.Client(), Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return station
}

// The vector was computed with openssl:
//
//	printf 'GET /api/v2/channels/ls-1/serviceUrls?serviceUrlType=GENERAL\n1521787414578\n6uxz1nKkcYwUjWRG5Q1V' |
//	    openssl dgst -sha256 -hmac NCP-SECRET-0123456789 -binary | base64
func TestLiveStationSignatureVector(t *testing.T) {
	const vector = "9yKg8iT0xmjOM+ZySNJpM40yCRz3m3sLYOfqkbBDVIw="
	var got http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		_, _ = w.Write([]byte(`{"content":[]}`))
	}))
	defer srv.Close()
	station, err := ingest.NewLiveStation(ingest.LiveStationOptions{AccessKey: ncpAccess, SecretKey: ncpSecret, BaseURL: srv.URL, Now: func() time.Time { return ncpTime }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := station.ServiceURLs(t.Context(), "ls-1"); err != nil {
		t.Fatal(err)
	}
	if s := got.Get("x-ncp-apigw-signature-v2"); s != vector || got.Get("x-ncp-apigw-timestamp") != "1521787414578" {
		t.Errorf("signature %q, timestamp %q", s, got.Get("x-ncp-apigw-timestamp"))
	}
}

func TestLiveStationChannel(t *testing.T) {
	station, _ := newLiveStation(t)
	c, err := station.Channel(t.Context(), lsChannel)
	if err != nil {
		t.Fatal(err)
	}
	want := ingest.LiveStationChannel{
		ID: lsChannel, Name: "prism_channel", Status: "PUBLISHING",
		PublishURL: "rtmp://rtmp-ls2-k1.video.media.ntruss.com:8080/relay", GlobalPublishURL: "rtmp://rtmp-ls2-global.video.media.ntruss.com:8080/relay",
		StreamKey: lsKey, RecentPublish: "1599218791", TotalPublishSeconds: 3600,
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if path, err := c.RTMPPath(); path != lsRTMPPath || err != nil {
		t.Errorf("rtmpPath %q, %v", path, err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, c); strings.Contains(text, lsKey) || !strings.Contains(text, lsChannel) {
			t.Errorf("%s gives %s", format, text)
		}
	}
	for status, publishing := range map[string]bool{"PUBLISHING": true, "PUBLISH": true, "READY": false, "CREATING": false, "FORCE_BLOCK": false, "": false} {
		if got := (ingest.LiveStationChannel{Status: status}).Publishing(); got != publishing {
			t.Errorf("%q: publishing %t", status, got)
		}
	}
}

func TestLiveStationRTMPPathIsChecked(t *testing.T) {
	for _, c := range []ingest.LiveStationChannel{
		{},
		{PublishURL: "rtmp://h/relay"},
		{StreamKey: lsKey},
		{PublishURL: "https://h/relay", StreamKey: lsKey},
		{PublishURL: "rtmp://h/relay", StreamKey: "a/" + lsKey},
		{PublishURL: "rtmp://h/relay", StreamKey: "relay"},
	} {
		path, err := c.RTMPPath()
		if path != "" || !errors.Is(err, prism.ErrInvalid) || strings.Contains(err.Error(), lsKey) {
			t.Errorf("%q and a key of %d bytes: %q, %v", c.PublishURL, len(c.StreamKey), path, err)
		}
	}
}

func TestLiveStationCalls(t *testing.T) {
	station, server := newLiveStation(t)
	server.set("POST /api/v2/channels", `{"content":{"channelId":"`+lsChannel+`"}}`)
	server.set(lsGet+"/serviceUrls?serviceUrlType=GENERAL", recorded(t, "livestation_serviceurls.json"))
	server.set("POST /api/v2/events/callbackEndpoint", `{"content":{"callbackUrl":"https://h/x"}}`)
	server.set("POST /api/v2/channels/"+lsChannel+"/callbackEndpoint", `{"content":{}}`)
	id, err := station.CreateChannel(t.Context(), ingest.NewLiveStationChannel{
		Name: "prism_channel", QualitySetID: 4, CDN: ingest.LiveStationCDN{ProfileID: 7, InstanceNo: 9},
	})
	if id != lsChannel || err != nil {
		t.Errorf("created %q, %v", id, err)
	}
	urls, err := station.ServiceURLs(t.Context(), lsChannel)
	if err != nil || len(urls) != 2 || urls[1].Resolution != "1280*720" || !strings.HasPrefix(urls[0].URL, "https://example.edge.naverncp.com/") {
		t.Errorf("service URLs %v, %v", urls, err)
	}
	if err := errors.Join(station.SetCallback(t.Context(), "https://h/x"), station.SetChannelCallback(t.Context(), lsChannel, "https://h/y")); err != nil {
		t.Error(err)
	}
	want := []string{
		`{"channelName":"prism_channel","ingestProtocol":"RTMP","qualitySetId":4,"cdn":{"createCdn":false,"cdnType":"GLOBAL_EDGE","profileId":7,"cdnInstanceNo":9},` +
			`"record":{"type":"NO_RECORD"},"useDvr":false,"immediateOnAir":false,"drmEnabledYn":false}`,
		"", `{"callbackUrl":"https://h/x"}`, `{"callbackEndpoint":"https://h/y"}`,
	}
	if diff := cmp.Diff(want, server.bodies); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

func TestLiveStationErrors(t *testing.T) {
	station, server := newLiveStation(t)
	for status, want := range map[int]error{
		302: prism.ErrInvalid, 400: prism.ErrInvalid, 401: prism.ErrForbidden, 403: prism.ErrForbidden,
		404: prism.ErrNotFound, 429: prism.ErrUnavailable, 500: prism.ErrUnavailable, 503: prism.ErrUnavailable,
	} {
		server.status = status
		if _, err := station.Channel(t.Context(), lsChannel); !errors.Is(err, want) {
			t.Errorf("status %d: %v", status, err)
		}
	}
	server.status = 0
	for name, answer := range map[string]string{"no JSON": "<html>", "another channel": `{"content":{"channelId":"ls-2"}}`, "empty": "{}"} {
		server.set(lsGet, answer)
		if _, err := station.Channel(t.Context(), lsChannel); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	before := server.calls()
	for _, id := range []string{"", "../x", "a/b", "a?b", strings.Repeat("a", 65)} {
		_, err := station.Channel(t.Context(), id)
		_, err2 := station.ServiceURLs(t.Context(), id)
		if err3 := station.SetChannelCallback(t.Context(), id, "x"); !errors.Is(err, prism.ErrInvalid) || !errors.Is(err2, prism.ErrInvalid) || !errors.Is(err3, prism.ErrInvalid) {
			t.Errorf("id %q: %v, %v, %v", id, err, err2, err3)
		}
	}
	for _, c := range []ingest.NewLiveStationChannel{{Name: "ab", QualitySetID: 1}, {Name: strings.Repeat("a", 21), QualitySetID: 1}, {Name: "abc"}} {
		if _, err := station.CreateChannel(t.Context(), c); !errors.Is(err, prism.ErrInvalid) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if server.calls() != before {
		t.Error("bad arguments reached Live Station")
	}
	server.set("POST /api/v2/channels", `{"content":{}}`)
	if _, err := station.CreateChannel(t.Context(), ingest.NewLiveStationChannel{Name: "abc", QualitySetID: 1}); err == nil {
		t.Error("an answer without id: no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := station.Channel(ctx, lsChannel); !errors.Is(err, context.Canceled) || !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("cancelled: %v", err)
	}
	_, err := ingest.NewLiveStation(ingest.LiveStationOptions{BaseURL: "https://h/" + ncpSecret})
	for _, want := range []string{"AccessKey", "SecretKey", "BaseURL"} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), ncpSecret) {
			t.Errorf("%v does not name %s, or has the secret", err, want)
		}
	}
}
