package oauth

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSessionLogin(t *testing.T) {
	t.Parallel()
	broken := errors.New("session store is down")
	tests := []struct {
		name             string
		userID, redirect string
		err              error
		wantUser         string
		wantLocation     string
		wantErr          string
	}{
		{name: "signed in", userID: "u1", wantUser: "u1"},
		{name: "signed in wins over redirect", userID: "u1", redirect: "/login", wantUser: "u1"},
		{name: "path", redirect: "/login?next=x", wantLocation: "/login?next=x"},
		{name: "relative path is not rewritten", redirect: "login?next=x", wantLocation: "login?next=x"},
		{name: "absolute", redirect: "https://id.example.com/login?next=x#top", wantLocation: "https://id.example.com/login?next=x#top"},
		{name: "nothing", wantErr: "neither a user id nor a redirect"},
		{name: "line break", redirect: "/login\r\nSet-Cookie: a=b", wantErr: "percent-encoded"},
		{name: "space", redirect: "/log in", wantErr: "percent-encoded"},
		{name: "not ASCII", redirect: "/로그인", wantErr: "percent-encoded"},
		{name: "script", redirect: "javascript:alert(1)", wantErr: "not an http or https URL"},
		{name: "no host", redirect: "https:/login", wantErr: "not an http or https URL"},
		{name: "bad URL", redirect: "/%zz", wantErr: "not a URL"},
		{name: "error", userID: "u1", redirect: "/login", err: broken, wantErr: "session store is down"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var gotResume string
			login := SessionLogin(func(_ *http.Request, resume string) (string, string, error) {
				gotResume = resume
				return tt.userID, tt.redirect, tt.err
			})
			rec := httptest.NewRecorder()
			req := httptest.NewRequest(http.MethodGet, "/oauth/authorize?client_id=c", nil)
			user, err := login.Authenticate(rec, req, Interaction{Resume: "https://live.example.com/oauth/authorize?client_id=c"})

			if gotResume != "https://live.example.com/oauth/authorize?client_id=c" {
				t.Errorf("resume = %q", gotResume)
			}
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("error = %v, want one with %q", err, tt.wantErr)
				}
				if tt.err != nil && !errors.Is(err, tt.err) {
					t.Errorf("error %v does not wrap the host's", err)
				}
				if tt.redirect != "" && strings.Contains(err.Error(), tt.redirect) {
					t.Errorf("error %v shows the address", err)
				}
				if rec.Header().Get("Location") != "" || user != "" {
					t.Errorf("failed, but user %q, Location %q", user, rec.Header().Get("Location"))
				}
				return
			}
			if err != nil || user != tt.wantUser {
				t.Fatalf("Authenticate = %q, %v, want %q", user, err, tt.wantUser)
			}
			if got := rec.Header().Get("Location"); got != tt.wantLocation {
				t.Errorf("Location = %q, want %q", got, tt.wantLocation)
			}
			if tt.wantLocation != "" {
				if rec.Code != http.StatusSeeOther || rec.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("status %d, Cache-Control %q", rec.Code, rec.Header().Get("Cache-Control"))
				}
			}
		})
	}
}

func TestSessionLoginWithoutFunction(t *testing.T) {
	t.Parallel()
	rec := httptest.NewRecorder()
	user, err := SessionLogin(nil).Authenticate(rec, httptest.NewRequest(http.MethodGet, "/", nil), Interaction{})
	if user != "" || !errors.Is(err, errNoSessionFunc) {
		t.Fatalf("Authenticate = %q, %v", user, err)
	}
}
