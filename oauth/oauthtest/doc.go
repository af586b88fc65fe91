// Package oauthtest is the test side of package oauth, for implementers of
// oauth.Store. [TestStore] is the kit that proves a store; [Faulty] makes a
// store fail where a test wants it to.
//
//	func TestTokenStore(t *testing.T) {
//		oauthtest.TestStore(t, func(t *testing.T) oauth.Store {
//			return mystore.New(openTestDatabase(t)) // closed by t.Cleanup
//		})
//	}
//
// The package imports testing: use it in test files only.
package oauthtest
