//go:build race

package sqlstore_test

import "flag"

// Under the race detector SQLite is some twenty times slower, and the long
// random sequences of the contract kit, one call after the other, are nothing
// that it looks at. -rapid.checks on the command line still counts.
func init() {
	if err := flag.Set("rapid.checks", "10"); err != nil {
		panic(err)
	}
}
