// Package cluster tests several quickstarts behind nginx, on one PostgreSQL and
// one Redis, under load and while their parts fail.
package cluster
