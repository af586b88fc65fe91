package check_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// Each mutant is caught by the check that is named for it.
func TestMutants(t *testing.T) {
	t.Parallel()
	for _, m := range mutants() {
		t.Run(m.check+" "+m.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m.make(w)
			tokens := w.watchTokens()
			w.target.Only = only(t, m.check)
			report := w.run(t)
			result, ok := report.Result(m.check)
			if !ok {
				t.Fatalf("there is no check %s", m.check)
			}
			if result.State != check.Failed || len(result.Problems) == 0 {
				t.Errorf("%s: %s %s", m.check, result.State, result.Reason)
				for _, r := range report.Results {
					if r.State == check.Failed {
						t.Logf("failed instead: %s: %s", r.ID, r.Problems[0].Text)
					}
				}
			}
			w.wantNoSecrets(t, report, tokens)
		})
	}
}

// No check is without a mutant that it catches.
func TestEveryCheckHasAMutant(t *testing.T) {
	t.Parallel()
	all := mutants()
	for _, c := range check.All() {
		if !slices.ContainsFunc(all, func(m mutant) bool { return m.check == c.ID }) {
			t.Errorf("no mutant for %s", c.ID)
		}
	}
	t.Logf("%d mutants for %d checks", len(all), len(check.All()))
}

// wantNoSecrets searches what the report shows for tokens, stream keys, the
// client secret and the passwords.
func (w *world) wantNoSecrets(t *testing.T, report check.Report, tokens *issued) {
	t.Helper()
	secrets := []string{w.target.ClientSecret, w.target.Account.Password, w.target.Second.Password}
	tokens.mu.Lock()
	for _, p := range tokens.pairs {
		if len(p.access) > 20 { // the mutant with short tokens has no secret ones
			secrets = append(secrets, p.access, p.refresh)
		}
	}
	tokens.mu.Unlock()
	lives, err := w.store.Lives(t.Context(), "minji", "main", prism.LiveFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lives {
		secrets = append(secrets, l.RTMPPath[strings.LastIndexByte(l.RTMPPath, '/')+1:])
	}
	var shown strings.Builder
	for _, result := range report.Results {
		for _, p := range result.Problems {
			shown.WriteString(p.Text + "\n" + p.Sent + "\n" + p.Came + "\n")
		}
	}
	for _, secret := range secrets {
		if i := strings.Index(shown.String(), secret); secret != "" && i >= 0 {
			t.Errorf("the report has a secret: …%s…", shown.String()[max(0, i-200):min(i+60, shown.Len())])
		}
	}
}

// only keeps a mutant's run short: checks that look at all answers need all
// calls, the others their area.
func only(t *testing.T, id string) []string {
	t.Helper()
	for _, c := range check.All() {
		if c.ID != id {
			continue
		}
		for _, rule := range prismtest.Rules() {
			if c.Title == rule.Text() {
				return nil
			}
		}
		if strings.HasPrefix(id, "load.") || id == "error.not-500" {
			return []string{"load", "lives", "error"}
		}
		return []string{c.Area()}
	}
	t.Fatalf("there is no check %s", id)
	return nil
}

func mutants() []mutant {
	return slices.Concat(transportMutants, signInMutants, tokenMutants, accessMutants, channelMutants, createMutants, listMutants,
		stateMutants, updateMutants, chatMutants, ownerMutants, optionalMutants, loadMutants, answerMutants)
}
