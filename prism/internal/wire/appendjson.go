package wire

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The answers that PRISM polls are written by hand, field by field: they are
// most of what a service sends, and reflection takes four times as long. The
// bytes are those of encoding/json without HTML escaping, as a test with random
// values holds.

// appender is an answer that writes itself.
type appender interface {
	appendJSON(b []byte) []byte
}

func (d *LiveData) appendJSON(b []byte) []byte {
	b = appendString(append(b, `{"channelId":`...), d.ChannelID)
	b = append(b, `,"live":{`...)
	b = d.Live.appendFields(b)
	return append(b, `}}`...)
}

func (d FlatLiveData) appendJSON(b []byte) []byte {
	b = appendString(append(b, `{"channelId":`...), d.ChannelID)
	b = append(b, `,"live":{`...)
	b = d.Nested.appendFields(b)
	b = append(b, `},`...)
	b = d.appendFields(b) // of the Live that it embeds
	return append(b, '}')
}

func (d LivesData) appendJSON(b []byte) []byte {
	b = appendString(append(b, `{"channelId":`...), d.ChannelID)
	b = append(b, `,"lives":`...)
	b = appendArray(b, d.Lives, func(b []byte, l *Live) []byte { return append(l.appendFields(append(b, '{')), '}') })
	return append(b, '}')
}

func (d ChatData) appendJSON(b []byte) []byte {
	b = appendString(append(b, `{"liveId":`...), d.LiveID)
	b = appendString(append(b, `,"nextPageToken":`...), d.NextPageToken)
	b = append(b, `,"messages":`...)
	b = appendArray(b, d.Messages, appendMessage)
	return append(b, '}')
}

// appendFields writes the fields of a live without the braces around them.
func (l *Live) appendFields(b []byte) []byte {
	b = appendString(append(b, `"liveId":`...), l.LiveID)
	b = appendString(append(b, `,"title":`...), l.Title)
	b = appendString(append(b, `,"description":`...), l.Description)
	b = l.ReservedAt.appendJSON(append(b, `,"reservedAt":`...))
	b = l.StartAt.appendJSON(append(b, `,"startAt":`...))
	b = appendString(append(b, `,"rtmpPath":`...), l.RTMPPath)
	b = appendString(append(b, `,"status":`...), l.Status)
	b = appendString(append(b, `,"scope":`...), l.Scope)
	b = appendString(append(b, `,"liveLink":`...), l.LiveLink)
	b = strconv.AppendInt(append(b, `,"liveStat":{"viewCount":`...), l.LiveStat.ViewCount, 10)
	b = strconv.AppendInt(append(b, `,"viewerCount":`...), l.LiveStat.ViewerCount, 10)
	b = strconv.AppendInt(append(b, `,"likeCount":`...), l.LiveStat.LikeCount, 10)
	b = strconv.AppendInt(append(b, `,"chatCount":`...), l.LiveStat.ChatCount, 10)
	return append(b, '}')
}

func appendMessage(b []byte, m *Message) []byte {
	b = m.MessageID.appendJSON(append(b, `{"messageId":`...))
	b = m.MessageAt.appendJSON(append(b, `,"messageAt":`...))
	b = appendString(append(b, `,"message":`...), m.Message)
	b = appendString(append(b, `,"authorId":`...), m.AuthorID)
	b = appendString(append(b, `,"authorName":`...), m.AuthorName)
	b = m.AuthorProfileThumbnail.appendJSON(append(b, `,"authorProfileThumbnail":`...))
	b = strconv.AppendBool(append(b, `,"isLiveOwner":`...), m.IsLiveOwner)
	b = strconv.AppendBool(append(b, `,"isLiveManager":`...), m.IsLiveManager)
	return append(b, '}')
}

func appendArray[T any](b []byte, list []T, element func([]byte, *T) []byte) []byte {
	if list == nil {
		return append(b, `null`...)
	}
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = element(b, &list[i])
	}
	return append(b, ']')
}

// appendString leaves what needs an escape to encoding/json.
func appendString(b []byte, s string) []byte {
	if plainInJSON(s) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	var escaped strings.Builder
	enc := json.NewEncoder(&escaped)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil { // a string always encodes
		panic(err)
	}
	return append(b, strings.TrimSuffix(escaped.String(), "\n")...)
}

// plainByte tells the bytes that stand in a JSON string as they are.
var plainByte = func() (plain [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// plainInJSON reports whether s stands in a JSON string as it is.
func plainInJSON(s string) bool {
	for i := range len(s) {
		if !plainByte[s[i]] {
			return plainBeyondASCII(s[i:])
		}
	}
	return true
}

func plainBeyondASCII(s string) bool {
	for i := range len(s) {
		if s[i] < utf8.RuneSelf && !plainByte[s[i]] {
			return false
		}
	}
	// encoding/json escapes the two line separators, which JavaScript once did
	// not take in a string.
	return utf8.ValidString(s) && !strings.Contains(s, "\u2028") && !strings.Contains(s, "\u2029")
}
