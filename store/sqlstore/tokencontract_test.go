package sqlstore_test

import (
	"testing"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/oauth/oauthtest"
)

func TestTokenStoreContract(t *testing.T) {
	t.Parallel()
	oauthtest.TestStore(t, func(t *testing.T) oauth.Store { return open(t, options(newClock())) })
}

func TestTokenStoreContractOnHostDB(t *testing.T) {
	t.Parallel()
	oauthtest.TestStore(t, func(t *testing.T) oauth.Store {
		return onHostDB(t, hostDB(t, newMigratedFile(t), hostParameters), options(newClock()))
	})
}
