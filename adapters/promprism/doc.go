// Package promprism counts and times what a [prism.Service] and an
// [oauth.Server] do, as Prometheus metrics.
//
//	metrics, err := promprism.New(registry, promprism.Options{
//		LivesOnAir: promprism.CountLives(store, 1000),
//	})
//	// ...
//	oauthConfig.Trace = metrics.OAuthTrace()
//	prismConfig.Trace = metrics.PRISMTrace()
//
// A host with a Trace of its own joins the two:
//
//	prismConfig.Trace = prism.JoinTraces(metrics.PRISMTrace(), own)
//
// The hooks of a media server are counted by [Metrics.Ingest].
//
// The metrics, all with the prefix b2bprism_:
//
//	http_requests_total{route,method,code}          answers
//	http_request_duration_seconds{route,method}     histogram; PRISM recommends 1 s and gives up after 3 s
//	http_requests_in_flight                         requests being answered
//	tokens_total{outcome}                           pairs: issued, refreshed, sibling (a refresh within the grace rules)
//	token_refusals_total{endpoint,code,reason}      errors of the token, revocation and introspection endpoints
//	token_reuse_total{what}                         sign-ins revoked: a code or refresh_token came back
//	login_failures_total{limited}                   sign-ins the password page refused
//	live_events_total{event,reason}                 lives created, updated, started, ended; reason only for ended
//	lives_on_air                                    lives on air in the whole service, with Options.LivesOnAir
//	lives_on_air_failures_total                     failed counts of them
//	bad_data_total{adapter,field}                   values of the host's adapters that could not be sent
//	ingest_events_total{event,result}               hooks of media servers
//	ingest_sessions                                 publishers that this instance heard of lately
//
// The number of series has a fixed bound. No label holds an id, a client, a
// path or an address, and a value that is not of a known set is counted as
// "other". An answer that was never written has the code "none".
//
// dashboard.json in this folder is a Grafana dashboard of all of them.
package promprism
