package prismtest

import "github.com/b2bprism/b2bprism/prism/internal/gateway"

// Rule names one rule of the wire contract. The names are stable. Its method
// Text returns the rule as a sentence.
type Rule = gateway.Rule

// The rules that a Gateway holds answers against.
const (
	RuleNoRedirect      = gateway.RuleNoRedirect
	RuleStatus          = gateway.RuleStatus
	RuleContentType     = gateway.RuleContentType
	RuleNoCORS          = gateway.RuleNoCORS
	RuleNoStore         = gateway.RuleNoStore
	RuleAllow           = gateway.RuleAllow
	RuleAnswerSize      = gateway.RuleAnswerSize
	RuleAnswerTime      = gateway.RuleAnswerTime
	RuleJSON            = gateway.RuleJSON
	RuleDuplicateKey    = gateway.RuleDuplicateKey
	RuleEnvelope        = gateway.RuleEnvelope
	RuleFailureEnvelope = gateway.RuleFailureEnvelope
	RuleNoInternals     = gateway.RuleNoInternals
	RuleNoSecrets       = gateway.RuleNoSecrets
	RuleDataNull        = gateway.RuleDataNull
	RuleRequiredField   = gateway.RuleRequiredField
	RuleFieldType       = gateway.RuleFieldType
	RuleNumberRange     = gateway.RuleNumberRange
	RuleID              = gateway.RuleID
	RuleUniqueID        = gateway.RuleUniqueID
	RuleSameID          = gateway.RuleSameID
	RuleNotBlank        = gateway.RuleNotBlank
	RuleTextLength      = gateway.RuleTextLength
	RuleLink            = gateway.RuleLink
	RuleDate            = gateway.RuleDate
	RuleLiveStatus      = gateway.RuleLiveStatus
	RuleLiveScope       = gateway.RuleLiveScope
	RuleStatusFilter    = gateway.RuleStatusFilter
	RuleOneOnAir        = gateway.RuleOneOnAir
	RuleRTMPPath        = gateway.RuleRTMPPath
	RuleRTMPServer      = gateway.RuleRTMPServer
	RuleFlatFields      = gateway.RuleFlatFields
	RulePageToken       = gateway.RulePageToken
	RuleChatPage        = gateway.RuleChatPage
	RuleChatOrder       = gateway.RuleChatOrder
	RuleTokenAnswer     = gateway.RuleTokenAnswer
	RuleTokenLifetime   = gateway.RuleTokenLifetime
	RuleTokenError      = gateway.RuleTokenError
	RuleLoginPage       = gateway.RuleLoginPage
	RuleLoginForm       = gateway.RuleLoginForm
	RuleSignInTLS       = gateway.RuleSignInTLS
	RuleCodeRedirect    = gateway.RuleCodeRedirect
	RuleState           = gateway.RuleState
)

// Rules returns all rules, sorted by name.
func Rules() []Rule { return gateway.Rules() }
