//go:build !unix

package redistest

// Pause ends the test: this system cannot pause a process.
func (s *Server) Pause() { s.t.Fatal("this system cannot pause a process") }

// Resume undoes Pause.
func (s *Server) Resume() {}
