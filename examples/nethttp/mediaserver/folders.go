package mediaserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.uber.org/zap"
)

const temporaryPrefix = "prism-nginx-"

// prepare makes the folders and takes the lock.
func (s *Server) prepare() (err error) {
	// nginx lets everybody write to its sockets, so the folder must not.
	private := filepath.Join(s.opt.Dir, "run")
	for _, dir := range []string{s.opt.Dir, filepath.Join(s.opt.Dir, "tmp"), private} {
		mode := os.FileMode(0o755) // nginx's workers run under another account
		if dir == private {
			mode = 0o700
		}
		if err := os.MkdirAll(dir, mode); err != nil {
			return err
		}
	}
	unlock, err := lockDir(s.opt.Dir)
	if err != nil {
		return err
	}
	s.release = append(s.release, unlock)
	defer func() {
		if err != nil {
			s.free()
		}
	}()
	if err := reap(s.opt.Dir); err != nil {
		return err
	}
	if err := s.sweep(); err != nil {
		return err
	}
	if s.socket, err = s.short(filepath.Join(private, "control.sock")); err != nil {
		return err
	}
	return s.prepareHLS()
}

// prepareHLS makes the folder of the pictures, where nginx's workers can write.
func (s *Server) prepareHLS() (err error) {
	dir := s.opt.HLSDir
	if dir == "" {
		dir = filepath.Join(s.opt.Dir, "hls")
		if s.user = workerUser(dir); s.user == "root" {
			if dir, err = s.temporary(); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // nginx's workers run under another account
		return err
	}
	s.opt.HLSDir = dir
	switch s.user = workerUser(dir); s.user {
	case "":
		return nil
	case "root":
		s.opt.Logger.Warn("nginx's workers run as root: no www-data account that can reach the folder", zap.String("dir", dir))
		return nil
	}
	return give(dir, s.user)
}

// short returns path, or one in a temporary folder if it is too long for a
// socket.
func (s *Server) short(path string) (string, error) {
	if len(path) <= socketPathMax {
		return path, nil
	}
	dir, err := s.temporary()
	return filepath.Join(dir, filepath.Base(path)), err
}

// temporary makes a folder that goes with the server, or with the next one when
// this process is killed.
func (s *Server) temporary() (dir string, err error) {
	list, err := os.OpenFile(s.temporaryList(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	if dir, err = os.MkdirTemp("", temporaryPrefix); err != nil {
		return "", err
	}
	s.release = append(s.release, func() { _ = os.RemoveAll(dir) }) // else the next server does
	_, err = fmt.Fprintln(list, dir)
	return dir, err
}

// sweep removes the temporary folders of earlier servers.
func (s *Server) sweep() error {
	list, err := os.ReadFile(s.temporaryList())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for dir := range strings.Lines(string(list)) {
		dir = strings.TrimSuffix(dir, "\n")
		if !filepath.IsAbs(dir) || !strings.HasPrefix(filepath.Base(dir), temporaryPrefix) {
			continue // cut off while it was written
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return os.Remove(s.temporaryList())
}

// temporaryList is the file that names the temporary folders.
func (s *Server) temporaryList() string { return filepath.Join(s.opt.Dir, "run", "temporary") }

// free gives back what New took.
func (s *Server) free() {
	for _, release := range slices.Backward(s.release) {
		release()
	}
	s.release = nil
}
