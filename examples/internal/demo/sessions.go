package demo

import (
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
)

// NewSessions makes the app's sessions. They are kept here, and the browser has
// only their id in a cookie, which is HttpOnly and SameSite=Lax.
func NewSessions(s Setup) *scs.SessionManager {
	sessions := scs.New()
	sessions.Lifetime = 12 * time.Hour
	sessions.HashTokenInStore = true
	sessions.Cookie.Secure = strings.HasPrefix(s.Origin, "https:")
	return sessions
}
