package main

import (
	"testing"
	"time"
)

func TestReadWRK(t *testing.T) {
	t.Parallel()
	const good = "Running 3s test @ http://127.0.0.1:1\n  144983 requests in 3.00s, 107.43MB read\nRequests/sec:  48327.85\n"
	n, took, err := readWRK([]byte(good))
	if n != 144983 || took != 3*time.Second || err != nil {
		t.Errorf("got %d, %v, %v", n, took, err)
	}
	for _, bad := range []string{"", good + "  Non-2xx or 3xx responses: 3\n", "  Socket errors: connect 0, read 1, write 0, timeout 0\n" + good} {
		if _, _, err := readWRK([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestWRKScript(t *testing.T) {
	t.Parallel()
	got := string(wrkScript([][]byte{[]byte("GET /a HTTP/1.1\r\n\r\n"), []byte("GET /b HTTP/1.1\r\n\r\n")}))
	const want = `local requests = {
"GET /a HTTP/1.1\r\n\r\n",
"GET /b HTTP/1.1\r\n\r\n",
}
local i = 0
function request()
	i = i % #requests + 1
	return requests[i]
end
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
}
