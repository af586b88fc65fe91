// Package console is a page for the operator of a service API: what to enter in
// the NAVER Cloud console, which APIs are served and why one is not, response
// times and errors of the last hour, lives on air, sign-ins and tokens, and a
// check of the mount.
//
// A Console is an http.Handler for one path:
//
//	mux.Handle("/admin/console", adminsOnly(con))
//
// It has no sign-in of its own. Whoever reaches it sees user ids, titles of
// private lives and request ids, so it MUST stand behind the host's own guard
// for administrators, all methods of it.
//
// It listens by the Trace of package prism and the Trace of package oauth, so
// its figures are those of this process since it started. They are kept in a
// bounded amount of memory, at most 4 MB. To record a request takes a fraction
// of a microsecond and allocates nothing, also while the page is rendered. For figures of several instances together, and for history, use
// adapters/promprism.
//
// The page needs no JavaScript. With it, the figures update by themselves. It
// speaks English, Korean and Japanese.
package console
