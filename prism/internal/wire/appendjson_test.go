package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// byReflection is what encoding/json makes of v.
func byReflection(t interface{ Fatal(...any) }, v any) string {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func TestAnswersAreThoseOfEncodingJSON(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{"", `a"b`, `a\b`, "a\u2028b", "a\u2029b", "<&>", "방송", "\x7f", "\xff", "😀", "a\tb\nc\x00"}))
	nullable := rapid.Map(text, func(s string) Nullable { return Nullable(s) })
	at := rapid.Custom(func(t *rapid.T) Time {
		zone := time.FixedZone("", rapid.IntRange(-14*60, 14*60).Draw(t, "offset")*60)
		return rapid.OneOf(rapid.Just(Time{}), rapid.Map(rapid.Int64Range(0, 1<<38),
			func(seconds int64) Time { return TimeIn(time.Unix(seconds, 0), zone) })).Draw(t, "time")
	})
	live := rapid.Custom(func(t *rapid.T) Live {
		return Live{
			LiveID: text.Draw(t, "liveId"), Title: text.Draw(t, "title"), Description: text.Draw(t, "description"),
			ReservedAt: at.Draw(t, "reservedAt"), StartAt: at.Draw(t, "startAt"), RTMPPath: text.Draw(t, "rtmpPath"),
			Status: text.Draw(t, "status"), Scope: text.Draw(t, "scope"), LiveLink: text.Draw(t, "liveLink"),
			LiveStat: LiveStat{rapid.Int64().Draw(t, "views"), rapid.Int64().Draw(t, "viewers"), rapid.Int64().Draw(t, "likes"),
				rapid.Int64().Draw(t, "chats")},
		}
	})
	message := rapid.Custom(func(t *rapid.T) Message {
		return Message{
			MessageID: nullable.Draw(t, "messageId"), MessageAt: at.Draw(t, "messageAt"), Message: text.Draw(t, "message"),
			AuthorID: text.Draw(t, "authorId"), AuthorName: text.Draw(t, "authorName"),
			AuthorProfileThumbnail: nullable.Draw(t, "thumbnail"),
			IsLiveOwner:            rapid.Bool().Draw(t, "owner"), IsLiveManager: rapid.Bool().Draw(t, "manager"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		id, l := text.Draw(t, "id"), live.Draw(t, "live")
		for _, data := range []any{
			&LiveData{ChannelID: id, Live: l},
			FlatLiveData{ChannelID: id, Nested: l, Live: l},
			LivesData{ChannelID: id, Lives: rapid.SliceOfN(live, 0, 3).Draw(t, "lives")},
			LivesData{ChannelID: id},
			ChatData{LiveID: id, NextPageToken: text.Draw(t, "next"), Messages: rapid.SliceOfN(message, 0, 3).Draw(t, "messages")},
		} {
			if _, ok := data.(appender); !ok {
				t.Fatalf("%T does not write itself", data)
			}
			var buf bytes.Buffer
			if err := Success(&buf, data); err != nil {
				t.Fatal(err)
			}
			if want := byReflection(t, &Envelope{Success: true, Data: data}); buf.String() != want {
				t.Fatalf("got\n%swant\n%s", buf.String(), want)
			}
		}
	})
}

// TestHandWrittenFormsKnowTheirFields fails when a field is added to a type
// that is written by hand: the random values above are then lacking too.
func TestHandWrittenFormsKnowTheirFields(t *testing.T) {
	t.Parallel()
	for form, fields := range map[reflect.Type]int{
		reflect.TypeFor[Live](): 10, reflect.TypeFor[LiveStat](): 4, reflect.TypeFor[Message](): 8, reflect.TypeFor[LiveData](): 2,
		reflect.TypeFor[FlatLiveData](): 3, reflect.TypeFor[LivesData](): 2, reflect.TypeFor[ChatData](): 3,
	} {
		if form.NumField() != fields {
			t.Errorf("%v has %d fields: write them in appendjson.go and draw them in the test above", form, form.NumField())
		}
	}
}

func BenchmarkSuccess(b *testing.B) {
	started := TimeIn(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), time.UTC)
	data := &LiveData{ChannelID: "channel", Live: Live{LiveID: "live", Title: "Title", Description: "Description",
		ReservedAt: started, StartAt: started, RTMPPath: "rtmp://host/app/key", Status: "ON_AIR", Scope: "PUBLIC",
		LiveLink: "https://example.com/live", LiveStat: LiveStat{1, 2, 3, 4}}}
	var buf bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		buf.Reset()
		if err := Success(&buf, data); err != nil {
			b.Fatal(err)
		}
	}
}
