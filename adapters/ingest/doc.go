// Package ingest joins a media server to the lives of a service: who may
// publish, which publisher drops out, and which live has lost its pictures.
//
// It has three parts. [Events] is what a media server's hooks ask and tell,
// free of any server's wire format; [NewEvents] implements it over a
// [prism.IngestStore]. One http.Handler per media server decodes its hooks into
// Events: [NGINX] for nginx with the RTMP module. A [Watcher] ends lives whose
// publisher is gone and did not come back.
//
// Stream keys appear in no error and in no log entry of this package.
package ingest
