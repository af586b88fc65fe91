// Package demo is what the framework examples (gin, echo, chi) have in common
// and what a host has long had before it meets PRISM: members with passwords,
// a sign-in page, a watch page, data. What is new to a host, the mount, stands
// in each example itself.
package demo
