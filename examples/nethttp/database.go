package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/memory"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// dataStore is what this app needs of its data layer. The ready stores have all
// of it; a host with tables of its own implements the first group.
type dataStore interface {
	prism.UserSource
	prism.ChannelStore
	prism.LiveStore

	prism.LiveUpdater
	prism.ChatReader
	prism.ChatSender
	prism.ChatDeleter
	prism.Banner
	prism.ManagerStore

	prism.Directory
	prism.Audience
	prism.IngestStore
	prism.StatsStore
	prism.SweepStore
	prism.StandingSource
	oauth.Store
}

// openStore opens what -db and -redis name, which parseFlags has checked, and
// brings the tables up to date. closeStore releases it.
func openStore(ctx context.Context, s settings, opt prism.StoreOptions) (store dataStore, closeStore func() error, err error) {
	store, closeStore, err = openDatabase(ctx, s.db, opt)
	if err != nil || s.redis == "" {
		return store, closeStore, err
	}
	joined, closeJoined, err := joinRedis(ctx, s.redis, store, closeStore)
	if err != nil {
		return nil, nil, errors.Join(err, closeStore())
	}
	return joined, closeJoined, nil
}

func openDatabase(ctx context.Context, dsn string, opt prism.StoreOptions) (store dataStore, closeStore func() error, err error) {
	if dsn == "memory:" {
		m, err := memory.New(opt)
		if err != nil {
			return nil, nil, fmt.Errorf("database: %w", err)
		}
		return m, func() error { return nil }, nil
	}
	s, err := sqlstore.Open(ctx, dsn, opt)
	if err != nil {
		return nil, nil, fmt.Errorf("database: %w", err)
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, nil, fmt.Errorf("database: %w", errors.Join(err, s.Close()))
	}
	return s, s.Close, nil
}
