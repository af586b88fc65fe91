// Package prismtest is the test side of package prism, for hosts. [TestStores]
// is the kit that proves the adapters which a host writes over its own data:
// it holds them against every rule in the doc comments of prism.UserSource,
// prism.ChannelStore, prism.LiveStore and the optional interfaces, and says in
// words what a failing one should do. Gateway is a client that acts as PRISM.
//
// A host's test looks like this:
//
//	func TestAdapters(t *testing.T) {
//		prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture {
//			db := openTestDatabase(t) // closed by t.Cleanup
//			clock := newTestClock()
//			a := myservice.NewPRISMAdapter(db, clock.Now)
//			return prismtest.Fixture{
//				Users: a, Channels: a, Lives: a,
//				Chat: a, ChatSend: a,
//				Owner: "minji", Stranger: "juno", Viewer: "haru",
//				EnabledChannel: "minji-games", DisabledChannel: "minji-old",
//				Advance: clock.Advance,
//			}
//		})
//	}
//
// The package imports testing: use it in test files only.
package prismtest
