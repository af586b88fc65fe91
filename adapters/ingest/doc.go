// Package ingest joins a media server to the lives of a service: who may
// publish, which publisher drops out, and which live has lost its pictures.
//
// It has four parts. [Events] is what a media server's hooks ask and tell,
// free of any server's wire format; [NewEvents] implements it over a
// [prism.IngestStore]. One http.Handler per media server decodes its hooks into
// Events: [NGINX], [SRS], [MediaMTX], [OvenMediaEngine] and [NodeMediaServer].
// A [Watcher] ends lives whose publisher is gone and did not come back. A
// [PublisherControl] is a server's own API: it drops publishers, for
// Config.Ingest and the handler, and tells a [Poller] who publishes, because
// only nginx sends heartbeats by itself. What asks an API for them is a
// [Source]: with it, a Watcher ends no live while that API is down.
//
// NAVER Cloud Live Station decides by itself who may publish. [LiveStation] is
// a client of its API, [LiveStationLives] gives lives its rtmpPath, and
// [LiveStationIngest] takes its callbacks.
//
// Rules that hold for every server:
//   - The URL of a hook says which event it is, where the server can have one
//     URL per event; a body that says another is refused.
//   - A name that comes twice in a body is refused: publishers of some servers
//     can add to it. Bodies are at most 8 KiB.
//   - Hooks prove themselves by a secret in their path, or by a signature
//     where the server makes one, compared in constant time. They belong on a
//     listener that only the media server reaches: the path stands in the
//     server's configuration and may stand in its log.
//   - An end counts for its own session only, may come twice, and ends no live:
//     the client may reconnect until the Watcher's timeout.
//   - A failure of the service refuses new publishers and drops none that is
//     there.
//
// Stream keys appear in no error and in no log entry of this package.
package ingest
