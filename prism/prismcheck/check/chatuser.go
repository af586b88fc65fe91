package check

import (
	"net/http"
	"time"
)

var chatUserChecks = []Check{
	{
		ID: "ban.ban", setup: true, Severity: Required, Source: srcAPI + ": ban, unban",
		Title: "A chat user can be banned and unbanned, each twice.",
		Fix:   "Make both calls idempotent, and answer data null.",
		run:   checkBan,
	},
	{
		ID: "ban.timed", Severity: Required, Source: srcAPI + ": timedBan",
		Title: "A chat user can be banned for some seconds; banTime is a number greater than 0, else 400.",
		Fix:   "The path is timedBan, in camel case; read banTime as seconds.",
		run:   checkTimedBan,
	},
	{
		ID: "ban.unknown", Severity: Required, Source: srcSetup + ": 404",
		Title: "Banning in a live that does not exist, or a user who does not exist, is answered with 404.",
		Fix:   "Look both up first.",
		run:   checkBanUnknown,
	},
	{
		ID: "managers.grant", setup: true, Severity: Required, Source: srcAPI + ": mod, unmod",
		Title: "The right of a chat manager can be granted and taken away, each twice.",
		Fix:   "Make both calls idempotent, and answer data null.",
		run:   checkManagers,
	},
	{
		ID: "managers.unknown", Severity: Required, Source: srcSetup + ": 404",
		Title: "Granting the right in a live or to a user that does not exist is answered with 404.",
		Fix:   "Look both up first.",
		run:   checkManagersUnknown,
	},
}

// target is a chat user to ban: the second account, never somebody real.
func (p *probe) target() string {
	p.secondAccount()
	if p.strangerUser.ID == "" {
		p.skip("the second account has no userId")
	}
	return p.strangerUser.ID
}

func checkBan(p *probe) {
	m := p.withLives()
	user := p.target()
	err := m.ban(p.first.ID, user)
	p.find(APIBan, err)
	p.with(APIBan)
	p.did(err, "ban")
	p.did(m.ban(p.first.ID, user), "a second ban")
	p.did(m.unban(p.first.ID, user), "unban")
	p.did(m.unban(p.first.ID, user), "a second unban")
}

func checkTimedBan(p *probe) {
	m := p.with(APIBan)
	user := p.target()
	p.did(m.timedBan(p.first.ID, user, time.Minute), "a ban for a minute")
	p.did(m.timedBan(p.first.ID, user, 2*time.Minute), "a second ban, for two minutes")
	p.did(m.unban(p.first.ID, user), "unban")
	for name, body := range inOrder(map[string]any{
		"0": fields{"banTime": 0}, "-1": fields{"banTime": -1}, "a text": fields{"banTime": "60"}, "nothing": fields{},
	}) {
		err := p.raw(m.request(http.MethodPut, "/live/{liveId}/timedBan/{userId}", body, p.first.ID, user))
		if !p.refused(err, "banTime of "+name, http.StatusBadRequest) && err == nil {
			p.did(m.unban(p.first.ID, user), "unban")
		}
	}
}

func checkBanUnknown(p *probe) {
	m := p.with(APIBan)
	user := p.target()
	p.refused(m.ban(noSuchID, user), "a ban in a live that does not exist", http.StatusNotFound)
	p.refused(m.unban(noSuchID, user), "an unban in a live that does not exist", http.StatusNotFound)
	p.refused(m.ban(p.first.ID, noSuchID), "a ban of a user who does not exist", http.StatusNotFound)
}

func checkManagers(p *probe) {
	m := p.withLives()
	user := p.target()
	err := m.addManager(p.first.ID, user)
	p.find(APIManagers, err)
	p.with(APIManagers)
	p.did(err, "mod")
	p.did(m.addManager(p.first.ID, user), "a second mod")
	p.did(m.removeManager(p.first.ID, user), "unmod")
	p.did(m.removeManager(p.first.ID, user), "a second unmod")
}

func checkManagersUnknown(p *probe) {
	m := p.with(APIManagers)
	user := p.target()
	p.refused(m.addManager(noSuchID, user), "mod in a live that does not exist", http.StatusNotFound)
	p.refused(m.removeManager(noSuchID, user), "unmod in a live that does not exist", http.StatusNotFound)
	p.refused(m.addManager(p.first.ID, noSuchID), "mod of a user who does not exist", http.StatusNotFound)
}
