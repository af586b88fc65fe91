package redisstore_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// impatient makes the driver give up at once.
func impatient(o *redis.Options) {
	o.MaxRetries = -1
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = time.Second, 200*time.Millisecond, 200*time.Millisecond
}

func TestRestartOfRedisLosesNothingThatWasAcknowledged(t *testing.T) {
	server := startServer(t, "--appendonly", "yes", "--appendfsync", "always")
	client := server.client(t, impatient)
	store := open(t, client, redisstore.Options{})
	chat, live := openLive(t, client, redisstore.ChatOptions{})
	ctx := t.Context()
	used, unused := signIn(t, store, "juno", start), newCode("juno", start)
	must(t, store.SaveCode(ctx, unused))
	must(t, chat.SendMessage(ctx, owner, live.ID, "before"))

	server.kill()
	for name, err := range map[string]error{
		"SaveCode":    store.SaveCode(ctx, newCode("juno", start)),
		"RedeemCode":  store.RedeemCode(ctx, redemptionOf(unused, start)),
		"SendMessage": chat.SendMessage(ctx, owner, live.ID, "lost"),
	} {
		if !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("%s while Redis is down: got error %v, want prism.ErrUnavailable", name, err)
		}
	}

	server.start()
	token, err := store.FindAccess(ctx, used.Pair.Access)
	must(t, err)
	if token.Family.ID != used.Family.ID {
		t.Errorf("the token after a restart is of family %q, want %q", token.Family.ID, used.Family.ID)
	}
	must(t, store.RedeemCode(ctx, redemptionOf(unused, start)))
	if err := store.RedeemCode(ctx, redemptionOf(unused, start)); !errors.Is(err, oauth.ErrCodeUsed) {
		t.Errorf("a code that was used twice, after a restart: got error %v, want oauth.ErrCodeUsed", err)
	}
	must(t, chat.SendMessage(ctx, owner, live.ID, "after"))
	wantChat(t, chat, live.ID, nil, "before after")
}

func TestScriptsAreSentAgainWhenTheServerForgotThem(t *testing.T) {
	client := startServer(t).client(t)
	store := open(t, client, redisstore.Options{})
	ctx := t.Context()
	r := signIn(t, store, "juno", start)
	must(t, client.ScriptFlush(ctx).Err())
	must(t, errOf(store.RotateRefresh(ctx, rotationOf(r, start))))
	must(t, client.FlushAll(ctx).Err())
	if _, err := store.FindAccess(ctx, r.Pair.Access); !errors.Is(err, prism.ErrNotFound) {
		t.Errorf("FindAccess after FLUSHALL: got error %v, want prism.ErrNotFound", err)
	}
	signIn(t, store, "juno", start)
}

// A stopped server takes connections and never answers. The time-outs of this
// client are long, so that only ctx can end the call.
func TestCallReturnsWhenItsContextEndsThoughRedisHangs(t *testing.T) {
	server := startServer(t)
	client := server.client(t, func(o *redis.Options) { o.MaxRetries, o.ReadTimeout = -1, 20*time.Second })
	store := open(t, client, redisstore.Options{})
	chat, live := openLive(t, client, redisstore.ChatOptions{})
	r := signIn(t, store, "juno", start)
	server.signal(syscall.SIGSTOP)

	for name, do := range map[string]func(ctx context.Context) error{
		"FindAccess":    func(ctx context.Context) error { _, err := store.FindAccess(ctx, r.Pair.Access); return err },
		"FindCode":      func(ctx context.Context) error { _, err := store.FindCode(ctx, r.Code); return err },
		"RotateRefresh": func(ctx context.Context) error { return errOf(store.RotateRefresh(ctx, rotationOf(r, start))) },
		"SendMessage":   func(ctx context.Context) error { return chat.SendMessage(ctx, owner, live.ID, "late") },
		"Counts":        func(ctx context.Context) error { _, err := chat.Counts(ctx, live.ID); return err },
	} {
		deadline, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		begun := time.Now()
		if err := do(deadline); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s at a deadline: got error %v, want context.DeadlineExceeded", name, err)
		}
		cancel()
		cancelled, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(50*time.Millisecond, cancel)
		if err := do(cancelled); !errors.Is(err, context.Canceled) {
			t.Errorf("%s when cancelled: got error %v, want context.Canceled", name, err)
		}
		timer.Stop()
		cancel()
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s took %v, want about 100 ms: the context was over", name, took)
		}
	}
	server.signal(syscall.SIGCONT)
	// What was sent before ctx ended may be done or not, but the store works.
	waitFor(t, "Redis answers again", func() bool { return client.Ping(context.Background()).Err() == nil })
	if _, err := store.FindAccess(t.Context(), r.Pair.Access); err != nil {
		t.Errorf("FindAccess after Redis went on: %v", err)
	}
}

