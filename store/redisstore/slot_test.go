package redisstore_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/b2bprism/b2bprism/store/redisstore"
)

// slot is the slot of a key as the cluster specification defines it.
func slot(key string) uint16 {
	if open := strings.IndexByte(key, '{'); open >= 0 {
		if length := strings.IndexByte(key[open+1:], '}'); length > 0 {
			key = key[open+1 : open+1+length]
		}
	}
	var crc uint16 // CRC-16/XMODEM
	for _, b := range []byte(key) {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc % 16384
}

func TestSlotIsThatOfTheSpecification(t *testing.T) {
	for key, want := range map[string]uint16{"123456789": 0x31c3, "a{123456789}b": 0x31c3, "foo": 12182} {
		if got := slot(key); got != want {
			t.Errorf("slot(%q) is %d, want %d", key, got, want)
		}
	}
}

// keysHook notes the keys that each script is called with.
type keysHook struct {
	mu    sync.Mutex
	calls [][]string
}

func (*keysHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (*keysHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h *keysHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.HasPrefix(cmd.Name(), "eval") {
			args := cmd.Args()
			var keys []string
			for _, arg := range args[3 : 3+args[2].(int)] {
				keys = append(keys, arg.(string))
			}
			h.mu.Lock()
			h.calls = append(h.calls, keys)
			h.mu.Unlock()
		}
		return next(ctx, cmd)
	}
}

func TestKeysOfEachScriptAreInOneSlot(t *testing.T) {
	_, client := mini(t)
	hook := &keysHook{}
	client.AddHook(hook)
	busy(t, client)
	for _, keys := range hook.calls {
		for _, key := range keys {
			if slot(key) != slot(keys[0]) {
				t.Errorf("a script has keys of two slots: %q and %q", keys[0], key)
			}
		}
	}
	if len(hook.calls) == 0 {
		t.Errorf("no script was called")
	}
	// The keys that scripts found while they ran.
	for key := range allKeys(t, client) {
		if !strings.Contains(key, ":chat:") && slot(key) != slot("{prism}") {
			t.Errorf("key %q is not in the slot of the prefix", key)
		}
	}
}

func TestLivesAreSpreadOverSlots(t *testing.T) {
	_, client := mini(t)
	m := openMain(t, newClock().Now)
	chat := openChat(t, client, redisstore.ChatOptions{Lives: m, Users: m})
	for range 20 {
		must(t, chat.SendMessage(t.Context(), owner, newLive(t, m).ID, "hello"))
	}
	slots := make(map[uint16]bool)
	for key := range allKeys(t, client) {
		slots[slot(key)] = true
	}
	if len(slots) < 15 || len(slots) > 20 {
		t.Errorf("the chat of 20 lives is in %d slots, want one for each live", len(slots))
	}
}
