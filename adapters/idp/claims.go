package idp

import (
	"encoding/json"
	"slices"
	"time"
)

// Claims are what the upstream says of an access token: the claims of a JWT,
// or the members of an introspection answer.
type Claims struct {
	// Subject is the value of Config.SubjectClaim. It is never empty.
	Subject string
	// Issuer, ClientID (client_id or azp) and Scope are "" if not told.
	Issuer, ClientID, Scope string
	// Audience is aud, as a list in either case.
	Audience []string
	// ExpiresAt is exp; zero if not told, which only introspection allows.
	ExpiresAt time.Time

	values map[string]any
}

// Value returns a claim by name as encoding/json decodes it, with json.Number
// for numbers, or nil. It must not be modified.
func (c Claims) Value(name string) any { return c.values[name] }

// Text returns a claim that is a string, or "".
func (c Claims) Text(name string) string {
	text, _ := c.values[name].(string)
	return text
}

// claimProblem is why claims do not make a good access token.
type claimProblem struct {
	// reason continues "the access token", from a fixed set.
	reason string
	// malformed is set where the upstream has said something that no server
	// must, or has left out what the bridge cannot do without: that is no
	// fault of the token's bearer.
	malformed bool
}

func bad(reason string) *claimProblem       { return &claimProblem{reason: reason} }
func malformed(reason string) *claimProblem { return &claimProblem{reason: reason, malformed: true} }

// claimRules are the rules that JWTs and introspection answers share.
type claimRules struct {
	cfg     Config
	clients map[string]string
	leeway  time.Duration
	// strict demands iss and exp, which an introspection answer may leave out.
	strict bool
}

func newClaimRules(cfg Config, leeway time.Duration, strict bool) claimRules {
	return claimRules{cfg, newClientTable(cfg.Clients).prismID, leeway, strict}
}

// read checks claims. What is wrong with the token itself is told before what
// is wrong with the upstream.
func (r claimRules) read(values map[string]any) (Claims, *claimProblem) {
	c := Claims{values: values}
	c.Issuer, c.Scope = c.Text("iss"), c.Text("scope")
	steps := []func(*Claims) *claimProblem{r.issuer, r.times, r.audience, r.client, r.required, r.bound, r.subject}
	var worst *claimProblem
	for _, step := range steps {
		problem := step(&c)
		if problem != nil && !problem.malformed {
			return Claims{}, problem
		}
		if worst == nil {
			worst = problem
		}
	}
	if worst != nil {
		return Claims{}, worst
	}
	return c, nil
}

func (r claimRules) issuer(c *Claims) *claimProblem {
	_, told := c.values["iss"]
	if (told || r.strict) && r.cfg.Issuer != "" && c.Issuer != r.cfg.Issuer {
		return bad("is of another issuer")
	}
	return nil
}

func (r claimRules) times(c *Claims) *claimProblem {
	now := r.cfg.Now()
	exp, ok, problem := c.time("exp")
	switch {
	case problem != nil:
		return problem
	case !ok && r.strict:
		return bad("has no exp")
	case ok && !now.Before(exp.Add(r.leeway)):
		return bad("has expired")
	}
	c.ExpiresAt = exp
	nbf, ok, problem := c.time("nbf")
	switch {
	case problem != nil:
		return problem
	case ok && now.Before(nbf.Add(-r.leeway)):
		return bad("is not valid yet")
	}
	return nil
}

// maxTime is beyond any date that a server means.
const maxTime = 1 << 40

// time reads a NumericDate (RFC 7519 section 2).
func (c *Claims) time(name string) (t time.Time, ok bool, problem *claimProblem) {
	value := c.values[name]
	if value == nil {
		return time.Time{}, false, nil
	}
	number, ok := value.(json.Number)
	if !ok {
		return time.Time{}, false, malformed("has an " + name + " that is no number")
	}
	seconds, err := number.Float64()
	if err != nil || seconds < 0 || seconds > maxTime {
		return time.Time{}, false, malformed("has an " + name + " that is no date")
	}
	return time.Unix(int64(seconds), 0), true, nil
}

func (r claimRules) audience(c *Claims) *claimProblem {
	switch aud := c.values["aud"].(type) {
	case nil:
	case string:
		c.Audience = []string{aud}
	case []any:
		for _, one := range aud {
			text, ok := one.(string)
			if !ok {
				return malformed("has an aud that is no list of strings")
			}
			c.Audience = append(c.Audience, text)
		}
	default:
		return malformed("has an aud that is no list of strings")
	}
	if len(r.cfg.Audience) == 0 {
		return nil
	}
	if !slices.ContainsFunc(c.Audience, func(one string) bool { return slices.Contains(r.cfg.Audience, one) }) {
		return bad("is for another audience")
	}
	return nil
}

func (r claimRules) client(c *Claims) *claimProblem {
	for _, name := range []string{"client_id", "azp"} {
		value := c.values[name]
		if value == nil {
			continue
		}
		id, ok := value.(string)
		if !ok || id == "" {
			return malformed("has a " + name + " that is no string")
		}
		if c.ClientID != "" && c.ClientID != id {
			return bad("names two clients")
		}
		c.ClientID = id
	}
	if r.cfg.AnyClient {
		return nil
	}
	if c.ClientID == "" {
		return malformed("names no client_id and no azp")
	}
	if _, ok := r.clients[c.ClientID]; !ok {
		return bad("was issued to another client")
	}
	return nil
}

func (r claimRules) required(c *Claims) *claimProblem {
	for name, want := range r.cfg.Require {
		if got, ok := c.values[name].(string); !ok || got != want {
			return bad("lacks a claim of Config.Require")
		}
	}
	return nil
}

// bound refuses tokens that only the holder of a key may use (RFC 7800): PRISM
// shows none.
func (r claimRules) bound(c *Claims) *claimProblem {
	if c.values["cnf"] != nil {
		return bad("is bound to a key")
	}
	return nil
}

// maxSubject is the most bytes of a subject. OpenID Connect allows 255.
const maxSubject = 1024

func (r claimRules) subject(c *Claims) *claimProblem {
	c.Subject = c.Text(r.cfg.SubjectClaim)
	if number, ok := c.values[r.cfg.SubjectClaim].(json.Number); ok {
		c.Subject = number.String() // a host's own claim may be a row id
	}
	if c.Subject == "" || len(c.Subject) > maxSubject {
		return malformed("lacks the claim of Config.SubjectClaim")
	}
	return nil
}
