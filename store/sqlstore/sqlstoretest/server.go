//go:build unix

package sqlstoretest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is a database server that runs as a child of the test process. Its
// methods must not be called at the same time.
type Server struct {
	kind    *kind
	durable bool
	places
	password string
	addr     string
	run      *exec.Cmd // the watchdog, nil while the server is down
	alive    io.WriteCloser
	user     *syscall.Credential
}

// NewPostgreSQL starts a PostgreSQL server for this test alone. It writes to
// the disk before it acknowledges, as a production server does.
func NewPostgreSQL(t testing.TB) *Server {
	t.Helper()
	return newOwn(t, &postgreSQL, "")
}

// NewPostgreSQLOn is NewPostgreSQL with the data in a folder of the test's, for
// example on a small file system. The write-ahead log is not there: without
// room for that the server would stop. What is in the folder is the test's to
// delete.
func NewPostgreSQLOn(t testing.TB, folder string) *Server {
	t.Helper()
	return newOwn(t, &postgreSQL, folder)
}

// NewMySQL starts a MariaDB server for this test alone. It writes to the disk
// before it acknowledges, as a production server does.
func NewMySQL(t testing.TB) *Server {
	t.Helper()
	return newOwn(t, &mariaDB, "")
}

// NewMySQLOn is NewMySQL with the data in a folder of the test's, as in
// NewPostgreSQLOn.
func NewMySQLOn(t testing.TB, folder string) *Server {
	t.Helper()
	return newOwn(t, &mariaDB, folder)
}

// newOwn starts a durable server, whose data is in this folder if it is not "".
func newOwn(t testing.TB, k *kind, data string) *Server {
	t.Helper()
	s, err := k.start(true, data)
	refuse(t, k, err)
	t.Cleanup(func() {
		if s.Up() {
			s.Stop(t)
		}
		if err := os.RemoveAll(s.folder); err != nil {
			t.Errorf("sqlstoretest: %v", err)
		}
	})
	return s
}

// shared is the one server of its kind in this process.
type shared struct {
	kind *kind
	once sync.Once
	s    *Server
	err  error
}

var sharedPostgreSQL, sharedMySQL = shared{kind: &postgreSQL}, shared{kind: &mariaDB}

func (sh *shared) get(t testing.TB) *Server {
	t.Helper()
	sh.once.Do(func() { sh.s, sh.err = sh.kind.start(false, "") })
	refuse(t, sh.kind, sh.err)
	return sh.s
}

var errNotInstalled = errors.New("is not installed")

// refuse ends the test if there is no server.
func refuse(t testing.TB, k *kind, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errNotInstalled) && os.Getenv("CI") == "":
		t.Skipf("sqlstoretest: %v; this test needs %s", err, k.needs)
	case errors.Is(err, errNotInstalled):
		t.Fatalf("sqlstoretest: %v; this test needs %s, and must run where CI is set", err, k.needs)
	default:
		t.Fatalf("sqlstoretest: start %s: %v", k.name, err)
	}
}

// start makes a server with new data, in this folder if it is not "".
func (k *kind) start(durable bool, data string) (_ *Server, err error) {
	for _, program := range k.programs {
		if k.find(program) == "" {
			return nil, fmt.Errorf("%s %w", program, errNotInstalled)
		}
	}
	s := &Server{kind: k, durable: durable, password: rand.Text()}
	if s.user, err = k.credential(); err != nil {
		return nil, err
	}
	if s.folder, err = os.MkdirTemp("", "sqlstoretest"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(s.folder))
		}
	}()
	s.data = filepath.Join(s.folder, "data")
	if data != "" {
		s.data, s.log = filepath.Join(data, "data"), filepath.Join(s.folder, "log-ahead")
		if err := os.Mkdir(s.data, 0o700); err != nil {
			return nil, err
		}
	}
	if err := s.install(); err != nil {
		return nil, err
	}
	// Another process may take the port between the choice and the use of it.
	for range 3 {
		s.addr = ""
		if err = s.serve(); err == nil {
			return s, nil
		}
	}
	return nil, err
}

func (s *Server) install() error {
	secret := filepath.Join(s.folder, "password")
	if err := os.WriteFile(secret, []byte(s.password), 0o600); err != nil {
		return err
	}
	cmd, err := s.kind.install(s.kind.find, s.places, secret, s.password)
	if err == nil {
		err = s.own()
	}
	if err != nil {
		return err
	}
	cmd.Dir = s.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd.Path, err, out)
	}
	return os.Remove(secret)
}

