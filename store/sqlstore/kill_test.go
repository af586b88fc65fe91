package sqlstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore"
)

// writerFile, when it is set, makes the test binary a process that writes to
// this file until it is killed.
const writerFile = "SQLSTORE_TEST_WRITER_FILE"

// writeForever prints a line after each message that the store acknowledged.
func writeForever(file string) error {
	ctx := context.Background()
	s, err := sqlstore.Open(ctx, "sqlite:"+file, prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		return err
	}
	for i := 1; ; i++ {
		if err := s.SendMessage(ctx, "owner", "live", fmt.Sprint(i)); err != nil {
			return errors.Join(err, s.Close())
		}
		fmt.Println(i)
	}
}

// What was acknowledged is there after the process was killed, at whatever
// point, and the file is sound.
func TestAcknowledgedWritesSurviveKill(t *testing.T) {
	t.Parallel()
	file, c := newMigratedFile(t), newClock()
	s := openFile(t, file, options(c))
	seed(t, s)
	must(t, s.PutLive(t.Context(), prism.Live{ID: "live", ChannelID: "enabled", Title: "A"}))
	must(t, s.Close())

	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), writerFile+"="+file)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	acknowledged := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if acknowledged++; acknowledged == 200 {
			must(t, cmd.Process.Kill())
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Success() {
		t.Fatalf("the writing process: %v, want it killed", err)
	}
	if acknowledged < 200 {
		t.Fatalf("the writing process ended after %d messages", acknowledged)
	}

	again := openFile(t, file, options(c))
	live, err := again.Live(t.Context(), "owner", "live")
	must(t, err)
	if live.Stats.Chats < int64(acknowledged) {
		t.Errorf("%d messages are there, %d were acknowledged", live.Stats.Chats, acknowledged)
	}
	var verdict string
	must(t, hostDB(t, file, "_query_only=on").QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict))
	if verdict != "ok" {
		t.Errorf("integrity_check: %s", verdict)
	}
}
