//go:build unix

package redistest

import "syscall"

// Pause stops the server in its tracks: it takes connections and does not
// answer.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume undoes Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Errorf("redis-server: %v", err)
	}
}
