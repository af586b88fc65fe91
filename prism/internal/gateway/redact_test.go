package gateway

import "testing"

func TestRedactRTMPPath(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"rtmpPath":"rtmp://h/live/k3y"}`:        `{"rtmpPath":"rtmp://h/live/REDACTED"}`,
		`{"rtmpPath":"rtmp:\/\/h\/live\/k3y"}`:    `{"rtmpPath":"rtmp:\/\/h\/live\/REDACTED"}`,
		`{"rtmpPath":"rtmp://h/live/k3y/"}`:       `{"rtmpPath":"rtmp://h/live/REDACTED/"}`,
		`{"rtmpPath":"rtmp://h/k3y/"}`:            `{"rtmpPath":"rtmp://h/REDACTED/"}`,
		`{"rtmpPath":"rtmp://h/live/k3y?a=k3y"}`:  `{"rtmpPath":"rtmp://h/live/REDACTED"}`,
		`{"rtmpPath":"rtmp://h/live?key=k3y"}`:    `{"rtmpPath":"rtmp://h/REDACTED"}`,
		`{"rtmpPath":"k3y"}`:                      `{"rtmpPath":"REDACTED"}`,
		`{"rtmpPath":""}`:                         `{"rtmpPath":""}`,
		`{"rtmpPath" : "rtmp://h/a/k3y","b":"c"}`: `{"rtmpPath" : "rtmp://h/a/REDACTED","b":"c"}`,
	} {
		if got := string(redactBody([]byte(body), nil)); got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
}

// A fragment holds tokens where the implicit grant is on.
func TestRedactFragment(t *testing.T) {
	t.Parallel()
	const in, want = "https://r/x?state=s#access_token=t&token_type=bearer", "https://r/x?state=REDACTED#access_token=REDACTED&token_type=bearer"
	if got := redactQuery(in); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
