package sqlstore

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

// plan is a statement and the indexes that its plan must name.
type plan struct {
	query string
	uses  []string
}

// planned are the statements that run often, or on tables that grow, with the
// indexes that their plans must name on every engine.
var planned = map[string]plan{
	"findUser":          {query: findUser},
	"findChannel":       {query: findChannel},
	"listChannels":      {query: listChannels, uses: []string{"prism_channel_by_owner"}},
	"findLive":          {query: findLive, uses: []string{"prism_viewer_by_broadcast"}},
	"findAnyLive":       {query: findAnyLive},
	"findByKey":         {query: findByKey, uses: []string{"prism_live_by_key"}},
	"listLives":         {query: listLives, uses: []string{"prism_live_by_channel", "prism_live_by_status"}},
	"listLivesByStatus": {query: listLivesByStatus, uses: []string{"prism_live_by_status"}},
	"listOnAir":         {query: listOnAir, uses: []string{"prism_live_on_air"}},
	"listIdle":          {query: listIdle, uses: []string{"prism_ingest_by_seen"}},
	"chatAfter":         {query: chatAfter},
	"chatLatest":        {query: chatLatest},
	"anyChatAfter":      {query: anyChatAfter},
	"anyChatLatest":     {query: anyChatLatest},
	"findState":         {query: findState},
	"findOnAir":         {query: findOnAir},
	"findChat":          {query: findChat},
	"findAuthor":        {query: findAuthor},
	"lockChannelOf":     {query: lockChannelOf},
	"seeViewer":         {query: seeViewer},
	"findViewer":        {query: findViewer},
	"nextWatched":       {query: nextWatched},
	"pastViewers":       {query: pastViewers, uses: []string{"prism_viewer_by_broadcast"}},
	"findBroadcasts":    {query: findBroadcasts + in(2)},
	"startIngest":       {query: startIngest},
	"seeIngest":         {query: seeIngest},
	"endIngest":         {query: endIngest},
	"findCode":          {query: findCode},
	"findToken":         {query: findToken},
	"revokeFamily":      {query: revokeFamily},
	"revokeUser":        {query: revokeUser, uses: []string{"prism_oauth_family_by_user"}},
	"markUsed":          {query: markUsed},
	"listFamilies":      {query: listFamilies, uses: []string{"prism_oauth_family_by_user"}},
	"emptyFamilies":     {query: emptyFamilies, uses: []string{"prism_oauth_family_empty"}},
	"expiredCodes":      {query: expiredCodes, uses: []string{"prism_oauth_code_by_expiry"}},
	"expiredTokens":     {query: expiredTokens, uses: []string{"prism_oauth_token_by_expiry"}},
	"endedBans":         {query: endedBans, uses: []string{"prism_ban_by_end"}},
	"findStanding":      {query: findStanding},
	"findSeen":          {query: findSeen},
	"lockTwoLives":      {query: lockTwoLives},
	"addLikes":          {query: addLikes},
	"readStats":         {query: readStats + in(2) + inOrderOfLives},
	"findHolder":        {query: findHolder},
	"releaseLease":      {query: releaseLease},
}

// checkPlans holds the plan of every planned statement against the indexes
// that it must name, and its steps against the rule that none grows with a
// table.
func checkPlans(t *testing.T, e *engine, explain func(t *testing.T, query string) []string, grows func(name, step string) bool) {
	t.Helper()
	all := maps.Clone(planned)
	all["findDuplicates"] = plan{e.findDuplicates(""), []string{"prism_live_unused", "prism_live_by_creation"}}
	all["findViewers"] = plan{query: e.findViewers(2)}
	all["putStats"] = plan{query: e.putStats(2)}
	for name, tc := range all {
		t.Run(name, func(t *testing.T) {
			plan := explain(t, tc.query)
			for _, index := range tc.uses {
				if !strings.Contains(strings.Join(plan, "\n"), index) {
					t.Errorf("the plan does not use %s", index)
				}
			}
			for _, step := range plan {
				if grows(name, step) {
					t.Errorf("the plan has a step that grows with the table: %s", step)
				}
			}
			if t.Failed() {
				t.Logf("the plan:\n%s", strings.Join(plan, "\n"))
			}
		})
	}
}

// Every planned statement finds its rows in an index and in the order that it
// wants them.
func TestSQLiteUsesIndexes(t *testing.T) {
	t.Parallel()
	s := filled(t, "sqlite:"+filepath.Join(t.TempDir(), "prism.db"), nil)
	// What else a plan may do besides searching an index.
	const sortsList = "USE TEMP B-TREE FOR ORDER BY" // of lives that were picked in an index
	also := map[string][]string{
		"listLives":         {sortsList, "SCAN listed", "SCAN newest"},
		"listLivesByStatus": {sortsList, "SCAN listed"},
		// These indexes hold what is wanted and nothing else, in this order.
		"listOnAir":     {"SCAN l USING INDEX prism_live_on_air"},
		"emptyFamilies": {"SCAN prism_oauth_family USING COVERING INDEX prism_oauth_family_empty"},
	}
	for _, name := range []string{"putStats", "findViewers"} {
		also[name] = []string{"SCAN 2 CONSTANT ROWS", "SCAN r", "SCAN h"} // what the caller names
	}
	for _, name := range []string{"chatAfter", "chatLatest", "anyChatAfter", "anyChatLatest"} {
		also[name] = []string{"SCAN m"} // the messages of the page
	}
	checkPlans(t, &sqlite, func(t *testing.T, query string) []string {
		t.Helper()
		return explain(t, s, query)
	}, func(name, step string) bool {
		bad := strings.HasPrefix(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") || strings.Contains(step, "AUTOMATIC")
		for _, ok := range also[name] {
			bad = bad && !strings.HasPrefix(step, ok)
		}
		return bad
	})
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
