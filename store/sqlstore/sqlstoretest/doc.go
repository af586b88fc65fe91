// Package sqlstoretest gives tests a real database server: it starts the
// PostgreSQL or MariaDB that is installed on the machine as a child of the test
// process, on a free port of the loopback interface, with its data in a
// temporary folder.
//
//	func TestStore(t *testing.T) {
//		store, err := sqlstore.Open(t.Context(), sqlstoretest.PostgreSQL(t), options)
//		...
//	}
//
// [PostgreSQL] and [MySQL] share one server of each kind among all tests of a
// process and give each caller an empty schema of its own. The servers end, and
// their folders are deleted, when the process does, however it ends.
// [NewPostgreSQL] and [NewMySQL] start a server for one test alone, which may
// stop, kill and restart it; [NewPostgreSQLOn] and [NewMySQLOn] put its data into
// a folder of the test's, such as one that is nearly full.
//
// Where the server is not installed a test is skipped, with the name of what it
// needs. With the environment variable CI set, that is a failure.
//
// The package needs a Unix system. Run as root, it starts the servers as the
// user "postgres", "mysql" or "nobody", since they refuse to be root.
package sqlstoretest
