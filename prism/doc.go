// Package prism turns a live-video service into a B2B PRISM Live Studio
// partner. It serves the whole "service API" that NAVER Cloud's PRISM gateway
// calls: user, channels, lives, chat and chat users, on the fixed wire
// contract, over the data layer the host already runs.
//
// The host implements [UserSource], [ChannelStore] and [LiveStore], names an
// [Authenticator] (usually an *oauth.Server) and mounts one handler:
//
//	svc, err := prism.New(prism.Config{
//		Users: users, Channels: channels, Lives: lives,
//		Auth: authServer, Secrets: secrets,
//	})
//	mux.Handle("/prism/", svc)
//
// Chat, chat users and updates are optional: each is a field of [Config] that
// may stay nil. [FromStore] fills every field that one value can serve.
//
// Beside the service, [Statistics] writes the numbers of lives together and
// [Sweeper] deletes what nobody needs any more, for stores that take part.
package prism
