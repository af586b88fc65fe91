package oauthtest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/oauth/oauthtest"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// brokenStore names, in the environment of a child process, the mistake whose
// kit run the parent looks at: a failing kit cannot be run in a passing test.
const brokenStore = "OAUTHTEST_BROKEN_STORE"

// mistakes are stores that break one rule each, and the rule that must fail.
var mistakes = map[string]struct {
	rule    string
	install func(s oauth.Store) oauth.Store
}{
	"ignores ctx":                 {"a call whose ctx is over", func(s oauth.Store) oauth.Store { return ignoresCtx{s} }},
	"redeems for any client":      {"RedeemCode of another client", func(s oauth.Store) oauth.Store { return redeemsForAny{s} }},
	"redeems at the end":          {"RedeemCode works until just before ExpiresAt", func(s oauth.Store) oauth.Store { return redeemsAtEnd{s} }},
	"lets a replay go":            {"a replayed code is ErrCodeUsed", func(s oauth.Store) oauth.Store { return letsReplayGo{s} }},
	"lets a racing replay go":     {"of parallel redemptions of a code", func(s oauth.Store) oauth.Store { return letsReplayGo{s} }},
	"rotates for any client":      {"RotateRefresh of another client", func(s oauth.Store) oauth.Store { return rotatesForAny{s} }},
	"shortens the grace time":     {"the grace time ends after its last instant", func(s oauth.Store) oauth.Store { return shortensGrace{s} }},
	"gives none, found by chance": {"a family follows Family.Rotate", func(s oauth.Store) oauth.Store { return givesNoSiblings{s} }},
	"gives no siblings":           {"parallel refreshes with one token", func(s oauth.Store) oauth.Store { return givesNoSiblings{s} }},
	"works at ExpiresAt":          {"a refresh token works until just before", func(s oauth.Store) oauth.Store { return worksAtEnd{s} }},
	"finds both kinds":            {"codes and tokens are looked up by their own kind", func(s oauth.Store) oauth.Store { return findsBothKinds{s} }},
	"hides what is revoked":       {"expired and revoked tokens are still found", func(s oauth.Store) oauth.Store { return hidesRevoked{s} }},
	"marks any generation":        {"MarkUsed marks the current generation only", func(s oauth.Store) oauth.Store { return marksAny{s} }},
	"keeps codes":                 {"RevokeUser revokes the user's families and deletes", func(s oauth.Store) oauth.Store { return keepsCodes{s} }},
	"revokes too little":          {"RevokeUser during redemptions", func(s oauth.Store) oauth.Store { return revokesNothing{s} }},
	"refreshes after all":         {"revocation during refreshes holds", func(s oauth.Store) oauth.Store { return revokesNothing{s} }},
	"lists oldest first":          {"Families returns the user's families", func(s oauth.Store) oauth.Store { return listsOldestFirst{s} }},
	"sweeps at ExpiresAt":         {"Sweep deletes what expired before", func(s oauth.Store) oauth.Store { return sweepsAtEnd{s} }},
	"sweeps without end":          {"Sweep deletes at most its limit", func(s oauth.Store) oauth.Store { return sweepsAll{s} }},
	"sweeps what was revoked":     {"Sweep keeps revoked families", func(s oauth.Store) oauth.Store { return sweepsEarly{s} }},
	"rounds to whole seconds":     {"RedeemCode works until just before ExpiresAt", func(s oauth.Store) oauth.Store { return roundsTimes{s} }},
	"loses the scope":             {"FindCode returns a code as it was saved", func(s oauth.Store) oauth.Store { return losesScope{s} }},
	"loses the family":            {"RotateRefresh returns the family as stored", func(s oauth.Store) oauth.Store { return losesFamily{s} }},
	"ignores case":                {"user ids are compared byte for byte", func(s oauth.Store) oauth.Store { return foldsUsers{s, strings.ToLower} }},
	"ignores accents":             {"user ids are compared byte for byte", func(s oauth.Store) oauth.Store { return foldsUsers{s, withoutAccent} }},
	"ignores blanks at the end":   {"user ids are compared byte for byte", func(s oauth.Store) oauth.Store { return foldsUsers{s, withoutBlanks} }},
	"redeems for a lookalike":     {"client ids are compared byte for byte", func(s oauth.Store) oauth.Store { return redeemsForLookalike{s} }},
	"rotates for a lookalike":     {"client ids are compared byte for byte", func(s oauth.Store) oauth.Store { return rotatesForLookalike{s} }},
	"revokes a lookalike":         {"family ids are compared byte for byte", func(s oauth.Store) oauth.Store { return revokesLookalike{s} }},
	"marks a lookalike":           {"family ids are compared byte for byte", func(s oauth.Store) oauth.Store { return marksLookalike{s} }},
	"loses tickets":               {"a consent page's ticket is found", func(s oauth.Store) oauth.Store { return losesTickets{s} }},
	"keeps tickets":               {"a consent page's ticket is found", func(s oauth.Store) oauth.Store { return keepsTickets{s, map[oauth.Digest]oauth.Code{}} }},
	"redeems tickets":             {"a consent page's ticket is redeemed by no client", func(s oauth.Store) oauth.Store { return redeemsForAny{s} }},
	"never sweeps tickets":        {"Sweep deletes a consent page's ticket", func(s oauth.Store) oauth.Store { return keepsTickets{s, map[oauth.Digest]oauth.Code{}} }},
}

