// Package wire is the service API as it travels: JSON shapes, dates, ids, page
// tokens and the parsing of requests. It knows nothing of the domain.
package wire
