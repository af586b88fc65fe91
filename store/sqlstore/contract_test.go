package sqlstore_test

import (
	"testing"

	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

func fixture(s *sqlstore.Store, c *clock) prismtest.Fixture {
	return prismtest.Fixture{
		Users: s, Channels: s, Lives: s,
		Chat: s, ChatSend: s, ChatDelete: s, Ban: s, Managers: s, Update: s,
		Ingest: s, Directory: s, Audience: s,
		Owner: "owner", Stranger: "stranger", Viewer: "viewer",
		EnabledChannel: "enabled", DisabledChannel: "disabled",
		Advance: c.Advance,
	}
}

func TestStoreContract(t *testing.T) {
	t.Parallel()
	prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture {
		s, c := seeded(t)
		return fixture(s, c)
	})
}

// The contract holds on a pool that the host made, where every transaction
// begins as a reading one.
func TestStoreContractOnHostDB(t *testing.T) {
	t.Parallel()
	prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture {
		c := newClock()
		s := onHostDB(t, hostDB(t, newMigratedFile(t), hostParameters), options(c))
		seed(t, s)
		return fixture(s, c)
	})
}
