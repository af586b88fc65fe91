package gateway

import (
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

// StatusAll is the filter of Session.Lives that keeps every live, sent as a
// word. "" does the same by sending no filter.
const StatusAll prism.Status = "ALL"

// legacyOnAir is how documentation before 2026 spells ON_AIR.
const legacyOnAir = "ONAIR"

// Live is a live as PRISM sees it.
type Live struct {
	ID, ChannelID      string
	Title, Description string
	ReservedAt         time.Time
	// ReservedAtText is reservedAt as it came; the PC client echoes it in
	// updates.
	ReservedAtText string
	// StartAt is zero before the start.
	StartAt time.Time
	// RTMPPath is the whole path. RTMPServer and StreamKey are its parts as
	// the PC client splits it.
	RTMPPath, RTMPServer, StreamKey string
	Status                          prism.Status
	// Scope is "" when the answer has none.
	Scope prism.Scope
	// Link is where to watch.
	Link string
	// Stats is nil when the answer has no liveStat.
	Stats *prism.LiveStats
}

// Update returns the update that the PC client sends when the streamer changes
// nothing: all four fields, reservedAt as it came.
func (l Live) Update() LiveUpdate {
	return LiveUpdate{Title: l.Title, Description: l.Description, Scope: l.Scope, ReservedAt: l.ReservedAtText}
}

// liveReader reads lives for one Gateway.
type liveReader struct {
	g         *Gateway
	channelID string
	filter    prism.Status
}

// list reads the data of a live list.
func (lr liveReader) list(o object) []Live {
	o.same("channelId", o.id("channelId", required), lr.channelID)
	list := o.objects("lives")
	lives := make([]Live, 0, len(list))
	ids := seen{}
	onAir := 0
	for _, l := range list {
		live := lr.live(l)
		ids.check(l, "liveId", live.ID)
		if !lr.passes(live.Status) {
			o.r.add(RuleStatusFilter, join(l.path, "status"), "got %s, asked for %s", shown(string(live.Status)), shown(string(lr.filter)))
		}
		if live.Status == prism.StatusOnAir {
			onAir++
		}
		lives = append(lives, live)
	}
	if onAir > 1 {
		o.r.add(RuleOneOnAir, join(o.path, "lives"), "%d lives of the channel are on air", onAir)
	}
	return lives
}

func (lr liveReader) passes(s prism.Status) bool {
	want := lr.filter
	if want == legacyOnAir {
		want = prism.StatusOnAir
	}
	return want == "" || want == StatusAll || !s.Valid() || s == want
}

// one reads data with channelId and live. liveID is the live that was asked
// for, or "".
func (lr liveReader) one(o object, liveID string) Live {
	if id := o.id("channelId", required); lr.channelID == "" {
		lr.channelID = id
	} else {
		o.same("channelId", id, lr.channelID)
	}
	l, ok := o.object("live", required)
	if !ok {
		return Live{}
	}
	live := lr.live(l)
	if liveID != "" {
		l.same("liveId", live.ID, liveID)
	}
	return live
}

// flat is one for start and stop, which repeat the live's fields in data.
func (lr liveReader) flat(o object, liveID string) Live {
	live := lr.one(o, liveID)
	l := o.n.members["live"]
	if l == nil || l.kind != kindObject {
		return live
	}
	for _, key := range l.keys {
		at := join(o.path, key)
		switch again, ok := o.n.members[key]; {
		case !ok:
			o.r.add(RuleFlatFields, at, "the field is in %s.live only", o.path)
		case !again.same(l.members[key]):
			o.r.add(RuleFlatFields, at, "the value differs from that in %s.live", o.path)
		}
	}
	return live
}

func (lr liveReader) live(o object) Live {
	l := Live{
		ID:          o.id("liveId", required),
		ChannelID:   lr.channelID,
		Title:       o.name("title"),
		Description: o.text("description", optional),
		RTMPPath:    o.text("rtmpPath", required),
		Status:      lr.status(o),
		Scope:       prism.Scope(o.text("scope", optional)),
		Link:        o.link("liveLink"),
	}
	o.limit("title", l.Title, prism.MaxTitle)
	o.limit("description", l.Description, prism.MaxDescription)
	l.ReservedAt, l.ReservedAtText = o.date("reservedAt", required)
	l.StartAt, _ = o.date("startAt", nullable)
	if n := o.n.members["scope"]; n != nil && n.kind == kindString && !l.Scope.Valid() {
		o.r.add(RuleLiveScope, join(o.path, "scope"), "got %s", shown(n.text))
	}
	lr.splitRTMPPath(o, &l)
	if s, ok := o.object("liveStat", optional); ok {
		l.Stats = &prism.LiveStats{}
		l.Stats.Views = s.count("viewCount")
		l.Stats.Viewers = s.count("viewerCount")
		l.Stats.Likes = s.count("likeCount")
		l.Stats.Chats = s.count("chatCount")
	}
	return l
}

func (lr liveReader) status(o object) prism.Status {
	n := o.field("status", kindString, required)
	if n == nil {
		return ""
	}
	s := prism.Status(n.text)
	if n.text == legacyOnAir {
		s = prism.StatusOnAir
		if lr.g.AcceptLegacyOnAir {
			return s
		}
	}
	if string(s) != n.text || !s.Valid() {
		o.r.add(RuleLiveStatus, join(o.path, "status"), "got %s", shown(n.text))
	}
	return s
}

// splitRTMPPath fills RTMPServer and StreamKey. No detail of a violation may
// show the key.
func (lr liveReader) splitRTMPPath(o object, l *Live) {
	n := o.n.members["rtmpPath"]
	if n == nil || n.kind != kindString {
		return
	}
	at := join(o.path, "rtmpPath")
	server, key, err := prism.SplitRTMPPath(n.text)
	if err != nil {
		o.r.add(RuleRTMPPath, at, "%s", strings.TrimPrefix(err.Error(), "prism: "))
		return
	}
	l.RTMPServer, l.StreamKey = server, key
	if !lr.g.sameServer(server) {
		o.r.add(RuleRTMPServer, at, "the part before the stream key is not that of the first live seen")
	}
}