func open(t *testing.T) oauth.Store {
	t.Helper()
	s, err := memory.New(prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTestStoreFindsEveryMistake(t *testing.T) {
	if name := os.Getenv(brokenStore); name != "" {
		oauthtest.TestStore(t, func(t *testing.T) oauth.Store { return mistakes[name].install(open(t)) })
		return
	}
	for name, mistake := range mistakes {
		t.Run(name, func(t *testing.T) {
			output := runKit(t, name, mistake.rule)
			rule := strings.ReplaceAll(mistake.rule, " ", "_")
			if !strings.Contains(output, "--- FAIL: TestTestStoreFindsEveryMistake/"+rule) {
				t.Errorf("the rule %q did not fail:\n%s", mistake.rule, output)
			}
		})
	}
}

// runKit runs a rule of the kit on a broken store in a child process that must
// fail.
func runKit(t *testing.T, name, rule string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe,
		"-test.run=^TestTestStoreFindsEveryMistake$/^"+regexp.QuoteMeta(rule), "-rapid.nofailfile", "-rapid.shrinktime=0s")
	cmd.Env = append(os.Environ(), brokenStore+"="+name)
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("the kit passed a broken store (%v):\n%s", err, output)
	}
	return string(output)
}

// A store that is shared by all rules, and by two runs of the kit, is fine.
func TestTestStoreTakesASharedStore(t *testing.T) {
	shared := open(t)
	for _, run := range []string{"first", "second"} {
		t.Run(run, func(t *testing.T) {
			oauthtest.TestStore(t, func(*testing.T) oauth.Store { return shared })
		})
	}
}

type ignoresCtx struct{ oauth.Store }

func (s ignoresCtx) MarkUsed(ctx context.Context, id string, generation int) error {
	return s.Store.MarkUsed(context.WithoutCancel(ctx), id, generation)
}

type redeemsForAny struct{ oauth.Store }

func (s redeemsForAny) RedeemCode(ctx context.Context, r oauth.Redemption) error {
	if code, err := s.FindCode(ctx, r.Code); err == nil {
		r.ClientID = code.ClientID
	}
	return s.Store.RedeemCode(ctx, r)
}

type redeemsAtEnd struct{ oauth.Store }

func (s redeemsAtEnd) RedeemCode(ctx context.Context, r oauth.Redemption) error {
	r.Now = r.Now.Add(-time.Microsecond)
	return s.Store.RedeemCode(ctx, r)
}

type letsReplayGo struct{ oauth.Store }

func (s letsReplayGo) RedeemCode(ctx context.Context, r oauth.Redemption) error {
	err := s.Store.RedeemCode(ctx, r)
	if errors.Is(err, oauth.ErrCodeUsed) {
		return prism.ErrNotFound
	}
	return err
}

type rotatesForAny struct{ oauth.Store }

func (s rotatesForAny) RotateRefresh(ctx context.Context, r oauth.Rotation) (oauth.Outcome, oauth.Family, error) {
	if token, err := s.FindRefresh(ctx, r.Refresh); err == nil {
		r.ClientID = token.Family.ClientID
	}
	return s.Store.RotateRefresh(ctx, r)
}

