package ingest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/adapters/ingest"
	"github.com/b2bprism/b2bprism/prism"
)

func TestLiveStationLives(t *testing.T) {
	client, server := newLiveStation(t)
	s := newStation(t)
	lives, err := ingest.NewLiveStationLives(s, client, oneStation{"c1", lsChannel})
	s.must(err)
	has := func(name, want string, live prism.Live, err error) {
		t.Helper()
		if err != nil || live.RTMPPath != want {
			t.Errorf("%s: rtmpPath of %d bytes, %v", name, len(live.RTMPPath), err)
		}
	}
	ctx := t.Context()
	created, err := lives.CreateLive(ctx, "u1", "c1", prism.NewLive{Title: "A live", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	has("create", lsRTMPPath, created, err)
	got, err := lives.Live(ctx, "u1", created.ID)
	has("get", lsRTMPPath, got, err)
	list, err := lives.Lives(ctx, "u1", "c1", prism.LiveFilter{})
	s.must(err)
	for _, live := range list {
		has("list", lsRTMPPath, live, nil)
	}
	if len(list) != 2 {
		t.Errorf("%d lives", len(list))
	}
	title := "New title"
	updated, err := lives.UpdateLive(ctx, "u1", created.ID, prism.LiveUpdate{Title: &title})
	has("update", lsRTMPPath, updated, err)
	if _, err := lives.Updates(s).UpdateLive(ctx, "u2", created.ID, prism.LiveUpdate{Title: &title}); !errors.Is(err, prism.ErrNotFound) {
		t.Errorf("update of another's live: %v", err)
	}
	first, err := lives.StartLive(ctx, "u1", s.live.ID)
	has("start", lsRTMPPath, first.Live, err)
	second, err := lives.StartLive(ctx, "u1", created.ID)
	has("start of another", lsRTMPPath, second.Live, err)
	if second.Ended == nil {
		t.Fatal("no live was replaced")
	}
	has("replaced", lsRTMPPath, *second.Ended, nil)
	ended, err := lives.EndLive(ctx, "u1", created.ID, prism.EndOptions{})
	has("end", lsRTMPPath, ended.Live, err)
	if server.calls() != 1 {
		t.Errorf("asked Live Station %d times", server.calls())
	}

	s.must(s.PutChannel(ctx, "u1", prism.Channel{ID: "c2", Name: "Other", Enabled: true}))
	own, err := lives.CreateLive(ctx, "u1", "c2", prism.NewLive{Title: "Own", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	if err != nil || !strings.HasPrefix(own.RTMPPath, "rtmp://127.0.0.1/live/") {
		t.Errorf("a channel that Live Station does not carry: %v", err)
	}
	for name, err := range map[string]error{
		"get":   errOf(lives.Live(ctx, "u2", created.ID)),
		"list":  errOf(lives.Lives(ctx, "u2", "c1", prism.LiveFilter{})),
		"start": errOf(lives.StartLive(ctx, "u2", created.ID)),
		"end":   errOf(lives.EndLive(ctx, "u2", created.ID, prism.EndOptions{})),
	} {
		if !errors.Is(err, prism.ErrNotFound) {
			t.Errorf("%s by another user: %v", name, err)
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

func TestLiveStationLivesDuringAnOutage(t *testing.T) {
	server := &stationServer{answers: map[string]string{lsGet: recorded(t, "livestation_channel.json")}, status: http.StatusBadGateway}
	client := clientOf(t, server, func() time.Time { return ncpTime })
	s := newStation(t)
	lives, err := ingest.NewLiveStationLives(s, client, oneStation{"c1", lsChannel})
	s.must(err)
	create := func() (prism.Live, error) {
		return lives.CreateLive(t.Context(), "u1", "c1", prism.NewLive{Title: "A live", Scope: prism.ScopePublic, ReservedAt: time.Now()})
	}
	stored := func() int {
		t.Helper()
		list, err := s.Lives(t.Context(), "u1", "c1", prism.LiveFilter{})
		s.must(err)
		return len(list)
	}
	for _, status := range []int{502, 404, 403} {
		server.status = status
		if _, err := create(); !errors.Is(err, prism.ErrUnavailable) || errors.Is(err, prism.ErrNotFound) || errors.Is(err, prism.ErrForbidden) {
			t.Errorf("status %d: %v", status, err)
		}
	}
	server.status = 0
	server.set(lsGet, strings.Replace(recorded(t, "livestation_channel.json"), `"`+lsKey+`"`, "null", 1))
	if _, err := create(); !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("a channel that is being created: %v", err)
	}
	if stored() != 1 {
		t.Errorf("%d lives were stored", stored())
	}
	// The start of a live that is there already happens all the same.
	if res, err := lives.StartLive(t.Context(), "u1", s.live.ID); err != nil || !res.Changed {
		t.Errorf("start: %v, %v", res.Changed, err)
	}
	server.set(lsGet, recorded(t, "livestation_channel.json"))
	if live, err := create(); err != nil || live.RTMPPath != lsRTMPPath {
		t.Errorf("after the outage: %v", err)
	}
}

// brokenTable is a host whose table cannot be read.
type brokenTable struct{ oneStation }

func (brokenTable) StationOf(context.Context, string) (string, error) {
	return "", prism.ErrUnavailable
}

func TestLiveStationLivesPassesOnTheHostsError(t *testing.T) {
	client, server := newLiveStation(t)
	s := newStation(t)
	lives, err := ingest.NewLiveStationLives(s, client, brokenTable{})
	s.must(err)
	if _, err := lives.Live(t.Context(), "u1", s.live.ID); !errors.Is(err, prism.ErrUnavailable) || server.calls() != 0 {
		t.Errorf("%v after %d questions", err, server.calls())
	}
	if _, err := ingest.NewLiveStationLives(nil, nil, nil); err == nil {
		t.Error("nil was taken")
	}
}
