package check

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"sync"

	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

// refreshChecks come near the end: a service that gets them wrong may end the
// tokens of the run.
var refreshChecks = []Check{
	{
		ID: "refresh.token", Severity: Required, Source: srcAPI + ": token, 2026 renderings",
		Title: "A refresh token is accepted as the parameter token.",
		Fix:   "Read the refresh token from token, _token and refresh_token: renderings of the documentation differ.",
		run:   func(p *probe) { checkSpelling(p, gateway.RefreshParamToken) },
	},
	{
		ID: "refresh._token", Severity: Required, Source: srcAPI + ": token, English rendering",
		Title: "A refresh token is accepted as the parameter _token.",
		Fix:   "Read the refresh token from token, _token and refresh_token: renderings of the documentation differ.",
		run:   func(p *probe) { checkSpelling(p, gateway.RefreshParamUnderscoreToken) },
	},
	{
		ID: "refresh.refresh_token", Severity: Required, Source: srcAPI + ": token, older renderings; RFC 6749 section 6",
		Title: "A refresh token is accepted as the parameter refresh_token.",
		Fix:   "Read the refresh token from token, _token and refresh_token: renderings of the documentation differ.",
		run:   func(p *probe) { checkSpelling(p, gateway.RefreshParamRefreshToken) },
	},
	{
		ID: "refresh.spellings-differ", Severity: Recommended, Source: srcAPI + ": token",
		Title: "A refresh with two spellings whose values differ is answered with 400 invalid_request.",
		Fix:   "Compare the values when more than one spelling is sent.",
		run:   checkSpellingsDiffer,
	},
	{
		ID: "refresh.old-access", Severity: Required, Source: srcClient + ": tokens",
		Title: "An access token works until it expires, also after a refresh.",
		Fix:   "Do not end access tokens on a refresh: a running broadcast keeps the one that it began with.",
		run:   checkOldAccess,
	},
	{
		ID: "refresh.previous", Severity: Required, Source: srcClient + ": tokens",
		Title: "Right after a refresh the previous refresh token gives usable tokens again.",
		Fix:   "Rotate with a window of grace, 60 s or more: an answer may be lost, and the client does not wait for its own refreshes.",
		run:   checkPrevious,
	},
	{
		ID: "refresh.parallel", Severity: Required, Source: srcClient + ": tokens",
		Title: "Refreshes at once with one refresh token all succeed, and all their tokens work.",
		Fix:   "The client refreshes once per channel in parallel, and the last answer wins: give each a pair of its own.",
		run:   checkParallel,
	},
	{
		ID: "refresh.unknown", Severity: Required, Source: "RFC 6749 section 5.2",
		Title: "An unknown refresh token is answered with 400 invalid_grant.",
		Fix:   "Answer 400 and error invalid_grant.",
		run:   checkUnknownRefresh,
	},
	{
		ID: "refresh.secret", Severity: Security, Source: "RFC 6749 section 6",
		Title: "A refresh with a wrong client secret or of an unknown client is refused, and burns nothing.",
		Fix:   "Authenticate the client for the refresh grant, too, before the token is looked at.",
		run:   checkRefreshSecret,
	},
	{
		ID: "refresh.kinds", Severity: Security, Source: "RFC 6749 section 1.5",
		Title: "An access token is no refresh token, and a refresh token no access token.",
		Fix:   "Keep the two kinds apart in the store.",
		run:   checkKinds,
	},
}

var replayChecks = []Check{
	{
		ID: "token.code-once", Severity: Security, Source: "RFC 6749 section 4.1.2",
		Title: "A code is redeemed once.",
		Fix:   "Consume the code and save its tokens in one transaction; answer a second use with 400 invalid_grant.",
		run:   checkCodeOnce,
	},
	{
		ID: "token.code-race", Severity: Security, Source: "RFC 6749 section 4.1.2",
		Title: "A code that is redeemed many times at once gives tokens once.",
		Fix:   "Consume the code with one conditional write, not with a read and a write.",
		run:   checkCodeRace,
	},
	{
		ID: "token.code-replay", Severity: Recommended, Source: "RFC 6749 section 4.1.2",
		Title: "When a code is used twice, the tokens that it gave are revoked.",
		Fix:   "Keep a used code with its family of tokens, and revoke the family when it comes again.",
		run:   checkCodeReplay,
	},
}

// refresh redeems the refresh token of the run and keeps the answer.
func (p *probe) refresh(param string) (old, fresh gateway.Tokens) {
	p.tokenClient()
	if p.tokens.RefreshToken == "" {
		p.skip("no refresh token was issued")
	}
	old = p.tokens
	fresh, err := call(p, func(ctx context.Context) (gateway.Tokens, error) { return p.g.RefreshAs(ctx, old.RefreshToken, param) })
	if fresh.AccessToken == "" {
		p.end("the refresh gave no access token: %v", errText(err))
	}
	if fresh.RefreshToken == "" {
		p.tokens.AccessToken = fresh.AccessToken
	} else {
		p.tokens = fresh
	}
	return old, fresh
}

// works fails unless an access token works.
func (p *probe) works(t gateway.Tokens, what string) {
	_, err := streamer{p, p.g.Session(t)}.userInfo()
	p.did(err, "a call with %s", what)
}

