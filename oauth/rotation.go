package oauth

import "time"

// MaxPairs is the most pairs of one generation: the parallel refreshes of one
// token that succeed.
const MaxPairs = 32

// Outcome is what comes of presenting a refresh token.
type Outcome int

// The outcomes of Family.Rotate.
const (
	// OutcomeRefused: no pair, no consequence.
	OutcomeRefused Outcome = iota
	// OutcomeRotated: the pair begins the next generation.
	OutcomeRotated
	// OutcomeSibling: the pair joins the current generation.
	OutcomeSibling
	// OutcomeReused: an old token came back; the family is revoked.
	OutcomeReused
)

// rotates reports whether a refresh token that was found would be answered with
// a pair now, unless it has expired.
func (s *Server) rotates(token Token, now time.Time) bool {
	outcome, _ := token.Family.Rotate(token.Generation, now, s.cfg.RefreshGrace)
	return token.Family.Alive(now) && (outcome == OutcomeRotated || outcome == OutcomeSibling)
}

// Rotate decides what comes of presenting a refresh token of the given
// generation, and returns the family as it is to be stored. It is the one rule
// that every Store follows; f must be alive at now.
//
// The PRISM client refreshes in parallel with one token and may lose an
// answer, so a token of the generation before the current one is answered with
// a sibling pair within the grace time, and later as long as no token of the
// current generation was used. An older one within the grace time is refused;
// anything else is reuse (RFC 9700 section 4.14.2).
func (f Family) Rotate(generation int, now time.Time, grace time.Duration) (Outcome, Family) {
	inGrace := grace > 0 && !now.After(f.RotatedAt.Add(grace))
	switch {
	case generation == f.Generation:
		f.Generation++
		f.RotatedAt = now
		f.Pairs = 1
		f.Used = false
		return OutcomeRotated, f
	case generation == f.Generation-1 && (inGrace || !f.Used):
		if f.Pairs >= MaxPairs {
			return OutcomeRefused, f
		}
		f.Pairs++
		return OutcomeSibling, f
	case generation < f.Generation && !inGrace:
		f.RevokedAt = now
		return OutcomeReused, f
	default:
		return OutcomeRefused, f
	}
}
