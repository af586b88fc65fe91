package idp

import (
	"context"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// jwtVerifier verifies access tokens that are JWTs (RFC 9068 section 4, RFC
// 8725).
type jwtVerifier struct {
	rules      claimRules
	algorithms []jose.SignatureAlgorithm
	types      []string
	keys       *keySet
}

func newJWTVerifier(cfg Config, u *upstream, j *jobs) *jwtVerifier {
	v := &jwtVerifier{rules: newClaimRules(cfg, cfg.JWT.Leeway, true), keys: newKeySet(cfg, u, j)}
	for _, name := range cfg.JWT.Algorithms {
		v.algorithms = append(v.algorithms, jose.SignatureAlgorithm(name))
	}
	for _, name := range cfg.JWT.Types {
		v.types = append(v.types, mediaSubtype(name))
	}
	return v
}

// mediaSubtype brings typ into one form: "application/" may be left out (RFC
// 7515 section 4.1.9).
func mediaSubtype(typ string) string {
	return strings.TrimPrefix(strings.ToLower(typ), "application/")
}

// verify looks at what the token says before it looks for a key, so that only
// a token that would be good makes the bridge ask the upstream. Keys come from
// the upstream's key set alone; those in the header (jwk, jku, x5u, x5c) are
// never used.
func (v *jwtVerifier) verify(ctx context.Context, token string) (Claims, error) {
	signed, err := jose.ParseSignedCompact(token, v.algorithms)
	if err != nil || len(signed.Signatures) != 1 {
		return Claims{}, refuseToken("is no JWT with an algorithm of JWT.Algorithms") // the error may quote the token
	}
	header := signed.Signatures[0].Protected
	if _, ok := header.ExtraHeaders["crit"]; ok {
		return Claims{}, refuseToken("has critical header parameters")
	}
	typ, _ := header.ExtraHeaders[jose.HeaderType].(string)
	if !slices.Contains(v.types, mediaSubtype(typ)) {
		return Claims{}, refuseToken("has a typ that is not in JWT.Types")
	}
	values, ok := decodeObject(signed.UnsafePayloadWithoutVerification())
	if !ok {
		return Claims{}, refuseToken("has no claims")
	}
	claims, problem := v.rules.read(values)
	if problem != nil && !problem.malformed {
		return Claims{}, refuseToken(problem.reason)
	}
	genuine, err := v.keys.verify(ctx, header.KeyID, jose.SignatureAlgorithm(header.Algorithm), func(key jose.JSONWebKey) bool {
		_, err := signed.Verify(key.Key)
		return err == nil
	})
	switch {
	case err != nil:
		return Claims{}, err
	case !genuine:
		return Claims{}, refuseToken("has a signature that is not the upstream's")
	case problem != nil:
		return Claims{}, fault("signed an access token that " + problem.reason)
	}
	return claims, nil
}
