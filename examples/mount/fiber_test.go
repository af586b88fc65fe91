package mount

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// What the service keeps of a request stays as it was, while fiber reads the
// next requests of the same connection into the same memory.
func TestFiberRequestsAreOwned(t *testing.T) {
	t.Parallel()
	var kept []string
	var contexts []context.Context
	keep := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kept = append(kept, strings.Join([]string{r.Method, r.Host, r.RequestURI}, " "), r.URL.Path, r.URL.Query().Get("q"), r.Header.Get("x-prism-access-token"), r.Method)
		contexts = append(contexts, r.Context())
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(body)
	})
	address, client := serveFiber(t, Fiber(keep)), newClient(t)
	var want []string
	for _, fill := range []string{"a", "b", "c", "d"} {
		id, method := strings.Repeat(fill, 16), map[bool]string{true: "POST", false: "PUT"}[fill < "c"]
		r, err := http.NewRequestWithContext(t.Context(), method, address+"/prism/"+id+"?q="+id, strings.NewReader(id))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("x-prism-access-token", id)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if string(body) != id {
			t.Errorf("the answer is %q, want %q", body, id)
		}
		path := "/prism/" + id
		want = append(want, strings.Join([]string{method, r.Host, path + "?q=" + id}, " "), path, id, id, method)
	}
	if !slices.Equal(kept, want) {
		t.Errorf("kept %q,\nwant %q", kept, want)
	}
	for i, ctx := range contexts {
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Second):
			t.Errorf("the context of request %d did not end with it", i)
		}
	}
}

// A handler that hangs up does not take the process with it.
func TestFiberOutlivesAPanic(t *testing.T) {
	t.Parallel()
	address := serveFiber(t, Fiber(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/prism/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := newClient(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", resp.StatusCode)
	}
}
