// Package gateway is the client that acts as PRISM: NAVER's gateway and the PC
// client in one. Package prismtest shows it to hosts, prismcheck is built on
// it; it stands apart from prismtest so that the command does not link the
// test kits.
package gateway