// own gives the folders and what is in them to the user who runs the server.
func (s *Server) own() error {
	if s.user == nil {
		return nil
	}
	give := func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(s.user.Uid), int(s.user.Gid)) //nolint:gosec // nobody else can write to the folder
	}
	err := filepath.WalkDir(s.folder, give)
	if err == nil && s.log != "" {
		err = filepath.WalkDir(s.data, give)
	}
	return err
}

// watchdog runs the server ("$@") until its own input ends, which is when the
// test process does, in whatever way; then it ends the server and deletes $1.
const watchdog = `
	folder=$1 signal=$2; shift 2
	{
		/bin/sh -c 'echo $$ >"$0"; exec "$@"' "$folder/server.pid" "$@"
		: >"$folder/ended"
	} </dev/null &
	read -r instruction
	kill -s "$signal" "$(cat "$folder/server.pid")"
	wait
	[ "$instruction" = keep ] || rm -rf "$folder"
`

// serve starts the server and waits until it takes connections.
func (s *Server) serve() error {
	if s.addr == "" {
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s.addr = listener.Addr().String()
		if err := listener.Close(); err != nil {
			return err
		}
	}
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(s.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the child has its own
	args := append([]string{"-c", watchdog, "watchdog", s.folder, strconv.Itoa(int(s.kind.stop)), s.kind.find(s.kind.programs[0])},
		s.kind.serve(s.places, host, port, s.durable)...)
	cmd := exec.Command("/bin/sh", args...) //nolint:gosec,noctx // an installed program, which outlives every test
	cmd.Dir = s.folder
	cmd.Stdout, cmd.Stderr = log, log
	// A group of its own: an interrupt at the terminal is for the test, and the
	// watchdog must outlive it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user, Setpgid: true}
	if s.alive, err = cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.run = cmd
	if err := s.ready(); err != nil {
		text, _ := os.ReadFile(log.Name())
		return errors.Join(fmt.Errorf("%w\n%s", err, text), s.end("keep\n"))
	}
	// It has run, and holds the password.
	if err := os.Remove(initFile(s.folder)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// ready waits until the server answers.
func (s *Server) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		err := s.exec(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		if _, gone := os.Stat(filepath.Join(s.folder, "ended")); gone == nil {
			return errors.New("the server ended by itself")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) pid() (pid int, known bool) {
	text, err := os.ReadFile(filepath.Join(s.folder, "server.pid"))
	if err != nil {
		return 0, false
	}
	pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
	return pid, err == nil && pid > 1
}

// Up reports whether the server was started and not stopped or killed since.
func (s *Server) Up() bool { return s.run != nil }

// Stop ends the server in an orderly way, and with it all connections.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.end("keep\n"); err != nil {
		t.Fatalf("sqlstoretest: stop %s: %v", s.kind.name, err)
	}
}

// Kill ends the server at once, as a crash does.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	pid, known := s.pid()
	if !known {
		t.Fatal("sqlstoretest: the server has no process id")
	}
	if err := syscall.Kill(pid, s.kind.crash); err != nil {
		t.Fatalf("sqlstoretest: kill %s: %v", s.kind.name, err)
	}
	if err := s.end("keep\n"); err != nil {
		t.Fatalf("sqlstoretest: kill %s: %v", s.kind.name, err)
	}
}

// Start starts the server again, with its data and at its address.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.serve(); err != nil {
		t.Fatalf("sqlstoretest: restart %s: %v", s.kind.name, err)
	}
}

// end tells the watchdog to end the server, and waits for both.
func (s *Server) end(instruction string) error {
	if s.run == nil {
		return nil
	}
	_, err := io.WriteString(s.alive, instruction)
	err = errors.Join(err, s.alive.Close())
	done := make(chan error, 1)
	go func() { done <- s.run.Wait() }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-done:
		var exit *exec.ExitError // how the server ended is in its log
		if err != nil && !errors.As(err, &exit) {
			return err
		}
	case <-timer.C:
		return errors.Join(err, errors.New("the server does not end"))
	}
	s.run = nil
	return errors.Join(err, os.Remove(filepath.Join(s.folder, "server.pid")), os.Remove(filepath.Join(s.folder, "ended")))
}
