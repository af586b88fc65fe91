// Command load puts the quickstart under the load of PRISM and says whether it
// holds: it builds examples/nethttp, fills its database with broadcasts, runs
// it as a process of its own on the loopback interface, and prints a Markdown
// table. The exit code is 1 when a goal is missed.
//
//	go run ./examples/load                      # 10,000 lives, 5,000 requests a second, 60 s, SQLite
//	go run ./examples/load -db postgres         # the same on a PostgreSQL that it starts
//	go run ./examples/load -instances 3 -db postgres
//	go run ./examples/load -mode memory         # 10 minutes, the memory is watched
//	go run ./examples/load -mode startup        # from start to ready
//	go run ./examples/load -mode compare -wrk -db memory:   # live info against a bare handler
//	go run ./examples/load -mode size           # 1,000 against 1,000,000 tokens
//
// PRISM makes 15 to 30 calls per live and minute: live info every 5 seconds, the
// chat list every 3 to 5. The load is 30: in 120 calls there are 48 of live
// info, 68 of the chat list, and one each of create, start, send and refresh.
// So each channel starts a live every 4 minutes, which is far more than
// streamers do.
//
// The requests come at a constant rate, whether or not the answers do, so that
// a slow answer does not hold up those after it. The generator runs on the same
// machine and takes its share.
//
// The sizes are compared over HTTP, call by call, and once more without it. The
// lives are asked in no order, and no token is remembered.
package main
