package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/crypto/bcrypt"

	"github.com/b2bprism/b2bprism/examples/internal/demo"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

const ingest = "rtmp://127.0.0.1:1935/live"

// site is the service API below /prism/. The site's own pages are left out, so
// there is no router to mount it on.
type site struct {
	http.Handler
	prism *prism.Service
	auth  *oauth.Server
	db    *sql.DB
}

func newSite(ctx context.Context, pool *pgxpool.Pool, tokens string, s demo.Setup) (_ *site, err error) {
	data := &market{pool: pool, site: s.Origin, ingest: ingest}
	db := stdlib.OpenDBFromPool(pool)
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	store, err := openTokens(ctx, db, tokens)
	if err != nil {
		return nil, err
	}
	logger := prism.SlogLogger(slog.NewTextHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	nobody, err := bcrypt.GenerateFromPassword([]byte(s.Password), s.HashCost)
	if err != nil {
		return nil, err
	}
	auth, err := oauth.New(oauth.Config{
		Clients:       oauth.StaticClients(s.Client()),
		Store:         store,
		Users:         data,
		Login:         oauth.PasswordLogin(passwords{pool, nobody}.check, oauth.PasswordOptions{Service: "Market"}),
		PublicURL:     s.Origin + "/prism",
		Secrets:       s.Secrets,
		Logger:        logger.Named("oauth"),
		AllowInsecure: true, // development only
	})
	if err != nil {
		return nil, err
	}
	cfg := prism.FromStore(data) // users, channels, lives, chat, update, bans, managers
	cfg.Auth, cfg.Secrets, cfg.Logger = auth, s.Secrets, logger.Named("prism")
	cfg.AllowInsecure = true // development only
	svc, err := prism.New(cfg)
	if err != nil {
		return nil, errors.Join(err, auth.Close())
	}
	return &site{svc, svc, auth, db}, nil
}

// Close ends what runs beside the requests.
func (s *site) Close() error { return errors.Join(s.prism.Close(), s.auth.Close(), s.db.Close()) }

// openTokens opens where PRISM's codes and tokens are kept: in tables of their
// own, prefixed prism_, beside the site's, or in this process. Of the ready
// stores only that part is used here.
func openTokens(ctx context.Context, db *sql.DB, where string) (oauth.Store, error) {
	options := prism.StoreOptions{RTMPBase: ingest}
	switch where {
	case "memory":
		return memory.New(options)
	case "database":
		store, err := sqlstore.New(db, sqlstore.PostgreSQL, options)
		if err != nil {
			return nil, err
		}
		return store, store.Migrate(ctx)
	default:
		return nil, fmt.Errorf(`-tokens is %q, want "database" or "memory"`, where)
	}
}

// passwords is the site's sign-in.
type passwords struct {
	pool *pgxpool.Pool
	// nobody is compared with for a login that does not exist, so that the
	// answer takes as long.
	nobody []byte
}

// check is the oauth.PasswordChecker.
func (p passwords) check(ctx context.Context, login, password string) (userID string, err error) {
	hash := p.nobody
	err = p.pool.QueryRow(ctx, `SELECT id, password_hash FROM members WHERE login = $1 AND left_at IS NULL`, login).Scan(&userID, &hash)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", failure(err)
	}
	if wrong := bcrypt.CompareHashAndPassword(hash, []byte(password)); wrong != nil || err != nil {
		return "", oauth.ErrBadCredentials
	}
	return userID, nil
}
