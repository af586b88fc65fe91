package gateway

import "slices"

// Rule names one rule of the wire contract. The names are stable.
type Rule string

// The rules that a Gateway holds answers against.
const (
	RuleNoRedirect      Rule = "no-redirect"
	RuleStatus          Rule = "status"
	RuleContentType     Rule = "content-type"
	RuleNoCORS          Rule = "no-cors"
	RuleNoStore         Rule = "no-store"
	RuleAllow           Rule = "allow"
	RuleAnswerSize      Rule = "answer-size"
	RuleAnswerTime      Rule = "answer-time"
	RuleJSON            Rule = "json"
	RuleDuplicateKey    Rule = "duplicate-key"
	RuleEnvelope        Rule = "envelope"
	RuleFailureEnvelope Rule = "failure-envelope"
	RuleNoInternals     Rule = "no-internals"
	RuleNoSecrets       Rule = "no-secrets"
	RuleDataNull        Rule = "data-null"
	RuleRequiredField   Rule = "required-field"
	RuleFieldType       Rule = "field-type"
	RuleNumberRange     Rule = "number-range"
	RuleID              Rule = "id"
	RuleUniqueID        Rule = "unique-id"
	RuleSameID          Rule = "same-id"
	RuleNotBlank        Rule = "not-blank"
	RuleTextLength      Rule = "text-length"
	RuleLink            Rule = "link"
	RuleDate            Rule = "date"
	RuleLiveStatus      Rule = "live-status"
	RuleLiveScope       Rule = "live-scope"
	RuleStatusFilter    Rule = "status-filter"
	RuleOneOnAir        Rule = "one-on-air"
	RuleRTMPPath        Rule = "rtmp-path"
	RuleRTMPServer      Rule = "rtmp-server"
	RuleFlatFields      Rule = "flat-fields"
	RulePageToken       Rule = "page-token"
	RuleChatPage        Rule = "chat-page"
	RuleChatOrder       Rule = "chat-order"
	RuleTokenAnswer     Rule = "token-answer"
	RuleTokenLifetime   Rule = "token-lifetime"
	RuleTokenError      Rule = "token-error"
	RuleLoginPage       Rule = "login-page"
	RuleLoginForm       Rule = "login-form"
	RuleSignInTLS       Rule = "sign-in-tls"
	RuleCodeRedirect    Rule = "code-redirect"
	RuleState           Rule = "state"
)

var ruleTexts = map[Rule]string{ //nolint:gosec // texts about tokens
	RuleNoRedirect:      "An API call is never answered with a redirect.",
	RuleStatus:          "Success is HTTP 200; a failure has a status of 400 to 599, never 200.",
	RuleContentType:     "Answers are application/json, in UTF-8; the login page is text/html.",
	RuleNoCORS:          "No Access-Control header is ever sent.",
	RuleNoStore:         "Cache-Control has no-store.",
	RuleAllow:           "A 405 names the methods of the path in Allow, and never OPTIONS or HEAD.",
	RuleAnswerSize:      "An answer is not larger than 16 MiB.",
	RuleAnswerTime:      "An answer takes at most 3 s.",
	RuleJSON:            "The body is one well-formed JSON object.",
	RuleDuplicateKey:    "No JSON object has a key twice.",
	RuleEnvelope:        "The envelope has exactly success, errorCode, errorName, message and data; a success has true, 0, null, null.",
	RuleFailureEnvelope: "A failure has success false, a positive errorCode, an UPPER_SNAKE errorName, a message, and data null.",
	RuleNoInternals:     "A failure shows no internals: no stack, no SQL, no error text of a library.",
	RuleNoSecrets:       "An answer does not repeat the token or the secret of its request.",
	RuleDataNull:        "Calls without a documented answer have data null.",
	RuleRequiredField:   "Required fields are there.",
	RuleFieldType:       "Fields have their JSON type: ids are strings, lists are arrays and never null.",
	RuleNumberRange:     "Numbers are integers of 0 to 2147483647.",
	RuleID:              "Ids are 1 to 200 characters that need no escape in a URL path.",
	RuleUniqueID:        "No list has an id twice.",
	RuleSameID:          "The answer is about the channel or live that was asked for.",
	RuleNotBlank:        "Names and titles are not blank.",
	RuleTextLength:      "A title has at most 100 UTF-16 units, a description at most 5,000.",
	RuleLink:            "Links are absolute http or https URLs.",
	RuleDate:            "Dates are ISO 8601 with a zone, in whole seconds.",
	RuleLiveStatus:      "The status of a live is RESERVED, ON_AIR or END.",
	RuleLiveScope:       "The scope of a live is PUBLIC, LIMITED or PRIVATE.",
	RuleStatusFilter:    "A list that was asked for one status has lives of that status only.",
	RuleOneOnAir:        "At most one live of a channel is on air.",
	RuleRTMPPath:        "rtmpPath is rtmp:// or rtmps://, and its last segment, the stream key, occurs nowhere before.",
	RuleRTMPServer:      "rtmpPath is the same for all lives but for the stream key.",
	RuleFlatFields:      "Start and stop repeat the fields of data.live in data, with the same values.",
	RulePageToken:       "nextPageToken is not empty; it is the token that was sent if and only if nothing is new.",
	RuleChatPage:        "A chat page has at most the messages that were asked for.",
	RuleChatOrder:       "Chat messages come oldest first.",
	RuleTokenAnswer:     "A token answer is flat: access_token, refresh_token, expires_in as an integer, token_type bearer.",
	RuleTokenLifetime:   "An access token lives for more than 180 s.",
	RuleTokenError:      "A token error is 400, or 401 for invalid_client, with an RFC 6749 error code.",
	RuleLoginPage:       "The login page is a plain HTML page, whose policy lets the form lead to the redirect URI.",
	RuleLoginForm:       "The login form is sent by POST, in the same window.",
	RuleSignInTLS:       "A sign-in that began over https stays there.",
	RuleCodeRedirect:    "A sign-in ends with a 302 or 303 to the redirect URI, with one code.",
	RuleState:           "The redirect brings state back unchanged.",
}

// Text returns the rule as a sentence, or "" for a name that is none.
func (r Rule) Text() string { return ruleTexts[r] }

// Rules returns all rules, sorted by name.
func Rules() []Rule {
	all := make([]Rule, 0, len(ruleTexts))
	for r := range ruleTexts {
		all = append(all, r)
	}
	slices.Sort(all)
	return all
}