func TestTimeoutOfTheDriverIsUnavailable(t *testing.T) {
	server := startServer(t)
	client := server.client(t, impatient)
	store := open(t, client, redisstore.Options{})
	r := signIn(t, store, "juno", start)
	server.signal(syscall.SIGSTOP)
	defer server.signal(syscall.SIGCONT)
	if _, err := store.FindAccess(context.Background(), r.Pair.Access); !errors.Is(err, prism.ErrUnavailable) {
		t.Errorf("FindAccess when Redis hangs: got error %v, want prism.ErrUnavailable", err)
	}
}

// What the main store has done must not be lost in the wait for a number.
func TestStartIsAnsweredThoughRedisHangs(t *testing.T) {
	server := startServer(t)
	client := server.client(t)
	m := openMain(t, newClock().Now)
	lives := openChat(t, client, redisstore.ChatOptions{Lives: m, Users: m}).Lives(m)
	live := newLive(t, m)
	server.signal(syscall.SIGSTOP)
	defer server.signal(syscall.SIGCONT)
	ctx, cancel := context.WithTimeout(t.Context(), prism.DefaultDeadline)
	defer cancel()
	started, err := lives.StartLive(ctx, owner, live.ID)
	if err != nil || !started.Changed || ctx.Err() != nil {
		t.Errorf("StartLive while Redis hangs: %+v, %v; the deadline: %v", started, err, ctx.Err())
	}
}

func TestWriteWithoutMemoryFailsAsAWhole(t *testing.T) {
	client := startServer(t).client(t, impatient)
	store := open(t, client, redisstore.Options{})
	chat, live := openLive(t, client, redisstore.ChatOptions{})
	ctx := t.Context()
	r, code := signIn(t, store, "juno", start), newCode("juno", start)
	must(t, store.SaveCode(ctx, code))
	must(t, client.ConfigSet(ctx, "maxmemory", "1").Err())

	redemption, rotation := redemptionOf(code, start), rotationOf(r, start)
	for name, err := range map[string]error{
		"SaveCode":      store.SaveCode(ctx, newCode("juno", start)),
		"RedeemCode":    store.RedeemCode(ctx, redemption),
		"RotateRefresh": errOf(store.RotateRefresh(ctx, rotation)),
		"SendMessage":   chat.SendMessage(ctx, owner, live.ID, "no room"),
	} {
		if !errors.Is(err, prism.ErrUnavailable) {
			t.Errorf("%s without memory: got error %v, want prism.ErrUnavailable", name, err)
		}
	}
	token, err := store.FindAccess(ctx, r.Pair.Access)
	must(t, err)
	if token.Family != r.Family {
		t.Errorf("the family after writes that failed is %+v, want %+v", token.Family, r.Family)
	}

	must(t, client.ConfigSet(ctx, "maxmemory", "0").Err())
	for _, access := range []oauth.Digest{redemption.Pair.Access, rotation.Pair.Access} {
		if _, err := store.FindAccess(ctx, access); !errors.Is(err, prism.ErrNotFound) {
			t.Errorf("FindAccess of a pair whose write failed: got error %v, want prism.ErrNotFound", err)
		}
	}
	must(t, store.RedeemCode(ctx, redemption))
	must(t, errOf(store.RotateRefresh(ctx, rotation)))
	must(t, chat.SendMessage(ctx, owner, live.ID, "room"))
	wantChat(t, chat, live.ID, nil, "room")
}
