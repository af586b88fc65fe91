package sqlstore

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

// A message has its number, but its transaction is slow to commit. No later
// one can be committed before it, so a poller never goes past it.
func TestLateCommitIsNotSkipped(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]func(testing.TB) string{
		"PostgreSQL": sqlstoretest.PostgreSQL, "MySQL": sqlstoretest.MySQL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			s := filled(t, dsn(t), nil)
			for _, err := range []error{
				s.PutUser(ctx, prism.User{ID: "u"}),
				s.PutChannel(ctx, "u", prism.Channel{ID: "c", Enabled: true}),
				s.PutLive(ctx, prism.Live{ID: "l", ChannelID: "c"}),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			var cursor int64
			poll := func() (texts []string) {
				t.Helper()
				page, err := s.LiveChat(ctx, "l", prism.ChatQuery{After: &cursor, Limit: 10})
				if err != nil {
					t.Fatal(err)
				}
				cursor = page.Next
				for _, m := range page.Messages {
					texts = append(texts, m.Text)
				}
				return texts
			}
			numbered, commit := make(chan struct{}), make(chan struct{})
			first, second := make(chan error, 1), make(chan error, 1)
			go func() {
				first <- s.write(ctx, func(t transaction) error {
					chat, err := t.chatOf("u", "l")
					if err == nil {
						err = t.say("l", chat, "u", "slow")
					}
					close(numbered)
					<-commit
					return err
				})
			}()
			<-numbered
			impatient, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			if err := s.PostChat(impatient, "l", "u", "never"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("PostChat beside a message that is not committed: got %v, want that it waits", err)
			}
			go func() { second <- s.PostChat(ctx, "l", "u", "quick") }()
			if got := poll(); len(got) != 0 {
				t.Errorf("the poller saw %q before the commit", got)
			}
			close(commit)
			if err := errors.Join(<-first, <-second); err != nil {
				t.Fatal(err)
			}
			if got := poll(); !slices.Equal(got, []string{"slow", "quick"}) {
				t.Errorf("the poller saw %q, want the slow message and then the quick one", got)
			}
		})
	}
}
