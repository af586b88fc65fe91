package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"
)

//go:embed schema.sql
var siteSchema string

//go:embed prism.sql
var prismMigration string

// create makes the site's tables in an empty schema, with two streamers who
// have the same password, and adds what PRISM needs.
func create(ctx context.Context, pool *pgxpool.Pool, password string, hashCost int) error {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), hashCost)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, siteSchema); err != nil {
			return fmt.Errorf("schema.sql: %w", err)
		}
		for _, streamer := range []struct{ login, nickname, slug, title string }{
			{"minji", "Min-ji", "morning-market", "Morning market"},
			{"juno", "Juno", "juno-cooks", "Juno cooks"},
		} {
			_, err := tx.Exec(ctx, `
				WITH m AS (INSERT INTO members (login, nickname, password_hash) VALUES ($1, $2, $3) RETURNING id),
				s AS (INSERT INTO studios (slug, title) VALUES ($4, $5) RETURNING id)
				INSERT INTO studio_members (studio_id, member_id, role) SELECT s.id, m.id, 'owner' FROM m, s`,
				streamer.login, streamer.nickname, string(hash), streamer.slug, streamer.title)
			if err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, prismMigration); err != nil {
			return fmt.Errorf("prism.sql: %w", err)
		}
		return nil
	})
}

// ready tells what is missing in the database.
func ready(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `SELECT seq FROM comments, members LIMIT 0`)
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && refused.Code == "42P01": // undefined_table
		return errors.New("the database has no tables of the site: run this once with -create, on an empty database")
	case errors.As(err, &refused) && refused.Code == "42703": // undefined_column
		return errors.New("the database lacks what the service API needs: run prism.sql on it, as \"psql -1 -f examples/byo/prism.sql\"")
	}
	return err
}
