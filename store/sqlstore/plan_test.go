package sqlstore

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
)

// Every statement that runs often, or on tables that grow, finds its rows in an
// index and in the order that it wants them.
func TestQueriesUseIndexes(t *testing.T) {
	t.Parallel()
	s := migrated(t)

	// What else a plan may do besides searching an index.
	const (
		sortsList = "USE TEMP B-TREE FOR ORDER BY" // of lives that were picked in an index
		scansList = "SCAN listed"
	)
	for name, tc := range map[string]struct {
		query string
		// uses are indexes that the plan must name.
		uses []string
		// also are steps that are fine here.
		also []string
	}{
		"findUser":          {query: findUser},
		"findChannel":       {query: findChannel},
		"listChannels":      {query: listChannels, uses: []string{"prism_channel_by_owner"}},
		"findLive":          {query: findLive, uses: []string{"prism_viewer_by_seen"}},
		"findAnyLive":       {query: findAnyLive},
		"findByKey":         {query: findByKey, uses: []string{"prism_live_by_key"}},
		"listLives":         {query: listLives, uses: []string{"prism_live_by_channel", "prism_live_by_status"}, also: []string{sortsList, scansList, "SCAN newest"}},
		"listLivesByStatus": {query: listLivesByStatus, uses: []string{"prism_live_by_status"}, also: []string{sortsList, scansList}},
		// The index holds the lives on air and nothing else, in this order.
		"listOnAir":     {query: listOnAir, uses: []string{"prism_live_on_air"}, also: []string{"SCAN l USING INDEX prism_live_on_air"}},
		"listIdle":      {query: listIdle, uses: []string{"prism_ingest_by_seen"}},
		"chatAfter":     {query: chatAfter},
		"chatLatest":    {query: chatLatest},
		"anyChatAfter":  {query: anyChatAfter},
		"anyChatLatest": {query: anyChatLatest},
		"findState":     {query: findState},
		"findOnAir":     {query: findOnAir},
		"findChat":      {query: findChat},
		"findAuthor":    {query: findAuthor},
		"seeViewer":     {query: seeViewer},
		"startIngest":   {query: startIngest},
		"seeIngest":     {query: seeIngest},
		"endIngest":     {query: endIngest},
		"findCode":      {query: findCode},
		"findToken":     {query: findToken},
		"revokeFamily":  {query: revokeFamily},
		"revokeUser":    {query: revokeUser, uses: []string{"prism_oauth_family_by_user"}},
		"markUsed":      {query: markUsed},
		"listFamilies":  {query: listFamilies, uses: []string{"prism_oauth_family_by_user"}},
		"emptyFamilies": {query: emptyFamilies, uses: []string{"prism_oauth_family_empty"}, also: []string{"SCAN prism_oauth_family USING COVERING INDEX prism_oauth_family_empty"}},
		"expiredCodes":  {query: expiredCodes, uses: []string{"prism_oauth_code_by_expiry"}},
		"expiredTokens": {query: expiredTokens, uses: []string{"prism_oauth_token_by_expiry"}},
	} {
		t.Run(name, func(t *testing.T) {
			plan := explain(t, s, tc.query)
			for _, index := range tc.uses {
				if !strings.Contains(strings.Join(plan, "\n"), index) {
					t.Errorf("the plan does not use %s", index)
				}
			}
			for _, step := range plan {
				bad := strings.HasPrefix(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") || strings.Contains(step, "AUTOMATIC")
				for _, ok := range tc.also {
					bad = bad && !strings.HasPrefix(step, ok)
				}
				if bad {
					t.Errorf("the plan has a step that grows with the table: %s", step)
				}
			}
			if t.Failed() {
				t.Logf("the plan:\n%s", strings.Join(plan, "\n"))
			}
		})
	}
}

func migrated(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "prism.db"),
		prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func explain(t *testing.T, s *Store, query string) (plan []string) {
	t.Helper()
	args := make([]any, strings.Count(query, "?"))
	rows, err := s.reader.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}
