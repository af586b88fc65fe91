package prismtest_test

import (
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/prism/prismtest"
	"github.com/b2bprism/b2bprism/store/memory"
)

func ExampleTestStores() {
	// The adapters over the host's own data. They are tested with a clock that
	// the kit can move on.
	open := func(t *testing.T) prismtest.Fixture {
		clock := time.Now()
		adapters, err := memory.New(prism.StoreOptions{
			RTMPBase: "rtmp://ingest.example.com/live",
			Now:      func() time.Time { return clock },
		})
		if err != nil {
			t.Fatal(err)
		}
		// Put the users minji and juno and two channels of minji's into the
		// host's test data here.
		return prismtest.Fixture{
			Users: adapters, Channels: adapters, Lives: adapters,
			Owner: "minji", Stranger: "juno",
			EnabledChannel: "games", DisabledChannel: "old",
			Advance: func(d time.Duration) { clock = clock.Add(d) },
		}
	}
	// In the host's own package, with the *testing.T of that test:
	_ = func(t *testing.T) { prismtest.TestStores(t, open) }
}

func TestTestStoresTakesWhatAHostHas(t *testing.T) {
	for name, reduce := range map[string]func(f *prismtest.Fixture){
		"required parts only": func(f *prismtest.Fixture) {
			*f = prismtest.Fixture{
				Users: f.Users, Channels: f.Channels, Lives: f.Lives, Owner: f.Owner, Stranger: f.Stranger,
				EnabledChannel: f.EnabledChannel, DisabledChannel: f.DisabledChannel, Resolution: 5 * time.Millisecond,
			}
		},
		"chat that PRISM only reads": func(f *prismtest.Fixture) {
			f.ChatSend, f.ChatDelete, f.Audience, f.Directory, f.Ingest = nil, nil, nil, nil, nil
		},
		"chat both ways": func(f *prismtest.Fixture) {
			f.Audience, f.Directory, f.Ingest, f.Viewer = nil, nil, nil, ""
		},
		"viewers who write, and PRISM does not": func(f *prismtest.Fixture) {
			f.ChatSend, f.Directory, f.Advance = nil, nil, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture {
				f, _ := openFixture(t)
				reduce(&f)
				return f
			})
		})
	}
}

// A fixture that is not complete is told so, all at once, in a child process:
// it fails the test that it is given to.
func TestTestStoresNamesWhatIsMissing(t *testing.T) {
	if os.Getenv(brokenStore) != "" {
		prismtest.TestStores(t, func(t *testing.T) prismtest.Fixture {
			_, s := openFixture(t)
			return prismtest.Fixture{Viewer: "haru", SecondStats: s, SecondSweep: s}
		})
		return
	}
	output := runTest(t, "^TestTestStoresNamesWhatIsMissing$", "an incomplete fixture")
	for _, field := range []string{
		"Users", "Channels", "Lives", "Owner", "Stranger", "EnabledChannel", "DisabledChannel", "SecondStats", "SecondSweep",
	} {
		if !regexp.MustCompile(`\b` + field + `\b`).MatchString(output) {
			t.Errorf("the kit does not name %s:\n%s", field, output)
		}
	}
}

func TestTestStoresTakesSharedData(t *testing.T) {
	shared, _ := openFixture(t)
	for _, run := range []string{"first", "second"} {
		t.Run(run, func(t *testing.T) {
			prismtest.TestStores(t, func(*testing.T) prismtest.Fixture { return shared })
		})
	}
}
