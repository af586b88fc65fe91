package check

import (
	"context"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/internal/gateway"
)

// How long pictures are pushed, and how long the server has to take the first.
const (
	pushTime   = 6 * time.Second
	acceptTime = 15 * time.Second
)

var rtmpChecks = []Check{
	{
		ID: "rtmp.push", Severity: Required, Source: srcAPI + ": lives",
		Title: "The ingest takes a picture at rtmpPath after the start, and the live stays on air meanwhile.",
		Fix:   "Open the RTMP port; admit a publish whose key belongs to a live on air, and tolerate a short race with the start.",
		run:   checkPush,
	},
	{
		ID: "rtmp.unknown-key", Severity: Security, Source: srcAPI + ": lives",
		Title: "The ingest refuses a stream key that is none.",
		Fix:   "Check the key in the media server's publish hook.",
		run:   checkUnknownKey,
	},
}

func checkPush(p *probe) {
	m := p.withLives()
	if p.Push == nil {
		p.extra("-rtmp", "no push was asked for (-rtmp)")
	}
	live, err := m.start(p.first.ID)
	p.must(err, "start")
	if err := p.push(live.RTMPPath); err != nil {
		p.last = gateway.Exchange{}
		p.fail("the ingest did not take the picture: %v", err)
	}
	info, err := m.live(p.first.ID)
	p.must(err, "live info")
	if info.Status != onAir {
		p.fail("the live is %s while it is pushed", info.Status)
	}
	if !p.stateless {
		_, err = m.stop(p.first.ID)
		p.must(err, "stop")
	}
}

// push sends pictures for pushTime from the first that was taken. It returns
// nil when the server took them.
func (p *probe) push(path string) error {
	ctx, cancel := context.WithTimeout(p.ctx, acceptTime)
	defer cancel()
	return p.Push(ctx, path, func() { time.AfterFunc(pushTime, cancel) })
}

func checkUnknownKey(p *probe) {
	p.withLives()
	if p.Push == nil {
		p.extra("-rtmp", "no push was asked for (-rtmp)")
	}
	p.last = gateway.Exchange{}
	path := p.first.RTMPPath
	path = path[:strings.LastIndexByte(path, '/')+1] + prism.NewStreamKey()
	if p.push(path) == nil {
		p.fail("the ingest took pictures with a stream key that no live has")
	}
}

var endChecks = []Check{{
	ID: "state.off-air", setup: true, Severity: Required, Source: srcAPI + ": stop",
	Title: "At the end no live of the run is on air.",
	Fix:   "Stop the lives that the report names; a stop must end a live whatever happened before.",
	run:   checkOffAir,
}}

func checkOffAir(p *probe) {
	m := p.withLives()
	if p.stateless {
		p.skip("the service does not manage the state of lives")
	}
	for _, id := range p.made {
		live, err := m.live(id)
		if statusOf(err) == notFound {
			continue
		}
		if !p.did(err, "live info") || live.Status != onAir {
			continue
		}
		stopped, err := m.stop(id)
		if p.did(err, "stop") && stopped.Status == onAir {
			p.fail("live %s is on air after a stop", id)
		}
	}
}
