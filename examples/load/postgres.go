package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

// owner is the test that owns the database server, as sqlstoretest knows
// nothing but tests. It has the methods that are called there.
type owner struct {
	testing.TB // nil
	cleanups   []func()
	problems   []error
}

func (o *owner) Helper()                  {}
func (o *owner) Context() context.Context { return context.Background() }
func (o *owner) Cleanup(f func())         { o.cleanups = append(o.cleanups, f) }
func (o *owner) Errorf(format string, a ...any) {
	o.problems = append(o.problems, fmt.Errorf(format, a...))
}
func (o *owner) Fatalf(format string, a ...any) { panic(ownerError{fmt.Errorf(format, a...)}) }
func (o *owner) Fatal(a ...any)                 { panic(ownerError{errors.New(fmt.Sprint(a...))}) }
func (o *owner) Skipf(format string, a ...any)  { o.Fatalf(format, a...) }

// ownerError is the panic by which a test ends at once.
type ownerError struct{ error }

// startPostgres starts a PostgreSQL server that writes to the disk before it
// acknowledges, as a production server does.
func startPostgres() (dsn string, stop func() error, err error) {
	o := &owner{}
	stop = func() error {
		for i := len(o.cleanups) - 1; i >= 0; i-- {
			o.cleanups[i]()
		}
		o.cleanups = nil
		return errors.Join(o.problems...)
	}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case ownerError:
			err = errors.Join(p.error, stop())
		default:
			panic(p)
		}
	}()
	return sqlstoretest.NewPostgreSQL(o).Schema(o), stop, nil
}
