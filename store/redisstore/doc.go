// Package redisstore keeps what is written most often in Redis or Valkey: OAuth
// codes and tokens ([Store]) and the chat of lives ([Chat]). Users, channels
// and lives stay in the host's main store.
//
//	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
//	tokens, err := redisstore.New(client, redisstore.Options{})
//	...
//	chat, err := redisstore.NewChat(client, redisstore.ChatOptions{Lives: main, Users: main, Standings: main})
//
// It needs Redis 5 or later and no modules. The client is the host's: a single
// server, Sentinel or a cluster, with the host's time-outs and TLS.
//
// # Keys
//
// {p} is the Prefix in braces, {p:chat:L} the same with the id of a live. D is
// the base64url of a SHA-256 digest. Times are microseconds since 1970.
//
//	{p}:code:D        hash    an authorization code
//	{p}:access:D      hash    an access token: its family, generation, expiry
//	{p}:refresh:D     hash    a refresh token: the same, and what its use led to
//	{p}:family:ID     hash    a sign-in: all that Family.Rotate decides on
//	{p}:user:U        zset    the codes and families of a user, by expiry
//	{p}:expiry        zset    all codes and tokens, by expiry, for Sweep
//	{p}:lease:JOB     string  who does a job, as long as nobody else may
//	{p:chat:L}:state  hash    first and last number, how many were posted, mark,
//	                          from where on what was never posted is known
//	{p:chat:L}:log    stream  the messages; an entry's id is its number
//	{p:chat:L}:deleted  zset  the numbers of deleted messages, the newest
//	{p:chat:L}:try:X  string  the number that one call was given, for a minute
//
// No key and no value holds a code or token in clear. Every key has a time to
// live, so that memory is bounded even if nobody sweeps: a record stays for
// Options.Retention after it expired, which is how long a code or refresh
// token that comes back is still known as reuse. Sweep deletes earlier. These
// times to live only free memory; whether a token works is decided by the
// times that the caller gives.
//
// # Atomicity, and clusters
//
// Each method that decides something is one Lua script and one round trip.
// Scripts are sent by their hash, and in full when the server does not know
// them, as after a restart.
//
// All tokens of a Store are in one slot of a cluster, as oauth.Store wants
// every method to be atomic, over a code, its family, its tokens and all
// families of a user, and a digest alone cannot tell a slot. A token check is
// one small script, of which a server runs more than ten thousand in a second; a
// host that needs more than one server for them makes several Stores with
// prefixes of their own, for example one per region. Chat is spread over the
// cluster, a live to a slot. While a cluster moves a slot, calls for it fail
// with prism.ErrUnavailable.
//
// The driver sends a command again when it lost the answer. The scripts that
// would do harm by that know their own call again: a code is not taken as
// replayed, a message is not posted twice.
//
// # What to configure in Redis
//
//   - maxmemory-policy noeviction. Any other policy may drop the mark that a
//     code was used. Out of memory, writes fail as a whole with
//     prism.ErrUnavailable.
//   - appendonly yes, with appendfsync always if nothing that was acknowledged
//     may be lost when the machine fails. With everysec it is up to a second.
//   - Replication is asynchronous: a fail-over may lose the last writes, of
//     everything that is kept here. Streamers whose newest token is lost sign in
//     again. A code or token that was just used or revoked is as it was before,
//     so repeat a revocation that must hold. Messages that are lost stay lost;
//     new ones come above their numbers, so that readers miss none of these.
package redisstore
