package cluster

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/b2bprism/b2bprism/prism/prismtest"
)

// What happens at once in a round.
const (
	// sequences go live on each channel, of which one only can stay on air.
	sequences = 2
	// starters start the same live of each channel.
	starters = 2
	// redeemers use the same code or refresh token.
	redeemers = 3
	// senders write into each chat, each this many messages.
	senders, messages = 2, 3
	// followers read each chat, each this often.
	followers, polls = 2, 2
)

// load is what PRISM does for a number of streamers, in rounds: all calls of a
// round go out at once, as far as one does not need the answer to another, and
// a round ends when the last is answered.
type load struct {
	t       *testing.T
	gateway *prismtest.Gateway
	answers *answers
	rounds  int

	channels []*channel
	families []*family
	chats    []*chat
	codes    []*code
}

// newLoad signs the streamers in and makes what all rounds share.
func newLoad(t *testing.T, gateway *prismtest.Gateway, a *answers, streamers []streamer) *load {
	t.Helper()
	l := &load{t: t, gateway: gateway, answers: a}
	for _, s := range streamers {
		f := l.newFamily(s)
		l.families = append(l.families, f)
		for _, id := range s.channels {
			l.channels = append(l.channels, l.newChannel(f, id))
		}
		l.chats = append(l.chats, l.newChat(l.channels[len(l.channels)-1]))
	}
	return l
}

// streamer is a member with what the load needs to know.
type streamer struct {
	login    prismtest.Credentials
	channels []string
}

// play plays one round and returns how many requests were not served in it.
func (l *load) play() int {
	l.rounds++
	before := l.answers.failures()
	var calls sync.WaitGroup
	for _, c := range l.channels {
		c.play(l.rounds, &calls)
	}
	for _, c := range l.chats {
		c.play(l.rounds, &calls)
	}
	for _, f := range l.families {
		f.play(&calls)
	}
	l.playCode(&calls)
	calls.Wait()
	for _, f := range l.families {
		f.endRound()
	}
	return l.answers.failures() - before
}

// calm plays rounds in which every request must be served.
func (l *load) calm(phase string, rounds int) {
	l.answers.expect(phase)
	for range rounds {
		l.play()
	}
}

// disturb strikes in the middle of a round, plays two more, repairs in the
// middle of another, and goes on until a round is served as a whole. Without a
// repair, strike does that too. The kinds of answers are those that the
// disturbance explains. It returns how many requests were not served.
func (l *load) disturb(phase string, strike, repair func(), explained ...kind) int {
	l.t.Helper()
	l.answers.expect(phase, explained...)
	before, rounds := l.answers.failures(), l.rounds
	l.during(strike)
	if repair != nil {
		l.play()
		l.play()
		l.during(repair)
	}
	const patience = 8
	for n := 1; l.play() > 0; n++ {
		if n == patience {
			l.t.Fatalf("%s: %d rounds after the repair there are failures still", phase, n)
		}
	}
	failed := l.answers.failures() - before
	l.t.Logf("%s: %d rounds, %d requests were not served", phase, l.rounds-rounds, failed)
	return failed
}

// during plays a round and acts in the middle of it.
func (l *load) during(act func()) {
	begun, over := l.answers.after(40), make(chan struct{})
	go func() { defer close(over); l.play() }()
	select {
	case <-begun:
	case <-over:
	}
	act()
	<-over
}

// acknowledged reports whether a call was. It complains about an answer that
// breaks the wire contract, unless it is nginx's own page.
func (l *load) acknowledged(err error) bool {
	for _, v := range prismtest.Violations(err) {
		if strings.Contains(err.Error(), "status 502") {
			break
		}
		l.t.Errorf("round %d: %v", l.rounds, v)
	}
	return err == nil
}

func (l *load) ctx() context.Context { return l.t.Context() }

func (l *load) errorf(format string, args ...any) {
	l.t.Errorf("round %d: %s", l.rounds, fmt.Sprintf(format, args...))
}
