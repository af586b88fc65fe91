// Command service measures what the service adds to live info, the call that
// PRISM makes every five seconds for every live: in one process, with the store
// in memory, against a handler that sends the same bytes and does nothing else
// (package bare).
//
//	go run ./examples/benchmarks/service
//
// It prints a Markdown table. The exit code is 1 when the goal is missed.
package main
