package console

import (
	"strconv"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// formRow is one field of the registration form.
type formRow struct {
	// Key names the texts of the row, below "form.".
	Key string
	// Value is copied as it is; "" for one that the page does not have.
	Value   string
	Problem problem
}

// registrationForm holds the values against the form's limits. The client
// secret leaves it at that.
func registrationForm(r Registration) []formRow {
	var rows []formRow
	if r.ServiceName != "" {
		rows = append(rows, formRow{"name", r.ServiceName, checkName(r.ServiceName)})
	}
	secret := formRow{Key: "secret"}
	if r.ClientSecret != "" && checkCredential(r.ClientSecret) != fits {
		secret.Problem = secretUnfit
	}
	redirect := formRow{Key: "redirect", Value: r.RedirectURI}
	if r.RedirectURI != "" {
		redirect.Problem = checkRedirectURI(r.RedirectURI)
	}
	return append(rows,
		formRow{"domain", r.ServiceAPIDomain, checkDomain(r.ServiceAPIDomain)},
		formRow{"authorize", r.authorizeURL(), checkAuthorizeURL(r.authorizeURL())},
		formRow{"clientID", r.ClientID, checkCredential(r.ClientID)},
		secret,
		redirect,
	)
}

// capability is one API, or a group of them, and what switches it on.
type capability struct {
	// Code is how the NAVER Cloud console calls it; "" for what has no box
	// there.
	Code string
	// Key names the text of the API.
	Key string
	// Off is the reason why it is off, in the words of the code.
	Off      string
	On       bool
	Required bool
}

func capabilitiesOf(c prism.Capabilities) []capability {
	return []capability{
		{Code: "AUTH", Key: "cap.authorize", On: c.Authorize, Off: "Config.Auth is no prism.AuthorizeEndpoint", Required: true},
		{Code: "AUTH", Key: "cap.token", On: c.Token, Off: "Config.Auth is no prism.TokenEndpoint", Required: true},
		{Code: "CHANNEL", Key: "cap.channel", On: true, Required: true},
		{Code: "LIVE", Key: "cap.live", On: true, Required: true},
		{Code: "LIVE_CHAT_LIST", Key: "cap.chat", On: c.Chat, Off: "Config.Chat is nil"},
		{Code: "LIVE_CHAT_SEND", Key: "cap.chatSend", On: c.ChatSend, Off: "Config.ChatSend is nil"},
		{Code: "LIVE_CHAT_DELETE", Key: "cap.chatDelete", On: c.ChatDelete, Off: "Config.ChatDelete is nil"},
		{Code: "USER_BAN", Key: "cap.ban", On: c.Ban, Off: "Config.Ban is nil"},
		{Key: "cap.managers", On: c.Managers, Off: "Config.Managers is nil"},
		{Key: "cap.update", On: c.Update, Off: "Config.Update is nil"},
	}
}

// setupView is the second view of the page.
type setupView struct {
	Rows         []setupRow
	Capabilities []capabilityRow
	// Boxes are the optional APIs to tick.
	Boxes    string
	Attached bool
	Mount    mountView
}

type setupRow struct {
	ID, Label, Value, Note, Problem, Copy string
}

type capabilityRow struct {
	Code, Label, State, Reason string
	On                         bool
}

// mountView is the state of the check of the mount.
type mountView struct {
	Running, Never, Good bool
	Title                string
	When                 stamp
	Problems             []string
	Domain               string
}

// stamp is a time for people and for machines.
type stamp struct{ Machine, Human, Ago string }

func (v *view) stamp(t time.Time) stamp {
	local := t.In(v.cfg.Location)
	layout := "15:04:05"
	if local.YearDay() != v.now.In(v.cfg.Location).YearDay() {
		layout = "2006-01-02 15:04"
	}
	return stamp{t.UTC().Format(time.RFC3339), local.Format(layout), v.words.ago(v.now.Sub(t))}
}

func (c *Console) setup(v *view) *setupView {
	w := v.words
	s := &setupView{Mount: c.mountView(v)}
	for _, row := range c.form {
		r := setupRow{ID: "value-" + row.Key, Label: w.text("form." + row.Key), Value: row.Value, Note: w.text("form." + row.Key + ".note")}
		if row.Problem != fits {
			r.Problem = w.text(string(row.Problem))
		}
		switch {
		case row.Value != "":
			r.Copy = w.text("copy.label", r.Label)
		case row.Key == "secret" && c.cfg.Registration.ClientSecretAt != "":
			r.Note = w.text("form.secret.at", c.cfg.Registration.ClientSecretAt)
		}
		s.Rows = append(s.Rows, r)
	}
	svc := c.service.Load()
	if svc == nil {
		return s
	}
	s.Attached = true
	var boxes []string
	for _, each := range capabilitiesOf(svc.Capabilities()) {
		row := capabilityRow{Code: each.Code, Label: w.text(each.Key), On: each.On, State: w.text("cap.on")}
		switch {
		case !each.On:
			row.State, row.Reason = w.text("cap.off"), each.Off
		case each.Code != "" && !each.Required:
			boxes = append(boxes, each.Code)
		}
		s.Capabilities = append(s.Capabilities, row)
	}
	s.Boxes = strings.Join(boxes, ", ")
	if s.Boxes == "" {
		s.Boxes = w.text("cap.noBoxes")
	}
	return s
}

func (c *Console) mountView(v *view) mountView {
	latest, running := c.mount.state()
	m := mountView{Running: running, Never: latest.at.IsZero(), Problems: latest.problems, Domain: c.cfg.Registration.ServiceAPIDomain}
	switch {
	case running:
		m.Title = v.words.text("mount.running")
	case m.Never:
		m.Title = v.words.text("mount.never")
	case len(latest.problems) == 0:
		m.Title, m.Good = v.words.text("mount.good"), true
	default:
		m.Title = v.words.text("mount.bad", strconv.Itoa(len(latest.problems)))
	}
	if !m.Never {
		m.When = v.stamp(latest.at)
	}
	return m
}
