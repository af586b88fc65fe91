package sqlstore_test

import (
	"testing"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/oauth/oauthtest"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// fixture is of a store and another one on the same database.
func fixture(s, second *sqlstore.Store, c *clock) prismtest.Fixture {
	return prismtest.Fixture{
		Users: s, Channels: s, Lives: s,
		Chat: s, ChatSend: s, ChatDelete: s, Ban: s, Managers: s, Update: s,
		Ingest: s, Directory: s, Audience: s,
		Stats: s, Sweep: s, Standings: s, SecondStats: second, SecondSweep: second,
		Owner: "owner", Stranger: "stranger", Viewer: "viewer",
		EnabledChannel: "enabled", DisabledChannel: "disabled",
		Advance: c.Advance,
	}
}

func TestStoreContract(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		database := e.emptied(t)
		prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture {
			c := newClock()
			dsn := database(t)
			s := openDSN(t, dsn, options(c))
			seed(t, s)
			return fixture(s, openDSN(t, dsn, options(c)), c)
		})
	})
}

// The contract holds on a pool that the host made, with the defaults of its
// driver: every transaction on SQLite begins as a reading one, and the
// arguments for MySQL go through prepared statements.
func TestStoreContractOnHostDB(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		database := e.emptied(t)
		prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture {
			c := newClock()
			dsn := database(t)
			s := e.onHost(t, dsn, options(c))
			seed(t, s)
			return fixture(s, e.onHost(t, dsn, options(c)), c)
		})
	})
}

func TestTokenStoreContract(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		database := e.emptied(t)
		oauthtest.TestStore(t, func(t *testing.T) oauth.Store {
			return openDSN(t, database(t), options(newClock()))
		})
	})
}

func TestTokenStoreContractOnHostDB(t *testing.T) {
	t.Parallel()
	onEach(t, engines, func(t *testing.T, e testEngine) {
		database := e.emptied(t)
		oauthtest.TestStore(t, func(t *testing.T) oauth.Store {
			return e.onHost(t, database(t), options(newClock()))
		})
	})
}
