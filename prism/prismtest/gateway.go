package prismtest

import "github.com/b2bprism/b2bprism/prism/internal/gateway"

// Gateway acts as NAVER's PRISM gateway and PC client against any
// implementation of the service API. It signs in as the embedded browser does,
// asks for tokens in PRISM's dialect, makes every resource call, and holds each
// answer against the wire contract.
//
// ServiceAPIDomain is required; the sign-in and token calls need ClientID,
// ClientSecret and RedirectURI as well. HTTPClient or RootCAs say how the
// server's certificate is verified, Recorder gets every HTTP exchange with its
// secrets redacted. The fields must not change after the first call. A Gateway
// is safe for concurrent use and must not be copied.
//
// SignIn goes through the login page and exchanges the code; Authorize and
// Exchange do one half each. Refresh, RefreshAs and Token ask the token
// endpoint. Session and WithToken make the resource calls. Call sends any
// request and holds the answer against the envelope, Do sends it and checks
// nothing.
//
// A method returns what it read and an error, which can be, or be made of (see
// Violations),
//   - *Violation: the answer breaks the wire contract. What could be read is
//     returned beside it, so that a checker can go on;
//   - *APIError: a well-formed failure envelope;
//   - *TokenError: an OAuth error;
//   - any other error: no answer came.
//
// The server part of rtmpPath must be the same in all lives that one Gateway
// sees, because the PC client keeps the first.
type Gateway = gateway.Gateway

// Defaults of a Gateway.
const (
	// DefaultTimeout is when a request is given up, as the PRISM PC client
	// does.
	DefaultTimeout = gateway.DefaultTimeout
	// DefaultMaxAnswerTime is how long an answer may take: beyond it, PRISM
	// does not promise to work.
	DefaultMaxAnswerTime = gateway.DefaultMaxAnswerTime
)

// Header names of PRISM's dialect.
const (
	HeaderAccessToken  = gateway.HeaderAccessToken
	HeaderClientID     = gateway.HeaderClientID
	HeaderClientSecret = gateway.HeaderClientSecret
)

// The spellings of the refresh token's parameter in the documentation's
// renderings. A service accepts all three.
const (
	RefreshParamToken           = gateway.RefreshParamToken
	RefreshParamUnderscoreToken = gateway.RefreshParamUnderscoreToken
	RefreshParamRefreshToken    = gateway.RefreshParamRefreshToken
)

// MinTokenLife is the life that an access token must exceed: with less left,
// the PRISM client refreshes before every call.
const MinTokenLife = gateway.MinTokenLife

// StatusAll is the filter of Session.Lives that keeps every live, sent as a
// word. "" does the same by sending no filter.
const StatusAll = gateway.StatusAll

// Errors of a sign-in that is not a breach of the contract.
var (
	// ErrSignInRefused: the login form came back after it was filled in.
	ErrSignInRefused = gateway.ErrSignInRefused
	// ErrNoLoginForm: a page came that has no form with a password field, so
	// that only a person could go on.
	ErrNoLoginForm = gateway.ErrNoLoginForm
)

// What a Gateway sends and gets.
type (
	// Session makes resource calls with one access token: User, Channels,
	// Channel, Lives, Live, CreateLive, StartLive, StopLive, UpdateLive, Chat,
	// SendChat, DeleteChat, Ban, TimedBan, Unban, AddManager, RemoveManager.
	// Its methods return what Gateway says. Ids are escaped into paths; for
	// ids that are no path segment use Gateway.Call.
	Session = gateway.Session
	// Credentials are what a streamer types into the login page.
	Credentials = gateway.Credentials
	// Tokens is a token answer. Its String keeps the tokens out of logs.
	Tokens = gateway.Tokens
	// Request is an arbitrary request to the service, for tests of bad input.
	Request = gateway.Request
	// Response is an answer as it came.
	Response = gateway.Response
	// Exchange is one HTTP request and its answer, with secrets redacted.
	Exchange = gateway.Exchange
	// NewLive is the body of create.
	NewLive = gateway.NewLive
	// LiveUpdate is the body of update. The PC client always sends all four
	// fields; Live.Update makes one to begin with.
	LiveUpdate = gateway.LiveUpdate
)

// Answers as PRISM reads them.
type (
	// User is the answer of the user call.
	User = gateway.User
	// Channel is a channel as PRISM sees it.
	Channel = gateway.Channel
	// ChannelList is the answer of the channel list.
	ChannelList = gateway.ChannelList
	// ChannelInfo is the answer of the single channel call.
	ChannelInfo = gateway.ChannelInfo
	// Live is a live as PRISM sees it.
	Live = gateway.Live
	// Message is a chat message as PRISM sees it.
	Message = gateway.Message
	// ChatPage is a page of messages, oldest first.
	ChatPage = gateway.ChatPage
)

// What a Gateway's errors are.
type (
	// Violation is one breach of the wire contract. It holds no token and no
	// stream key.
	Violation = gateway.Violation //nolint:errname // the word of the field: rules are violated
	// APIError is a failure envelope.
	APIError = gateway.APIError
	// TokenError is an OAuth error: of the token endpoint (RFC 6749 section
	// 5.2) or of the authorization endpoint (section 4.1.2.1).
	TokenError = gateway.TokenError
)

// Violations returns every *Violation that err is made of, in the order they
// were found, at most 100 for one answer.
func Violations(err error) []*Violation { return gateway.Violations(err) }
