package redisstore_test

import (
	"testing"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/oauth/oauthtest"
	"github.com/b2bprism/b2bprism/store/redisstore"
)

func TestTokensKeepTheContract(t *testing.T) {
	client := startServer(t).client(t)
	oauthtest.TestStore(t, func(t *testing.T) oauth.Store { return open(t, client, redisstore.Options{Prefix: t.Name()}) })
}

func TestTokensKeepTheContractInMiniredis(t *testing.T) {
	_, client := mini(t)
	oauthtest.TestStore(t, func(*testing.T) oauth.Store { return open(t, client, redisstore.Options{}) })
}
