// Package nodemediaserver is the configuration that lets node-media-server
// 4.4.3 take in the lives of a service, with ingest.NodeMediaServer for its
// notifications, an ingest.NodeMediaServerControl, an ingest.Poller and an
// ingest.Watcher. Its test runs the real server from npm with ffmpeg as the
// publisher.
//
// To run the server by hand:
//
//	npm install node-media-server@4.4.3
//	node node_modules/node-media-server/bin/app.js -c config.json
//
// with the config.json that Write makes. On the side of the service:
//
//	control := &ingest.NodeMediaServerControl{URL: "http://127.0.0.1:8000", App: "live", JWTSecret: jwtSecret}
//	hooks, err := ingest.NodeMediaServer(events, ingest.NodeMediaServerOptions{
//	    Secret: hookSecret, App: "live", Control: control, Logger: log,
//	})
//	poller, err := ingest.NewPoller(ingest.PollerOptions{Server: control, Events: events})
//	watcher, err := ingest.NewWatcher(ingest.WatcherOptions{
//	    Store: store, End: svc.EndBroadcast, Sources: []ingest.Source{poller},
//	})
//
// and Config.Ingest = control. The hooks stand on a listener that only
// node-media-server reaches. Its HTTP port serves the API and FLV on the
// address of RTMP: let only the service reach it.
//
// What the test shows of 4.4.3, and a host should know:
//   - A publisher with a bad key gets in for a moment and is closed then.
//   - A second publisher with the same key is refused while the first is
//     there; the notification of the second has the first dropped, so the
//     next attempt gets in.
//   - A publisher that vanishes counts as reconnecting for 30 s, in which
//     the same client may come back; the end is told only after that. The
//     Watcher is what ends the live in time.
//   - Who comes while the service is down gets in, and is dropped by the
//     Poller when the service is back, unless the key is good for a live on
//     air: then the client has to connect once more.
package nodemediaserver
