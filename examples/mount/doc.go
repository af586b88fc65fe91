// Package mount shows how the service API is mounted in the routers that hosts
// use, and proves in one table that it behaves alike in all of them. All but
// fiber call it as net/http does; what its adaptor changes stands at [Fiber].
package mount
