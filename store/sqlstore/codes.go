package sqlstore

import (
	"context"
	"database/sql"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
)

const findCode = `
	SELECT family_id, client_id, user_id, scope, redirect_uri, challenge, expires_at, used_at
	FROM prism_oauth_code WHERE digest = ?`

// codeRow is a row of findCode.
type codeRow struct {
	code      oauth.Code
	expiresAt int64
	usedAt    sql.Null[int64]
}

func (r *codeRow) dest() []any {
	c := &r.code
	return []any{&c.FamilyID, &c.ClientID, &c.UserID, &c.Scope, &c.RedirectURI, &c.Challenge, &r.expiresAt, &r.usedAt}
}

func (r *codeRow) view(digest oauth.Digest) oauth.Code {
	c := r.code
	c.Digest = digest
	c.ExpiresAt, c.UsedAt = fromMicros(r.expiresAt), fromMicrosOrNull(r.usedAt)
	return c
}

// SaveCode implements oauth.Store. It returns prism.ErrConflict for a digest
// that is there already.
func (s *Store) SaveCode(ctx context.Context, code oauth.Code) error {
	return s.write(ctx, func(t transaction) error {
		var known int
		err := t.one("count", `SELECT COUNT(*) FROM prism_oauth_code WHERE digest = ?`, []any{code.Digest[:]}, &known)
		if err == nil && known > 0 {
			err = conflict("the code exists")
		}
		if err != nil {
			return err
		}
		_, err = t.exec(`
			INSERT INTO prism_oauth_code (digest, family_id, client_id, user_id, scope, redirect_uri, challenge,
				expires_at, used_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			code.Digest[:], code.FamilyID, code.ClientID, code.UserID, code.Scope, code.RedirectURI, code.Challenge,
			micros(code.ExpiresAt), microsOrNull(code.UsedAt))
		return err
	})
}

// FindCode implements oauth.Store.
func (s *Store) FindCode(ctx context.Context, code oauth.Digest) (oauth.Code, error) {
	var r codeRow
	if err := s.readOne(ctx, "code", findCode, []any{code[:]}, r.dest()...); err != nil {
		return oauth.Code{}, err
	}
	return r.view(code), nil
}

// RedeemCode implements oauth.Store. It returns prism.ErrInvalid, and changes
// nothing, when the family is not the one that the code names.
func (s *Store) RedeemCode(ctx context.Context, r oauth.Redemption) error {
	replayed := false
	err := s.write(ctx, func(t transaction) error {
		replayed = false
		var row codeRow
		if err := t.one("code", findCode+t.engine.forUpdate, []any{r.Code[:]}, row.dest()...); err != nil {
			return err
		}
		code := row.view(r.Code)
		if code.ClientID != r.ClientID || !r.Now.Before(code.ExpiresAt) {
			return notFound("code")
		}
		if !code.UsedAt.IsZero() {
			// The revocation must be committed, so the error comes after it.
			replayed = true
			_, err := t.exec(revokeFamily, micros(r.Now), code.FamilyID)
			return err
		}
		if r.Family.ID != code.FamilyID {
			return prism.InvalidField("Redemption.Family.ID", "is not the code's FamilyID")
		}
		if _, err := t.exec(`UPDATE prism_oauth_code SET used_at = ? WHERE digest = ?`, micros(r.Now), r.Code[:]); err != nil {
			return err
		}
		if err := t.insertFamily(r.Family); err != nil {
			return err
		}
		return t.insertPair(r.Family, r.Pair)
	})
	if err == nil && replayed {
		err = oauth.ErrCodeUsed
	}
	return err
}
