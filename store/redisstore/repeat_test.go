package redisstore_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

// repeatHook sends every script twice, as the driver does when the connection
// broke after the server had run it.
type repeatHook struct{}

func (repeatHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (repeatHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (repeatHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.HasPrefix(cmd.Name(), "eval") {
			if err := next(ctx, cmd); err != nil {
				return err
			}
		}
		return next(ctx, cmd)
	}
}

func TestCommandsThatTheDriverRepeatsTakeEffectOnce(t *testing.T) {
	client := startServer(t).client(t)
	client.AddHook(repeatHook{})
	store := open(t, client, redisstore.Options{})
	ctx := t.Context()

	code := newCode("juno", start)
	must(t, store.SaveCode(ctx, code))
	if err := store.SaveCode(ctx, code); !errors.Is(err, prism.ErrConflict) {
		t.Errorf("SaveCode of a code that is there: got error %v, want prism.ErrConflict", err)
	}
	r := redemptionOf(code, start)
	must(t, store.RedeemCode(ctx, r))
	second := redemptionOf(code, start)
	token, err := store.FindAccess(ctx, r.Pair.Access)
	must(t, err)
	if diff := cmp.Diff(r.Family, token.Family); diff != "" {
		t.Errorf("the family after RedeemCode (-want +got):\n%s", diff)
	}

	rotation := rotationOf(r, start.Add(time.Second))
	outcome, family, err := store.RotateRefresh(ctx, rotation)
	must(t, err)
	if outcome != oauth.OutcomeRotated || family.Generation != 2 || family.Pairs != 1 {
		t.Errorf("RotateRefresh: outcome %d, generation %d, %d pairs; want %d, 2, 1", outcome, family.Generation, family.Pairs, oauth.OutcomeRotated)
	}
	outcome, family, err = store.RotateRefresh(ctx, rotationOf(r, start.Add(2*time.Second)))
	must(t, err)
	if outcome != oauth.OutcomeSibling || family.Pairs != 2 {
		t.Errorf("RotateRefresh with the token before: outcome %d, %d pairs; want %d, 2", outcome, family.Pairs, oauth.OutcomeSibling)
	}

	if err := store.RedeemCode(ctx, second); !errors.Is(err, oauth.ErrCodeUsed) {
		t.Errorf("RedeemCode of a used code by another call: got error %v, want oauth.ErrCodeUsed", err)
	}
	signIn(t, store, "juno", start)
	reused := signIn(t, store, "juno", start)
	must(t, errOf(store.RotateRefresh(ctx, rotationOf(reused, start))))
	must(t, store.MarkUsed(ctx, reused.Family.ID, 2))
	outcome, _, err = store.RotateRefresh(ctx, rotationOf(reused, start.Add(time.Hour)))
	must(t, err)
	if outcome != oauth.OutcomeReused {
		t.Errorf("RotateRefresh with an old token: outcome %d, want %d", outcome, oauth.OutcomeReused)
	}
	n, err := store.RevokeUser(ctx, "juno", start.Add(time.Minute))
	must(t, err)
	if n != 1 {
		t.Errorf("RevokeUser returned %d, want 1: the only family that was alive", n)
	}
}

func errOf(_ oauth.Outcome, _ oauth.Family, err error) error { return err }

func TestMessageThatTheDriverRepeatsIsPostedOnce(t *testing.T) {
	client := startServer(t).client(t)
	client.AddHook(repeatHook{})
	chat, live := openLive(t, client, redisstore.ChatOptions{})
	for _, text := range []string{"one", "one", "two"} {
		must(t, chat.SendMessage(t.Context(), owner, live.ID, text))
	}
	wantChat(t, chat, live.ID, nil, "one one two")
}
