package mediaserver

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// workerUser returns the account for nginx's workers: none unless this process
// is root, which may choose; then the web server's account of the system, if it
// can reach the folder that it must write to, and root otherwise.
func workerUser(hlsDir string) string {
	if os.Geteuid() != 0 {
		return ""
	}
	const account = "www-data"
	if _, err := user.Lookup(account); err != nil || !reachable(hlsDir) {
		return "root"
	}
	return account
}

// reachable reports whether others may enter every folder above dir.
func reachable(dir string) bool {
	for {
		parent := filepath.Dir(dir)
		if parent == dir {
			return true
		}
		info, err := os.Stat(parent)
		if err != nil || info.Mode()&0o001 == 0 {
			return false
		}
		dir = parent
	}
}

// give makes an account the owner of a folder.
func give(dir, account string) error {
	u, err := user.Lookup(account)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return fmt.Errorf("user %s: %w", account, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return fmt.Errorf("user %s: %w", account, err)
	}
	return os.Chown(dir, uid, gid)
}