type shortensGrace struct{ oauth.Store }

func (s shortensGrace) RotateRefresh(ctx context.Context, r oauth.Rotation) (oauth.Outcome, oauth.Family, error) {
	r.Grace -= time.Microsecond
	return s.Store.RotateRefresh(ctx, r)
}

type givesNoSiblings struct{ oauth.Store }

func (s givesNoSiblings) RotateRefresh(ctx context.Context, r oauth.Rotation) (oauth.Outcome, oauth.Family, error) {
	outcome, family, err := s.Store.RotateRefresh(ctx, r)
	if outcome == oauth.OutcomeSibling {
		outcome = oauth.OutcomeRefused
	}
	return outcome, family, err
}

type worksAtEnd struct{ oauth.Store }

func (s worksAtEnd) RotateRefresh(ctx context.Context, r oauth.Rotation) (oauth.Outcome, oauth.Family, error) {
	r.Now = r.Now.Add(-time.Microsecond)
	return s.Store.RotateRefresh(ctx, r)
}

type findsBothKinds struct{ oauth.Store }

func (s findsBothKinds) FindAccess(ctx context.Context, digest oauth.Digest) (oauth.Token, error) {
	token, err := s.Store.FindAccess(ctx, digest)
	if err != nil {
		return s.FindRefresh(ctx, digest)
	}
	return token, nil
}

type hidesRevoked struct{ oauth.Store }

func (s hidesRevoked) FindAccess(ctx context.Context, digest oauth.Digest) (oauth.Token, error) {
	token, err := s.Store.FindAccess(ctx, digest)
	if err == nil && !token.Family.RevokedAt.IsZero() {
		return oauth.Token{}, prism.ErrNotFound
	}
	return token, err
}

type marksAny struct{ oauth.Store }

func (s marksAny) MarkUsed(ctx context.Context, id string, _ int) error {
	return errors.Join(s.Store.MarkUsed(ctx, id, 1), s.Store.MarkUsed(ctx, id, 2))
}

type keepsCodes struct{ oauth.Store }

func (s keepsCodes) RevokeUser(ctx context.Context, userID string, now time.Time) (int, error) {
	families, err := s.Families(ctx, userID, now)
	for _, f := range families {
		err = errors.Join(err, s.RevokeFamily(ctx, f.ID, now))
	}
	return len(families), err
}

type revokesNothing struct{ oauth.Store }

func (revokesNothing) RevokeUser(ctx context.Context, _ string, _ time.Time) (int, error) {
	return 0, ctx.Err()
}

type listsOldestFirst struct{ oauth.Store }

func (s listsOldestFirst) Families(ctx context.Context, userID string, now time.Time) ([]oauth.Family, error) {
	list, err := s.Store.Families(ctx, userID, now)
	slices.Reverse(list)
	return list, err
}

type sweepsAtEnd struct{ oauth.Store }

func (s sweepsAtEnd) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.Store.Sweep(ctx, before.Add(time.Microsecond), limit)
}

type sweepsAll struct{ oauth.Store }

func (s sweepsAll) Sweep(ctx context.Context, before time.Time, _ int) (int, error) {
	return s.Store.Sweep(ctx, before, 1_000_000)
}

type sweepsEarly struct{ oauth.Store }

func (s sweepsEarly) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.Store.Sweep(ctx, before.Add(24*time.Hour), limit)
}

type roundsTimes struct{ oauth.Store }

func (s roundsTimes) SaveCode(ctx context.Context, code oauth.Code) error {
	code.ExpiresAt = code.ExpiresAt.Truncate(time.Second)
	return s.Store.SaveCode(ctx, code)
}

type losesScope struct{ oauth.Store }

func (s losesScope) SaveCode(ctx context.Context, code oauth.Code) error {
	code.Scope = ""
	return s.Store.SaveCode(ctx, code)
}

type losesFamily struct{ oauth.Store }

func (s losesFamily) RotateRefresh(ctx context.Context, r oauth.Rotation) (oauth.Outcome, oauth.Family, error) {
	outcome, family, err := s.Store.RotateRefresh(ctx, r)
	if outcome == oauth.OutcomeReused {
		family = oauth.Family{}
	}
	return outcome, family, err
}
