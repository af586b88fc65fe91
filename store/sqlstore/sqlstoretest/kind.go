package sqlstoretest

import (
	"cmp"
	"database/sql"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// superuser is the user whose password the DSNs have.
const superuser = "prism"

// kind is what differs between the servers.
type kind struct {
	name, needs string
	// programs are what must be installed, the server first.
	programs []string
	// folders are where else than in PATH they may be, as patterns.
	folders []string
	// users may run the server, if this process is root's.
	users []string

	// install makes the data. secret is a file that has the password of the
	// superuser.
	install func(find func(string) string, at places, secret, password string) (*exec.Cmd, error)
	// serve are the arguments of the server. A durable server does not
	// acknowledge what a loss of power would undo.
	serve func(at places, host, port string, durable bool) []string
	// stop ends the server in an orderly way, crash does not.
	stop, crash syscall.Signal

	scheme, database string
	open             func(dsn url.URL) (*sql.DB, error)
	createSchema     string
	dropSchema       func(name string) string
	schemaDSN        func(dsn url.URL, name string) string
}

// places are where a server keeps what.
type places struct {
	// folder has all but the data.
	folder string
	data   string
	// log is where the write-ahead log is, if it is not with the data, else "".
	log string
}

var postgreSQL = kind{
	name:     "PostgreSQL",
	needs:    "PostgreSQL 13 or later (Debian: apt-get install postgresql)",
	programs: []string{"postgres", "initdb"},
	folders:  []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/opt/postgresql*/bin", "/opt/homebrew/opt/postgresql*/bin"},
	users:    []string{"postgres", "nobody"},

	install: func(find func(string) string, at places, secret, _ string) (*exec.Cmd, error) {
		args := []string{
			"--pgdata=" + at.data, "--username=" + superuser,
			"--pwfile=" + secret, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync",
		}
		if at.log != "" {
			args = append(args, "--waldir="+at.log)
		}
		return exec.Command(find("initdb"), args...), nil //nolint:gosec // an installed program
	},
	serve: func(at places, host, port string, durable bool) []string {
		args := []string{
			"-D", at.data, "-h", host, "-p", port, "-k", "",
			"-c", "max_connections=300", "-c", "shared_buffers=64MB",
		}
		if !durable {
			args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
		}
		return args
	},
	stop:  syscall.SIGINT,
	crash: syscall.SIGQUIT, // all its processes leave at once, and nothing is written

	scheme: "postgres", database: "/postgres",
	open:         openPostgreSQL,
	createSchema: "CREATE SCHEMA ",
	dropSchema:   func(name string) string { return "DROP SCHEMA " + name + " CASCADE" },
	schemaDSN: func(dsn url.URL, name string) string {
		dsn.RawQuery = url.Values{"search_path": {name}, "sslmode": {"disable"}}.Encode()
		return dsn.String()
	},
}

// A MariaDB server that starts, and the installer starts one, deletes all
// temporary tables in its tmpdir, those of another server that uses it too.
var mariaDB = kind{
	name:     "MariaDB",
	needs:    "MariaDB 10.8 or later (Debian: apt-get install mariadb-server)",
	programs: []string{"mariadbd", "mariadb-install-db"},
	folders:  []string{"/usr/sbin", "/usr/libexec", "/usr/local/bin", "/usr/local/libexec", "/opt/homebrew/bin"},
	users:    []string{"mysql", "nobody"},

	install: func(find func(string) string, at places, _, password string) (*exec.Cmd, error) {
		statements := "CREATE USER " + superuser + "@'127.0.0.1' IDENTIFIED BY '" + password + "';\n" +
			"GRANT ALL ON *.* TO " + superuser + "@'127.0.0.1' WITH GRANT OPTION;\n" +
			"ALTER USER root@localhost ACCOUNT LOCK;\n"
		// The server runs these at its first start.
		if err := os.WriteFile(initFile(at.folder), []byte(statements), 0o600); err != nil {
			return nil, err
		}
		args := []string{
			"--no-defaults", "--datadir=" + at.data, "--tmpdir=" + at.folder,
			"--auth-root-authentication-method=normal", "--skip-test-db",
		}
		if at.log != "" {
			if err := os.Mkdir(at.log, 0o700); err != nil {
				return nil, err
			}
			args = append(args, "--innodb-log-group-home-dir="+at.log)
		}
		return exec.Command(find("mariadb-install-db"), args...), nil //nolint:gosec // an installed program
	},
	serve: func(at places, host, port string, durable bool) []string {
		args := []string{
			"--no-defaults", "--datadir=" + at.data, "--bind-address=" + host, "--port=" + port,
			"--socket=" + filepath.Join(at.folder, "socket"), "--pid-file=" + filepath.Join(at.folder, "mariadb.pid"),
			"--tmpdir=" + at.folder,
			"--skip-name-resolve", "--max-connections=300", "--innodb-buffer-pool-size=64M", "--lc-messages=en_US",
		}
		if at.log != "" {
			args = append(args, "--innodb-log-group-home-dir="+at.log)
		}
		if _, err := os.Stat(initFile(at.folder)); err == nil {
			args = append(args, "--init-file="+initFile(at.folder))
		}
		if !durable {
			args = append(args, "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0")
		}
		return args
	},
	stop:  syscall.SIGTERM,
	crash: syscall.SIGKILL,

	scheme: "mysql", database: "/mysql",
	open:         openMySQL,
	createSchema: "CREATE DATABASE ",
	dropSchema:   func(name string) string { return "DROP DATABASE " + name },
	schemaDSN: func(dsn url.URL, name string) string {
		dsn.Path = "/" + name
		return dsn.String()
	},
}

func initFile(folder string) string { return filepath.Join(folder, "init.sql") }

// find returns the path of a program, or "". Of several versions in folders of
// their own it takes the latest.
func (k *kind) find(program string) string {
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	var found []string
	for _, pattern := range k.folders {
		paths, err := filepath.Glob(filepath.Join(pattern, program))
		if err == nil {
			found = append(found, paths...)
		}
	}
	if len(found) == 0 {
		return ""
	}
	version := func(path string) int {
		n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if err != nil {
			return 0
		}
		return n
	}
	return slices.MaxFunc(found, func(a, b string) int { return cmp.Compare(version(a), version(b)) })
}

// patience is how long a server may take to start or to stop.
const patience = time.Minute
