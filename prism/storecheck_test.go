package prism_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

func TestStatsReportCheckNamesTheField(t *testing.T) {
	t.Parallel()
	bad, good := int64(-1), int64(0)
	for field, report := range map[string]prism.StatsReport{
		"":            {Set: prism.StatsValues{Views: &good, Viewers: &good, Likes: &good, Chats: &good}, Add: prism.LiveStats{Views: 1}},
		"Set.Views":   {Set: prism.StatsValues{Views: &bad}},
		"Set.Viewers": {Set: prism.StatsValues{Viewers: &bad}},
		"Set.Likes":   {Set: prism.StatsValues{Likes: &bad}},
		"Set.Chats":   {Set: prism.StatsValues{Chats: &bad}},
		"Add.Views":   {Add: prism.LiveStats{Views: bad}},
		"Add.Likes":   {Add: prism.LiveStats{Likes: bad}},
		"Add.Chats":   {Add: prism.LiveStats{Chats: bad}},
		"Add.Viewers": {Add: prism.LiveStats{Viewers: 1}},
	} {
		wantInvalid(t, field, report.Check())
	}
}

func TestCheckLeaseNamesTheArgument(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", prism.MaxLeaseName)
	wantInvalid(t, "", prism.CheckLease(long, long, 1))
	wantInvalid(t, "", prism.CheckRelease(long, long))
	for field, err := range map[string]error{
		"d":      prism.CheckLease("job", "holder", 0),
		"job":    prism.CheckLease("", "holder", time.Minute),
		"holder": prism.CheckRelease("job", long+"x"),
	} {
		wantInvalid(t, field, err)
	}
}

// wantInvalid wants an ErrInvalid that names the field, or no error for "".
func wantInvalid(t *testing.T, field string, err error) {
	t.Helper()
	if field == "" && err == nil {
		return
	}
	if !errors.Is(err, prism.ErrInvalid) || !strings.Contains(err.Error(), field) {
		t.Errorf("%q: got %v", field, err)
	}
}
