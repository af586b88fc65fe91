package check

import (
	"net/http"
	"slices"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

const fixOwner = "Select by the token's user in the same query, and answer 404 for what is not the user's."

var ownershipChecks = []Check{
	{
		ID: "owner.channel", Severity: Security, Source: srcSetup + ": 404",
		Title: "Another account cannot see the channel nor its lives: 404.", Fix: fixOwner, run: checkForeignChannel,
	},
	{
		ID: "owner.create", Severity: Security, Source: srcSetup + ": 404",
		Title: "Another account cannot make a live on the channel: 404.", Fix: fixOwner, run: checkForeignCreate,
	},
	{
		ID: "owner.live", Severity: Security, Source: srcSetup + ": 404",
		Title: "Another account cannot see a live, whose answer holds the stream key: 404.", Fix: fixOwner, run: checkForeignLive,
	},
	{
		ID: "owner.start", Severity: Security, Source: srcSetup + ": 404",
		Title: "Another account cannot start nor stop a live: 404.", Fix: fixOwner, run: checkForeignStart,
	},
	{
		ID: "owner.update", Severity: Security, Source: srcSetup + ": 404",
		Title: "Another account cannot update a live: 404.", Fix: fixOwner, run: checkForeignUpdate,
	},
	{
		ID: "owner.chat", Severity: Security, Source: srcSetup + ": 404",
		Title: "Another account cannot read, send or delete chat through a live that is not its own: 404.", Fix: fixOwner, run: checkForeignChat,
	},
	{
		ID: "owner.users", Severity: Security, Source: srcSetup + ": 404",
		Title: "Another account cannot ban users nor name managers in a live that is not its own: 404.", Fix: fixOwner, run: checkForeignUsers,
	},
	{
		ID: "owner.oracle", Severity: Security, Source: srcSetup + ": 404",
		Title: "What belongs to another account looks like what does not exist.",
		Fix:   "Send the same status, errorCode, errorName and message for both.",
		run:   checkOracle,
	},
}

// other is the second account, once there are lives of the first.
func (p *probe) other() streamer {
	p.withLives()
	p.secondAccount()
	s := streamer{p, p.stranger}
	list, err := s.channelList()
	if err == nil && slices.ContainsFunc(list.Channels, func(c gateway.Channel) bool { return c.ID == p.channel.ID }) {
		p.need(secondFlags, "the second account may use the channel: name one that may not (-login2, -password2)")
	}
	return s
}

// secondFlags give a second account.
const secondFlags = "-login2, -password2"

// secondAccount skips the check when no second account is signed in.
func (p *probe) secondAccount() {
	switch {
	case p.stranger != nil:
	case p.SecondToken == "" && p.Second.Account == "":
		p.need(secondFlags, "needs a second account (%s)", secondFlags)
	default:
		p.skip("the second account does not work (user.second)")
	}
}

const notFound = http.StatusNotFound

func checkForeignChannel(p *probe) {
	s := p.other()
	_, err := s.channelInfo(p.channel.ID)
	p.refused(err, "the channel for another account", notFound)
	_, err = s.lives(p.channel.ID, "")
	p.refused(err, "the live list for another account", notFound)
}

func checkForeignCreate(p *probe) {
	_, err := p.other().create(p.channel.ID, gateway.NewLive{Title: liveTitle, Scope: prism.ScopePrivate})
	p.refused(err, "create by another account", notFound)
}

func checkForeignLive(p *probe) {
	_, err := p.other().live(p.first.ID)
	p.refused(err, "live info for another account", notFound)
}

func checkForeignStart(p *probe) {
	s := p.other()
	m := p.me()
	before, err := m.live(p.second.ID)
	p.must(err, "live info")
	_, err = s.start(p.second.ID)
	p.refused(err, "start by another account", notFound)
	if p.stateless {
		return
	}
	after, err := m.live(p.second.ID)
	p.must(err, "live info")
	if before.Status != after.Status {
		p.fail("a start by another account made the live %s", after.Status)
	}
	_, err = m.start(p.second.ID)
	p.must(err, "start")
	_, err = s.stop(p.second.ID)
	p.refused(err, "stop by another account", notFound)
	after, err = m.live(p.second.ID)
	p.must(err, "live info")
	if after.Status != onAir {
		p.fail("a stop by another account made the live %s", after.Status)
	}
	_, err = m.stop(p.second.ID)
	p.must(err, "stop")
}

func checkForeignUpdate(p *probe) {
	p.with(APIUpdate)
	s := p.other()
	m := p.me()
	before, err := m.live(p.first.ID)
	p.must(err, "live info")
	update := before.Update()
	update.Title = liveTitle + " by another account"
	_, err = s.update(p.first.ID, update)
	p.refused(err, "update by another account", notFound)
	after, err := m.live(p.first.ID)
	p.must(err, "live info")
	p.compare(after, before, "after an update by another account")
}

func checkForeignChat(p *probe) {
	p.with(APIChat)
	s := p.other()
	m := p.me()
	_, err := s.chat(p.first.ID, nil, 10)
	p.refused(err, "the chat for another account", notFound)
	if p.apis[APIChatSend] {
		p.refused(s.sendChat(p.first.ID, liveTitle), "sending by another account", notFound)
	}
	if !p.apis[APIChatSend] || !p.apis[APIChatDelete] {
		return
	}
	token := m.endOfChat(p.first.ID)
	m.write(p.first.ID, 1)
	page, err := m.chat(p.first.ID, &token, 10)
	p.must(err, "the chat")
	p.remember(p.first.ID, page.Messages)
	if len(page.Messages) != 1 || page.Messages[0].ID == "" {
		return
	}
	p.refused(s.deleteChat(p.first.ID, page.Messages[0].ID), "deleting by another account", notFound)
	after, err := m.chat(p.first.ID, &token, 10)
	p.must(err, "the chat")
	if len(after.Messages) != 1 {
		p.fail("another account deleted a message")
	}
}

func checkForeignUsers(p *probe) {
	s := p.other()
	user := p.user.ID
	if !p.apis[APIBan] && !p.apis[APIManagers] {
		p.skip("the service has no ban and no managers API")
	}
	if p.apis[APIBan] {
		p.refused(s.ban(p.first.ID, user), "ban by another account", notFound)
		p.refused(s.unban(p.first.ID, user), "unban by another account", notFound)
	}
	if p.apis[APIManagers] {
		p.refused(s.addManager(p.first.ID, user), "mod by another account", notFound)
		p.refused(s.removeManager(p.first.ID, user), "unmod by another account", notFound)
	}
}

func checkOracle(p *probe) {
	s := p.other()
	for name, ask := range inOrder(map[string]func(id string) error{
		"live info": func(id string) error { _, err := s.live(id); return err },
		"start":     func(id string) error { _, err := s.start(id); return err },
	}) {
		p.alike(name, ask(p.first.ID), ask(noSuchID))
	}
	_, foreign := s.channelInfo(p.channel.ID)
	_, none := s.channelInfo(noSuchID)
	p.alike("the channel", foreign, none)
}

// alike fails when the answers for what is another's and for what is not
// there differ.
func (p *probe) alike(what string, foreign, none error) {
	a, ok := foreign.(*refusal) //nolint:errorlint // settle makes it, unwrapped
	b, also := none.(*refusal)  //nolint:errorlint // likewise
	if !ok || !also {
		return // owner.live and its like say more
	}
	if *a != *b {
		p.fail("%s: for another's the answer is %d %d %s %q, for what does not exist %d %d %s %q",
			what, a.status, a.code, a.name, a.text, b.status, b.code, b.name, b.text)
	}
}
