package check

import "slices"

// Severity is how much a failed check matters.
type Severity string

// The severities, most pressing first.
const (
	// Required: PRISM does not work, or NAVER Cloud does not admit the service.
	Required Severity = "required"
	// Security: somebody can do or see what is not theirs.
	Security Severity = "security"
	// Recommended: it works today, and a careful service does better.
	Recommended Severity = "recommended"
)

// Check is one rule and how it is checked.
type Check struct {
	// ID is stable: area, a dot, and a name.
	ID       string
	Severity Severity
	// Title is the rule as a sentence.
	Title string
	// Source is where the rule comes from.
	Source string
	// Fix says what to do when the check fails.
	Fix string

	run func(*probe)
	// setup is set for checks that others build on: they run in any case.
	setup bool
}

// Area is the part of ID before the dot.
func (c Check) Area() string {
	for i := range len(c.ID) {
		if c.ID[i] == '.' {
			return c.ID[:i]
		}
	}
	return c.ID
}

// The sources of the rules.
const (
	srcSetup    = "NAVER Cloud setup guide"
	srcOverview = "B2B PRISM Live Studio overview"
	srcCaution  = "B2B PRISM Live Studio caution page"
	srcAPI      = "service API documentation"
	srcConsole  = "NAVER Cloud console form"
	srcClient   = "PRISM PC client source"
	srcOwn      = "b2bprism error table"
)

// All returns every check in the order in which they run. The checks of the
// areas answer, field and wire look at all answers of the run and come last.
func All() []Check {
	return slices.Concat(transportChecks, pathChecks, signInChecks, tokenChecks, mountChecks, accessChecks, userChecks, channelChecks,
		createChecks, listChecks, stateChecks, updateChecks, chatChecks, chatUserChecks, ownershipChecks, errorChecks,
		optionalChecks, loadChecks, rtmpChecks, endChecks, refreshChecks, replayChecks, answerChecks)
}

// API is an optional part of the service API.
type API string

// The optional APIs, by what the capability is called.
const (
	APIUpdate     API = "update"
	APIChat       API = "chat"
	APIChatSend   API = "chat-send"
	APIChatDelete API = "chat-delete"
	APIBan        API = "ban"
	APIManagers   API = "managers"
)

// APIs are all optional APIs.
func APIs() []API {
	return []API{APIUpdate, APIChat, APIChatSend, APIChatDelete, APIBan, APIManagers}
}
