package readme

import (
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// fragments are the snippets in the pages of the adapters. They are parts of a
// function: given is what stands before it, uses what the reader goes on with.
var fragments = []struct {
	page  string
	given []string
	uses  []string
}{
	{
		page: "adapters/ingest/README.md",
		given: []string{
			`import ("go.uber.org/zap"; "ADAPTER"; "github.com/b2bprism/b2bprism/prism")
			func snippet(store prism.IngestStore, svc *prism.Service, secret string, log *zap.Logger)`,
			`import ("context"; "go.uber.org/zap"; "ADAPTER"; "github.com/b2bprism/b2bprism/prism")
			func snippet(ctx context.Context, cfg prism.Config, store interface { prism.LiveStore; prism.IngestStore }, table ingest.LiveStationChannels,
				access, secretKey, secret string, cdn ingest.LiveStationCDN, log *zap.Logger)`,
		},
		uses: []string{"_, _, _, _ = hooks, poller, watcher, err", "_, _ = live, err"},
	},
	{
		page: "adapters/idp/README.md",
		given: []string{`import ("ADAPTER"; "github.com/b2bprism/b2bprism/oauth"; "github.com/b2bprism/b2bprism/prism")
			func snippet(secrets []oauth.Secret, upstreamSecret, redirectURI string, store any)`},
		uses: []string{"_ = err"},
	},
	{
		page: "adapters/promprism/README.md",
		given: []string{`import ("log"; "github.com/prometheus/client_golang/prometheus"; "ADAPTER"; "github.com/b2bprism/b2bprism/adapters/ingest"
			"github.com/b2bprism/b2bprism/oauth"; "github.com/b2bprism/b2bprism/prism")
			func snippet(store prism.Audience, oauthConfig oauth.Config, prismConfig prism.Config, events ingest.Events)`},
		uses: []string{""},
	},
	{
		page: "adapters/otelprism/README.md",
		given: []string{`import ("log"; "go.opentelemetry.io/otel/metric"; "go.opentelemetry.io/otel/trace"; "ADAPTER"
			"github.com/b2bprism/b2bprism/adapters/ingest"; "github.com/b2bprism/b2bprism/oauth"; "github.com/b2bprism/b2bprism/prism")
			func snippet(tracerProvider trace.TracerProvider, meterProvider metric.MeterProvider, store prism.Audience, oauthConfig oauth.Config,
				prismConfig prism.Config, events ingest.Events)`},
		uses: []string{""},
	},
}

func TestSnippetsOfAdaptersCompile(t *testing.T) {
	t.Parallel()
	for _, f := range fragments {
		t.Run(f.page, func(t *testing.T) {
			t.Parallel()
			found := snippets(t, f.page)
			if len(found) != len(f.given) {
				t.Fatalf("%d snippets, want %d", len(found), len(f.given))
			}
			adapter := path.Dir(f.page)
			for i, snippet := range found {
				given := strings.Replace(f.given[i], "ADAPTER", "github.com/b2bprism/b2bprism/"+adapter, 1)
				compiles(t, filepath.Join(root, adapter), "package main\n"+given+" {\n"+snippet+f.uses[i]+"\n}\nvar _ = snippet\nfunc main() {}\n")
			}
		})
	}
}
