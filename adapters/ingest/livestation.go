package ingest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/b2bprism/b2bprism/prism"
)

const (
	// LiveStationURL is the address of the Live Station API.
	LiveStationURL = "https://livestation.apigw.ntruss.com"

	liveStationTimeout = 5 * time.Second
)

// LiveStationOptions describe the access to NAVER Cloud Live Station.
type LiveStationOptions struct {
	// AccessKey and SecretKey are an API key of NAVER Cloud. Required.
	AccessKey, SecretKey string
	// BaseURL is LiveStationURL by default, Region "KR".
	BaseURL, Region string
	// Client makes the calls; nil means http.DefaultClient. A call takes at
	// most 5 s whatever its timeout.
	Client *http.Client
	// Now is the clock, which must be right within 5 min; nil means time.Now.
	Now func() time.Time
}

// LiveStation is a client of the Live Station API, as far as a service that
// takes in lives needs it. It is safe for concurrent use. Its errors wrap
// prism.ErrNotFound for a channel that is not there, prism.ErrForbidden when
// NAVER Cloud refuses the keys, and prism.ErrUnavailable when it does not
// answer; they hold neither keys nor stream keys.
//
// It was tested against the API's documentation, not against Live Station.
type LiveStation struct{ opt LiveStationOptions }

// NewLiveStation returns a client. It makes no call.
func NewLiveStation(opt LiveStationOptions) (*LiveStation, error) {
	if opt.BaseURL == "" {
		opt.BaseURL = LiveStationURL
	}
	if opt.Region == "" {
		opt.Region = "KR"
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	var errs []error
	if opt.AccessKey == "" {
		errs = append(errs, errors.New("ingest: LiveStationOptions.AccessKey is empty"))
	}
	if opt.SecretKey == "" {
		errs = append(errs, errors.New("ingest: LiveStationOptions.SecretKey is empty"))
	}
	if u, err := url.Parse(opt.BaseURL); err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		errs = append(errs, errors.New("ingest: LiveStationOptions.BaseURL is not the URL of a host"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	opt.BaseURL = strings.TrimRight(opt.BaseURL, "/")
	return &LiveStation{opt}, nil
}

// The states of a Live Station channel. The documentation of some versions
// has PUBLISH for LiveStationPublishing.
const (
	LiveStationCreating   = "CREATING"
	LiveStationReady      = "READY"
	LiveStationPublishing = "PUBLISHING"
)

// LiveStationChannel is a channel of Live Station.
type LiveStationChannel struct {
	// ID and Name are Live Station's own.
	ID, Name string
	// Status is LiveStationReady, LiveStationPublishing or another state in
	// which nothing can be published.
	Status string
	// PublishURL is where to publish, GlobalPublishURL the same for
	// publishers abroad.
	PublishURL, GlobalPublishURL string
	// StreamKey is a secret. The formatting methods leave it out.
	StreamKey string
	// RecentPublish tells one publish from the next: Live Station's number
	// for when it began. "" means that there was none.
	RecentPublish string
	// TotalPublishSeconds is how long was published so far.
	TotalPublishSeconds int64
}

// String describes c without its key.
func (c LiveStationChannel) String() string {
	return fmt.Sprintf("live station channel %q (%s)", c.ID, c.Status)
}

// GoString describes c without its key, for %#v.
func (c LiveStationChannel) GoString() string { return c.String() }

// Publishing reports whether a publisher is there.
func (c LiveStationChannel) Publishing() bool {
	return c.Status == LiveStationPublishing || c.Status == "PUBLISH"
}

// RTMPPath is the rtmpPath of a live that is carried by the channel. It
// returns an error that wraps prism.ErrInvalid for a channel that has no
// address or key yet, or one that the PRISM client would misread.
func (c LiveStationChannel) RTMPPath() (string, error) {
	path := prism.RTMPPath(c.PublishURL, c.StreamKey)
	if _, key, err := prism.SplitRTMPPath(path); err != nil || key != c.StreamKey {
		return "", fmt.Errorf("ingest: Live Station channel %q has no usable publish URL and key: %w", c.ID, prism.ErrInvalid)
	}
	return path, nil
}

// Channel returns a channel.
func (s *LiveStation) Channel(ctx context.Context, id string) (LiveStationChannel, error) {
	path, err := channelPath(id)
	if err != nil {
		return LiveStationChannel{}, err
	}
	var answer struct {
		Content struct {
			ChannelID, ChannelName, ChannelStatus   string
			PublishURL, GlobalPublishURL, StreamKey string
			TotalPublishSeconds                     int64
			RecentPublishStartTime                  connectionID
		}
	}
	if err := s.call(ctx, http.MethodGet, path, nil, &answer); err != nil {
		return LiveStationChannel{}, err
	}
	c := answer.Content
	if c.ChannelID != id {
		return LiveStationChannel{}, errors.New("ingest: Live Station: the answer is about another channel")
	}
	recent := string(c.RecentPublishStartTime)
	if recent == "0" {
		recent = ""
	}
	return LiveStationChannel{
		ID: c.ChannelID, Name: c.ChannelName, Status: c.ChannelStatus,
		PublishURL: c.PublishURL, GlobalPublishURL: c.GlobalPublishURL, StreamKey: c.StreamKey,
		RecentPublish: recent, TotalPublishSeconds: c.TotalPublishSeconds,
	}, nil
}

// LiveStationServiceURL is one address where viewers find the pictures.
type LiveStationServiceURL struct {
	Name, URL, Resolution, VideoBitrate, AudioBitrate string
}

// ServiceURLs returns where viewers find the pictures of a channel.
func (s *LiveStation) ServiceURLs(ctx context.Context, id string) ([]LiveStationServiceURL, error) {
	path, err := channelPath(id)
	if err != nil {
		return nil, err
	}
	var answer struct{ Content []LiveStationServiceURL }
	err = s.call(ctx, http.MethodGet, path+"/serviceUrls?serviceUrlType=GENERAL", nil, &answer)
	return answer.Content, err
}

// SetCallback sets where Live Station sends the events of all channels that
// have no address of their own.
func (s *LiveStation) SetCallback(ctx context.Context, callback string) error {
	return s.call(ctx, http.MethodPost, "/api/v2/events/callbackEndpoint", map[string]string{"callbackUrl": callback}, nil)
}

// SetChannelCallback sets where Live Station sends the events of one channel.
func (s *LiveStation) SetChannelCallback(ctx context.Context, id, callback string) error {
	path, err := channelPath(id)
	if err != nil {
		return err
	}
	return s.call(ctx, http.MethodPost, path+"/callbackEndpoint", map[string]string{"callbackEndpoint": callback}, nil)
}

func channelPath(id string) (string, error) {
	if !nameSafe(id) || len(id) > maxServerName {
		return "", fmt.Errorf("ingest: bad id of a Live Station channel: %w", prism.ErrInvalid)
	}
	return "/api/v2/channels/" + id, nil
}

// call makes a signed call. path is as it goes over the wire, query included.
func (s *LiveStation) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, liveStationTimeout)
	defer cancel()
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("ingest: Live Station: request: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, s.opt.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return errors.New("ingest: LiveStationOptions.BaseURL is not a URL")
	}
	timestamp := strconv.FormatInt(s.opt.Now().UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(s.opt.SecretKey))
	mac.Write([]byte(method + " " + path + "\n" + timestamp + "\n" + s.opt.AccessKey))
	for name, value := range map[string]string{
		"x-ncp-apigw-timestamp":    timestamp,
		"x-ncp-iam-access-key":     s.opt.AccessKey,
		"x-ncp-apigw-signature-v2": base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		"x-ncp-region_code":        s.opt.Region,
		"Content-Type":             "application/json",
	} {
		req.Header.Set(name, value)
	}
	status, err := do(s.opt.Client, req, "Live Station", out)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", err, prism.ErrUnavailable)
	case status >= 200 && status <= 299:
		return nil
	case status == http.StatusNotFound:
		return fmt.Errorf("ingest: Live Station: status %d: %w", status, prism.ErrNotFound)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("ingest: Live Station: status %d: %w", status, prism.ErrForbidden)
	case status == http.StatusTooManyRequests || status >= 500:
		return fmt.Errorf("ingest: Live Station: status %d: %w", status, prism.ErrUnavailable)
	}
	return fmt.Errorf("ingest: Live Station: status %d: %w", status, prism.ErrInvalid)
}
