package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/b2bprism/b2bprism/prism"
)

// NewLiveStationChannel says what channel to create. Fields that are zero are
// left to Live Station, where it allows that.
type NewLiveStationChannel struct {
	// Name is 3 to 20 letters, digits and "_". Required.
	Name string
	// EnvType is DEV, STAGE or REAL; OutputProtocol HLS, LL_HLS or "HLS,DASH".
	EnvType, OutputProtocol string
	// QualitySetID is one of Live Station's quality sets. Required.
	QualitySetID int
	CDN          LiveStationCDN
	Record       LiveStationRecord
	// UseDVR keeps TimemachineMin minutes for viewers to go back.
	UseDVR         bool
	TimemachineMin int
	// ImmediateOnAir begins a recording with each publish.
	ImmediateOnAir bool
}

// LiveStationCDN is the CDN of a new channel: a new one, or an instance that is
// there.
type LiveStationCDN struct {
	Create     bool   `json:"createCdn"`
	Type       string `json:"cdnType"` // "GLOBAL_EDGE" when it is ""
	Domain     string `json:"cdnDomain,omitempty"`
	ProfileID  int    `json:"profileId,omitempty"`
	InstanceNo int    `json:"cdnInstanceNo,omitempty"`
	RegionType string `json:"regionType,omitempty"`
}

// LiveStationRecord is how a new channel records.
type LiveStationRecord struct {
	Type          string `json:"type"` // "NO_RECORD" when it is ""
	Format        string `json:"format,omitempty"`
	BucketName    string `json:"bucketName,omitempty"`
	FilePath      string `json:"filePath,omitempty"`
	AccessControl string `json:"accessControl,omitempty"`
}

// CreateChannel creates a channel for RTMP and returns its id. It is CREATING
// at first: Channel tells when it is READY and has its publish URL and key. A
// channel costs money while it exists.
func (s *LiveStation) CreateChannel(ctx context.Context, c NewLiveStationChannel) (string, error) {
	if n := utf8.RuneCountInString(c.Name); n < 3 || n > 20 {
		return "", fmt.Errorf("ingest: NewLiveStationChannel.Name has %d characters, want 3 to 20: %w", n, prism.ErrInvalid)
	}
	if c.QualitySetID <= 0 {
		return "", fmt.Errorf("ingest: NewLiveStationChannel.QualitySetID is missing: %w", prism.ErrInvalid)
	}
	if c.CDN.Type == "" {
		c.CDN.Type = "GLOBAL_EDGE"
	}
	if c.Record.Type == "" {
		c.Record.Type = "NO_RECORD"
	}
	in := struct {
		Name           string            `json:"channelName"`
		EnvType        string            `json:"envType,omitempty"`
		OutputProtocol string            `json:"outputProtocol,omitempty"`
		IngestProtocol string            `json:"ingestProtocol"`
		QualitySetID   int               `json:"qualitySetId"`
		CDN            LiveStationCDN    `json:"cdn"`
		Record         LiveStationRecord `json:"record"`
		UseDVR         bool              `json:"useDvr"`
		TimemachineMin int               `json:"timemachineMin,omitempty"`
		ImmediateOnAir bool              `json:"immediateOnAir"`
		DRM            bool              `json:"drmEnabledYn"`
	}{c.Name, c.EnvType, c.OutputProtocol, "RTMP", c.QualitySetID, c.CDN, c.Record, c.UseDVR, c.TimemachineMin, c.ImmediateOnAir, false}
	var answer struct {
		Content struct{ ChannelID string }
	}
	if err := s.call(ctx, http.MethodPost, "/api/v2/channels", in, &answer); err != nil {
		return "", err
	}
	if _, err := channelPath(answer.Content.ChannelID); err != nil {
		return "", errors.New("ingest: Live Station: the answer names no channel")
	}
	return answer.Content.ChannelID, nil
}
