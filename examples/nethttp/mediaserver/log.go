package mediaserver

import (
	"bufio"
	"io"
	"regexp"
	"strings"
	"sync"

	"go.uber.org/zap"
)

// At level warn the RTMP module of Debian 12 logs nothing that a client sends;
// another version might. It puts such text between single quotes: stream names
// and, when a streamer pastes the whole rtmpPath as the server, an application
// that ends with the key. A long word outside quotes may be a key as well.
var secretText = regexp.MustCompile(`'[^']*'?|[A-Za-z0-9_-]{24,}`)

// redact takes what may be a stream key out of a line of nginx's log.
func redact(line string) string {
	return secretText.ReplaceAllStringFunc(line, func(s string) string {
		if s[0] == '\'' {
			return "'[redacted]'"
		}
		return "[redacted]"
	})
}

// logCopy forwards nginx's log to a logger, without keys, and remembers the
// last fatal line for the error of a start.
type logCopy struct {
	log *zap.Logger

	mu    sync.Mutex
	fatal string
}

func (c *logCopy) run(r io.Reader) {
	// nginx cuts its lines at 2 KiB.
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		line := redact(scanner.Text())
		if strings.Contains(line, "[emerg]") {
			c.mu.Lock()
			c.fatal = line
			c.mu.Unlock()
		}
		c.log.Warn("nginx", zap.String("line", line))
	}
	_, _ = io.Copy(io.Discard, r) // after a line that is too long, so that nginx never blocks
}

func (c *logCopy) lastFatal() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fatal
}
