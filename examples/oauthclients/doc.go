// Package oauthclients drives the quickstart with OAuth clients that this
// project did not write: golang.org/x/oauth2, and oauth4webapi from npm. It
// has tests only.
package oauthclients
