// Package sqlstore is a data layer in an SQL database: users, channels, lives,
// statistics, chat, bans, managers, ingest sessions, leases of jobs, and OAuth
// codes and tokens. It has SQLite, embedded in the process by a driver in pure Go,
// PostgreSQL, and MySQL or MariaDB:
//
//	store, err := sqlstore.Open(ctx, "sqlite:prism.db", prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
//	...
//	err = store.Migrate(ctx)
//
// The guarantees are the same on each, and any number of processes may share a
// database: they hold because of what the database refuses and of the rows that
// a transaction locks in it, never because of something in a process. Package
// sqlstoretest starts the servers for tests.
//
// A [Store] has no notion of teams: the acting user of a channel is its owner,
// and everybody else gets prism.ErrNotFound.
//
// # Reading this code
//
// It is also meant as a model for a host that writes adapters over its own
// tables, so the SQL is written by hand. Statements that every engine
// understands stand beside the method that runs them; those that differ, and
// all that is known about a driver, stand in the engine's own file (sqlite.go,
// postgres.go, mysql.go). The tables, each with a comment, are in migrations/.
//
// Five habits carry the contracts of package prism:
//
//   - A query that finds something for an acting user also authorises it: the
//     user's id is part of its WHERE clause. What is not the user's is a row
//     that is not there, so the two look the same.
//   - A method that changes something reads what it decides on within the
//     transaction that writes.
//   - Before it reads that, it locks the one row that the rule is about: the
//     channel for what is on air, the numbers of a live for its chat, the code
//     or the family for tokens. A waiting transaction then decides on what the
//     other one committed, and chat numbers are committed in their order.
//     On MariaDB a snapshot may yet have the later of two messages and not the
//     earlier one, so there a page of chat with a hole is read twice.
//   - What locks rows of many lives does it in the order of their ids, so that
//     no two wait for each other in a circle.
//   - What the database must never hold is refused by the database: a unique
//     index allows one live on air per channel, whoever writes.
package sqlstore
