// Package mount shows how the service API is mounted in the routers that hosts
// use, and proves in one table that it behaves alike in all of them.
package mount
