package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// printRegistration writes what to enter in the NAVER Cloud console, and how to
// sign in. It is for the operator's eyes and goes to standard output, never to
// the log.
func printRegistration(w io.Writer, c credentials, s settings) {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(name, value string) { _, _ = fmt.Fprintf(table, "  %s\t%s\n", name, value) }
	title := func(name string) { _, _ = fmt.Fprintf(table, "\n%s\n", name) }

	title("Ready. Enter this in the NAVER Cloud console (B2B PRISM Live Studio, service registration):")
	row("Service name", "3 to 20 characters; streamers type it into PRISM Live Studio")
	row("Service API domain", c.ServiceAPIDomain)
	row("Authorization URL", c.AuthorizeURL)
	row("Client ID", c.ClientID)
	row("Client secret", c.ClientSecret)
	row("Required APIs", "AUTH, CHANNEL, LIVE")
	row("Optional APIs", "LIVE_CHAT_LIST, LIVE_CHAT_SEND, LIVE_CHAT_DELETE, USER_BAN (with timed ban, unban, mod, unmod)")
	row("Redirect URI", c.RedirectURI)
	if c.RedirectURI == placeholderRedirectURI {
		row("", "The console assigns the SERVICE_ID in it: start again with -redirect-uri then.")
	}

	title("Try it:")
	row("Pages", c.ServiceAPIDomain)
	row("For development", c.InsecureServiceAPIDomain+"  (plain HTTP, this machine only)")
	row("RTMP", c.RTMPBase)
	if s.media == "" {
		row("", "No media server runs with this. Start with -media nginx for real pictures.")
	}
	row("Accounts", s.ownCredentials()+"  (streamers, a viewer and the admin, with their passwords)")
	_ = table.Flush() // a strings.Builder does not fail
	_, _ = fmt.Fprintln(w, text.String())
}
