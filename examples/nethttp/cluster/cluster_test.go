package cluster

import (
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/b2bprism/b2bprism/examples/internal/child"
	"github.com/b2bprism/b2bprism/examples/internal/quickstart"
	"github.com/b2bprism/b2bprism/examples/internal/redistest"
	"github.com/b2bprism/b2bprism/oauth"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/redisstore"
	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	redirectURI = "https://global.apis.naver.com/prism/prism-auth-api/oauth/partner/4711"
	instances   = 3
)

// Three instances lose one of them, PostgreSQL and Redis, each at once and in
// the middle of the work. Nothing that was acknowledged is lost, nothing is
// done twice, and who is not served is told so in time.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	findNginx(t)
	database := sqlstoretest.NewPostgreSQL(t)
	dsn := database.Schema(t)
	keys := redistest.Start(t)

	folder := t.TempDir()
	credentials, streamers := writeCredentials(t, filepath.Join(folder, "credentials.json"))
	front := balancer{Addr: child.Address(t)}
	var flags [][]string
	for range instances {
		addr := child.Address(t)
		front.Instances = append(front.Instances, addr)
		flags = append(flags, []string{
			"-addr", addr, "-public-url", "https://" + front.Addr, "-trusted-proxy", "127.0.0.0/8",
			"-db", dsn, "-redis", keys.URL(), "-credentials", credentials.file, "-redirect-uri", redirectURI,
			"-no-demo", "-rtmp", "rtmp://ingest.example.com/live", "-ingest-timeout", "0",
		})
	}
	// At once, so that they also make the tables at once.
	apps := quickstart.LaunchAll(t, quickstart.Build(t), flags...)
	front.Certificate = apps[0].CertificateFile()
	front.Key = strings.Replace(front.Certificate, "cert", "key", 1)
	front.start(t)

	watch := watchChannels(t, dsn)
	answers := newAnswers(t)
	answers.expect("sign-in")
	gateway := apps[0].Gateway()
	gateway.Recorder, gateway.MaxAnswerTime = answers.record, -1
	t.Cleanup(gateway.CloseIdleConnections)
	l := newLoad(t, gateway, answers, streamers)

	l.calm("at the beginning", 2)
	l.disturb("an instance is killed", func() { apps[1].Kill() }, func() { apps[1].Relaunch() }, lost)
	if front.failures(t) == 0 {
		t.Error("nginx has not noticed that an instance was killed, so this shows nothing")
	}
	// nginx gives the instance a try when its fail_timeout is over.
	again := len(apps[1].Log())
	served := func() bool { return strings.Contains(apps[1].Log()[again:], `"url":"/prism/`) }
	for n := 0; n == 0 || n < 20 && !served(); n++ {
		l.calm("after the instance", 1)
	}
	if !served() {
		t.Error("the instance that was started again gets no requests")
	}
	noticed := l.disturb("PostgreSQL crashes", func() { database.Kill(t) }, func() { database.Start(t) }, unavailable, timedOut)
	l.calm("after PostgreSQL", 1)
	noticed = min(noticed, l.disturb("Redis is killed", keys.Kill, keys.Restart, unavailable, timedOut))
	l.disturb("Redis hangs", func() {
		failed := answers.afterFailures(3) // lives go on without Redis: only tokens and chat are refused
		keys.Pause()
		defer keys.Resume()
		select {
		case <-failed:
		case <-time.After(20 * time.Second):
			t.Error("Redis hangs, and nobody is told")
		}
	}, nil, unavailable, timedOut)
	if noticed == 0 {
		t.Error("PostgreSQL or Redis was away and no request noticed it, so this shows nothing")
	}
	l.calm("at the end", 2)

	l.check(t, dsn, keys, front.repeatedStarts(t))
	watch.end(t)
	t.Logf("%d rounds of %d channels, %d sign-ins and %d chats\n%s", l.rounds, len(l.channels), len(l.families), len(l.chats), answers.table())

	secrets := l.secrets(credentials, dsn, keys.Password)
	front.wantNoSecrets(t, secrets)
	for i, app := range apps {
		app.Stop()
		wantUsefulLog(t, fmt.Sprintf("instance %d", i), app.Log())
		app.WantNoSecrets(secrets)
	}
}

// check holds both stores against what was acknowledged.
func (l *load) check(t *testing.T, dsn string, keys *redistest.Server, repeatedStarts map[string]int) {
	t.Helper()
	db := openDatabase(t, dsn)
	lives, err := readLives(db)
	if err != nil {
		t.Fatal(err)
	}
	var b broadcastSum
	for _, c := range l.channels {
		c.check(lives, repeatedStarts, &b)
	}
	tokens, err := redisstore.New(keys.Client(), redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var s tokenSum
	for _, f := range l.families {
		f.check(t, tokens, &s)
	}
	for _, c := range l.codes {
		c.check(t, l, tokens, &s)
	}
	var m chatSum
	for _, c := range l.chats {
		c.check(t, &m)
	}
	t.Logf("lives: %d creations acknowledged, %d done without; %d starts asked, %d broadcasts certain, %d counted; %d channels on air",
		b.creates, b.lost, b.starts, b.certain, b.broadcasts, b.onAir)
	t.Logf("tokens: %d pairs acknowledged in up to %d generations; %d codes issued, %d redeemed", s.pairs, s.generations, s.codes, s.redeemed)
	t.Logf("chat: %d messages acknowledged, %d found, %d of unknown outcome", m.sent, m.found, m.unknown)
}

func openDatabase(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal("the DSN is not valid")
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// credentials is the file that the instances share.
type credentials struct {
	file   string
	hidden map[string]string
}

// writeCredentials makes the file, with three streamers of two channels each.
func writeCredentials(t *testing.T, file string) (credentials, []streamer) {
	t.Helper()
	type channel struct {
		ChannelID string `json:"channelId"`
		Enabled   bool   `json:"enabled"`
	}
	type user struct {
		Login    string    `json:"login"`
		Password string    `json:"password"`
		UserID   string    `json:"userId"`
		Channels []channel `json:"channels"`
	}
	made := credentials{file: file, hidden: map[string]string{"admin's password": rand.Text()}}
	var users []user
	var streamers []streamer
	for _, name := range []string{"haneul", "bada", "sora"} {
		u := user{Login: name, Password: rand.Text(), UserID: "user-" + name}
		s := streamer{login: prismtest.Credentials{Account: u.Login, Password: u.Password}}
		for _, id := range []string{name + "-1", name + "-2"} {
			u.Channels = append(u.Channels, channel{id, true})
			s.channels = append(s.channels, id)
		}
		made.hidden["password of "+name] = u.Password
		users, streamers = append(users, u), append(streamers, s)
	}
	id, secret := oauth.NewCredentials()
	made.hidden["client secret"] = secret
	text, err := json.Marshal(map[string]any{
		"clientId": id, "clientSecret": secret, "redirectUri": redirectURI, "users": users,
		"admin": map[string]string{"login": "admin", "password": made.hidden["admin's password"]},
	})
	if err = errors.Join(err, os.WriteFile(file, text, 0o600)); err != nil {
		t.Fatal(err)
	}
	return made, streamers
}
