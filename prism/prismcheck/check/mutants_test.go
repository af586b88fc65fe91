package check_test

import (
	"slices"
	"testing"

	"github.com/b2bprism/b2bprism/prism/prismcheck/check"
)

// Each mutant is caught by the check that is named for it.
func TestMutants(t *testing.T) {
	t.Parallel()
	for _, m := range mutants() {
		t.Run(m.check+" "+m.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m.make(w)
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
			for _, p := range result.Problems {
				for _, secret := range []string{w.target.ClientSecret, w.target.Account.Password} {
					if slices.ContainsFunc([]string{p.Text, p.Sent, p.Came}, func(s string) bool { return containsSecret(s, secret) }) {
						t.Error("the report has a secret")
					}
				}
			}
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

func mutants() []mutant {
	return slices.Concat(transportMutants, signInMutants, tokenMutants, accessMutants, channelMutants, createMutants, listMutants,
		stateMutants, updateMutants, chatMutants, ownerMutants, optionalMutants, loadMutants, answerMutants)
}