func checkSpelling(p *probe, param string) {
	_, fresh := p.refresh(param)
	p.works(fresh, "the new access token")
}

func checkSpellingsDiffer(p *probe) {
	p.tokenClient()
	tokens, err := p.ask(p.g, url.Values{"grant_type": {"refresh_token"}, "token": {p.tokens.RefreshToken}, "refresh_token": {rand.Text()}})
	p.badRequest(tokens, err, "a refresh with two values", "invalid_request")
}

func checkOldAccess(p *probe) {
	old, fresh := p.refresh(gateway.RefreshParamToken)
	p.works(fresh, "the new access token")
	p.works(old, "the access token from before the refresh")
}

func checkPrevious(p *probe) {
	old, fresh := p.refresh(gateway.RefreshParamToken)
	p.works(fresh, "the new access token")
	again, err := call(p, func(ctx context.Context) (gateway.Tokens, error) { return p.g.Refresh(ctx, old.RefreshToken) })
	if again.AccessToken == "" {
		p.end("a second refresh with the same token right after the first: %v", errText(err))
	}
	p.works(again, "the tokens of the second refresh")
	p.works(fresh, "the tokens of the first refresh")
}

func checkParallel(p *probe) {
	p.tokenClient()
	const width = 6
	var wg sync.WaitGroup
	fresh := make([]gateway.Tokens, width)
	for i := range width {
		wg.Go(func() {
			var err error
			fresh[i], err = call(p, func(ctx context.Context) (gateway.Tokens, error) { return p.g.Refresh(ctx, p.tokens.RefreshToken) })
			if fresh[i].AccessToken == "" {
				p.fail("one of %d refreshes at once: %v", width, errText(err))
			}
		})
	}
	wg.Wait()
	for _, t := range fresh {
		if t.AccessToken != "" {
			p.works(t, "the tokens of one of the refreshes")
		}
	}
	last := fresh[width-1]
	if last.RefreshToken == "" {
		return
	}
	p.tokens = last
	p.refresh(gateway.RefreshParamToken)
}

func checkUnknownRefresh(p *probe) {
	p.tokenClient()
	tokens, err := p.ask(p.g, url.Values{"grant_type": {"refresh_token"}, "token": {rand.Text()}})
	p.badRequest(tokens, err, "an unknown refresh token", "invalid_grant")
}

func checkRefreshSecret(p *probe) {
	p.tokenClient()
	query := url.Values{"grant_type": {"refresh_token"}, "token": {p.tokens.RefreshToken}}
	tokens, err := p.ask(p.gateway(p.ClientID, p.wrongSecret()), query)
	p.clientRefused(tokens, err, "a refresh with a wrong secret")
	tokens, err = p.ask(p.gateway("prismcheck0nobody", p.ClientSecret), query)
	p.clientRefused(tokens, err, "a refresh of an unknown client")
	p.refresh(gateway.RefreshParamToken)
}

func checkKinds(p *probe) {
	p.tokenClient()
	tokens, err := p.ask(p.g, url.Values{"grant_type": {"refresh_token"}, "token": {p.tokens.AccessToken}})
	p.badRequest(tokens, err, "a refresh with an access token", "invalid_grant")
	if p.tokens.RefreshToken == "" || p.tokens.RefreshToken == p.tokens.AccessToken {
		return
	}
	_, err = streamer{p, p.g.WithToken(p.tokens.RefreshToken)}.userInfo()
	p.refused(err, "a call with a refresh token", http.StatusUnauthorized)
}

// checkCodeOnce replays a code of its own, or, when a person signed in, the
// first one.
func checkCodeOnce(p *probe) {
	p.tokenClient()
	code := p.code
	if p.Account.Account != "" {
		code = p.newCode()
		if tokens, err := p.exchange(p.g, code, nil); tokens.AccessToken == "" {
			p.end("the first exchange: %v", errText(err))
		}
	}
	tokens, err := p.exchange(p.g, code, nil)
	p.badRequest(tokens, err, "the second use of a code", "invalid_grant")
}

func checkCodeRace(p *probe) {
	p.filler()
	const width = 6
	code := p.newCode()
	var wg sync.WaitGroup
	var mu sync.Mutex
	granted := 0
	for range width {
		wg.Go(func() {
			tokens, _ := p.exchange(p.g, code, nil)
			mu.Lock()
			defer mu.Unlock()
			if tokens.AccessToken != "" {
				granted++
			}
		})
	}
	wg.Wait()
	if granted != 1 {
		p.fail("of %d exchanges at once %d gave tokens, want 1", width, granted)
	}
}

func checkCodeReplay(p *probe) {
	p.filler()
	code := p.newCode()
	tokens, err := p.exchange(p.g, code, nil)
	if tokens.AccessToken == "" {
		p.end("the first exchange: %v", errText(err))
	}
	again, _ := p.exchange(p.g, code, nil)
	if again.AccessToken != "" {
		p.skip("the code was redeemed twice (token.code-once)")
	}
	_, err = streamer{p, p.g.Session(tokens)}.userInfo()
	p.refused(err, "a call with the first tokens after the replay", http.StatusUnauthorized)
}
