package idp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"

	"go.uber.org/zap"

	"github.com/b2bprism/b2bprism/prism"
)

// refreshed is the answer to a refresh.
type refreshed struct {
	tokens tokenSet
	// by is the request that was sent to the upstream for it, nil for an
	// answer out of the cache.
	by *tokenRequest
}

// refresh redeems a refresh token. The PRISM client refreshes with the same
// token several times at once, which a server that rotates strictly takes for
// theft. So requests at the same time share one call to the upstream, and
// later ones get its answer again for the grace time.
func (b *Bridge) refresh(ctx context.Context, req tokenRequest) (t tokenSet, repeated bool, err error) {
	key := refreshKey(req)
	got, err := b.refreshing.do(ctx, key, func(ctx context.Context) (refreshed, error) {
		if t, ok := b.cachedRefresh(ctx, key, req.refreshToken); ok {
			return refreshed{tokens: t}, nil
		}
		form := url.Values{"grant_type": {grantRefresh}, "refresh_token": {req.refreshToken}}
		if req.scope != "" {
			form.Set("scope", req.scope)
		}
		t, err := b.askForTokens(ctx, req.client, form, req.refreshToken)
		if errors.Is(err, errUpstreamGrant) {
			// Another instance may have been the first to ask.
			if t, ok := b.cachedRefresh(ctx, key, req.refreshToken); ok {
				return refreshed{tokens: t}, nil
			}
		}
		if err != nil {
			return refreshed{}, err
		}
		b.cacheRefresh(ctx, key, req.refreshToken, t)
		return refreshed{tokens: t, by: &req}, nil
	})
	return got.tokens, got.by != &req, err
}

// refreshKey is what a refresh is known by: two clients never share an answer.
func refreshKey(req tokenRequest) digest {
	h := sha256.New()
	for _, part := range []string{"b2bprism idp refresh", req.client.ID, req.scope, req.refreshToken} {
		sum := sha256.Sum256([]byte(part))
		h.Write(sum[:])
	}
	return digest(h.Sum(nil))
}

func (b *Bridge) cachedRefresh(ctx context.Context, key digest, refreshToken string) (tokenSet, bool) {
	if b.cfg.RefreshGrace == 0 {
		return tokenSet{}, false
	}
	name := hex.EncodeToString(key[:])
	sealed, err := b.cfg.RefreshCache.Get(ctx, name)
	if errors.Is(err, prism.ErrNotFound) {
		return tokenSet{}, false
	}
	var t tokenSet
	if err == nil {
		t, err = openTokens(sealed, name, refreshToken)
	}
	if err != nil {
		b.log.Warn("reading the refresh cache failed; the upstream is asked", zap.Error(err))
		return tokenSet{}, false
	}
	// A shared cache may keep an entry longer than it was told.
	if b.cfg.Now().Sub(t.Received) >= b.cfg.RefreshGrace {
		return tokenSet{}, false
	}
	return t, true
}

func (b *Bridge) cacheRefresh(ctx context.Context, key digest, refreshToken string, t tokenSet) {
	if b.cfg.RefreshGrace == 0 {
		return
	}
	name := hex.EncodeToString(key[:])
	sealed, err := sealTokens(t, name, refreshToken)
	if err == nil {
		err = b.cfg.RefreshCache.Put(ctx, name, sealed, b.cfg.RefreshGrace)
	}
	if err != nil {
		b.log.Warn("writing the refresh cache failed; a parallel refresh may be refused", zap.Error(err))
	}
}
