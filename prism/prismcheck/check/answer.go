package check

import (
	"slices"

	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

// answerCheck looks for breaches of one rule in all answers of the run.
func answerCheck(id string, severity Severity, source string, rule gateway.Rule, fix string) Check {
	return Check{ID: id, Severity: severity, Title: rule.Text(), Source: source, Fix: fix, run: func(p *probe) {
		if p.stateless && (rule == gateway.RuleOneOnAir || rule == gateway.RuleStatusFilter) {
			p.skip("the service does not manage the state of lives")
		}
		p.run.mu.Lock()
		found := slices.Clone(p.violations)
		p.run.mu.Unlock()
		for _, v := range found {
			if v.Rule != rule {
				continue
			}
			text := v.Method + " " + v.Route + ": "
			if v.Field != "" {
				text += v.Field + ": "
			}
			p.failAt(v.exchange, "%s%s", text, v.Detail)
		}
		if len(p.calls) == 0 {
			p.skip("no answer came")
		}
	}}
}

var answerChecks = []Check{
	answerCheck("answer.no-redirect", Required, srcAPI, gateway.RuleNoRedirect, "Take redirects (to HTTPS, to another host, to a clean path) away from the API's paths."),
	answerCheck("answer.status", Required, srcSetup+": 404", gateway.RuleStatus, "Send 200 for success only, and 4xx or 5xx with every failure envelope."),
	answerCheck("answer.content-type", Required, srcAPI, gateway.RuleContentType, "Send Content-Type: application/json, in UTF-8, with every answer of the API; text/html with the login page."),
	answerCheck("answer.no-cors", Required, srcSetup, gateway.RuleNoCORS, "Mount the API outside of CORS middleware."),
	answerCheck("answer.no-store", Recommended, "RFC 6749 section 5.1", gateway.RuleNoStore, "Send Cache-Control: no-store with every answer: they hold tokens and stream keys."),
	answerCheck("answer.allow", Recommended, "RFC 9110 section 10.2.1", gateway.RuleAllow, "Send Allow with every 405, without OPTIONS and HEAD."),
	answerCheck("answer.size", Required, srcOverview, gateway.RuleAnswerSize, "Bound lists to the newest few hundred."),
	answerCheck("answer.time", Required, srcOverview+": 3 s", gateway.RuleAnswerTime, "Give each request a deadline of 2.5 s and answer 504 past it."),
	answerCheck("answer.json", Required, srcAPI, gateway.RuleJSON, "Answer one JSON object, for errors of routers, proxies and panics as well."),
	answerCheck("answer.duplicate-key", Required, "RFC 8259 section 4", gateway.RuleDuplicateKey, "Write each key once."),
	answerCheck("answer.envelope", Required, srcAPI+": envelope", gateway.RuleEnvelope, "Send success, errorCode 0, errorName null, message null and data, and no other field."),
	answerCheck("answer.failure-envelope", Recommended, srcOwn, gateway.RuleFailureEnvelope, "Send success false, a positive errorCode, an errorName in UPPER_SNAKE, a message and data null."),
	answerCheck("answer.no-internals", Security, "CWE-209", gateway.RuleNoInternals, "Log details with a request id; send one sentence without internals."),
	answerCheck("answer.no-secrets", Security, "CWE-200", gateway.RuleNoSecrets, "Never repeat tokens and secrets in an answer."),
	answerCheck("answer.data-null", Required, srcAPI+": chat send", gateway.RuleDataNull, "Send data null where the documentation has no answer."),
	answerCheck("field.required", Required, srcAPI, gateway.RuleRequiredField, "Always send the field."),
	answerCheck("field.type", Required, srcClient+": reading of JSON", gateway.RuleFieldType, "Send the JSON type of the documentation: the client reads a number in place of a string as \"\", and a string in place of a number as 0."),
	answerCheck("field.number", Required, srcClient+": statistics", gateway.RuleNumberRange, "Send integers of 0 to 2147483647."),
	answerCheck("field.id", Required, srcAPI+": ids", gateway.RuleID, "Send ids that can stand in a path; encode others."),
	answerCheck("field.unique-id", Required, srcClient+": ids", gateway.RuleUniqueID, "Give each channel, live and message an id of its own, and list it once."),
	answerCheck("field.same-id", Required, srcAPI, gateway.RuleSameID, "Answer about what was asked for."),
	answerCheck("field.not-blank", Required, srcClient+": names", gateway.RuleNotBlank, "Send the id for a name and the channel's name for a title that is blank: the client hides a channel without a name, and those after it."),
	answerCheck("field.length", Required, srcClient+": texts", gateway.RuleTextLength, "Bound titles to 100 and descriptions to 5,000 UTF-16 units."),
	answerCheck("field.link", Required, srcAPI, gateway.RuleLink, "Send a whole address; liveLink falls back to the channel's."),
	answerCheck("field.date", Required, srcAPI+": dates", gateway.RuleDate, "Send ISO 8601 with a zone, in whole seconds: 2006-01-02T15:04:05+09:00."),
	answerCheck("live.status", Required, srcAPI+": lives", gateway.RuleLiveStatus, "Send RESERVED, ON_AIR or END; -onair-spelling allows the old ONAIR."),
	answerCheck("live.scope", Required, srcClient+": scope", gateway.RuleLiveScope, "Send PUBLIC, LIMITED or PRIVATE."),
	answerCheck("live.rtmp-path", Required, srcClient+": rtmpPath", gateway.RuleRTMPPath, "Send rtmp://host/app/KEY: one key segment at the end, nothing after it, and the key nowhere before."),
	answerCheck("live.rtmp-server", Required, srcClient+": rtmpPath", gateway.RuleRTMPServer, "Send the same server part for all lives: the client keeps the first and takes only the new key."),
	answerCheck("live.flat-fields", Recommended, srcAPI+": stop, table and sample", gateway.RuleFlatFields, "At start and stop send data.live, and its fields in data as well: table and sample of the documentation differ."),
	answerCheck("lives.status-filter", Required, srcAPI+": lives", gateway.RuleStatusFilter, "Leave out lives in another state."),
	answerCheck("lives.one-on-air", Required, srcAPI+": start", gateway.RuleOneOnAir, "End the older live in the transaction of the start."),
	answerCheck("chat.page-token", Required, srcAPI+": chat", gateway.RulePageToken, "Send back the page token that came when nothing is new, and another one when something is."),
	answerCheck("chat.page-size", Required, srcAPI+": chat", gateway.RuleChatPage, "Send at most maxResults messages, and at most 100."),
	answerCheck("chat.order", Required, srcAPI+": chat", gateway.RuleChatOrder, "Send messages oldest first."),
	answerCheck("token.answer", Required, srcAPI+": token", gateway.RuleTokenAnswer, "Send access_token, refresh_token, expires_in as a number and token_type bearer, flat; a refresh without refresh_token erases the stored one."),
	answerCheck("token.lifetime", Required, srcClient+": tokens", gateway.RuleTokenLifetime, "Let access tokens live for hours: with 180 s or less left, the client refreshes before every call."),
	answerCheck("token.error", Required, "RFC 6749 section 5.2", gateway.RuleTokenError, "Send error and error_description with 400, or 401 for invalid_client."),
	answerCheck("signin.page", Required, srcClient+": login", gateway.RuleLoginPage, "Serve plain HTML; leave form-action out of the policy, or name the redirect URI's origin in it: Chromium applies it to the redirect that follows."),
	answerCheck("signin.form", Required, srcClient+": login", gateway.RuleLoginForm, "Send the form by POST, in the same window."),
	answerCheck("signin.tls", Security, srcSetup, gateway.RuleSignInTLS, "Keep every step of the sign-in on https."),
	answerCheck("signin.redirect", Required, "RFC 6749 section 4.1.2", gateway.RuleCodeRedirect, "End with 302 or 303 to the redirect URI, with code and state in the query."),
	answerCheck("signin.state", Required, "RFC 6749 section 4.1.2", gateway.RuleState, "Send state back exactly as it came."),
}
