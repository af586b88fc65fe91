package sqlstore

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/b2bprism/b2bprism/prism"
	"github.com/b2bprism/b2bprism/store/sqlstore/sqlstoretest"
)

// filled makes a store whose tables are large enough that a planner takes an
// index where there is one.
func filled(t *testing.T, dsn string, fill []string) *Store {
	t.Helper()
	ctx := t.Context()
	s, err := Open(ctx, dsn, prism.StoreOptions{RTMPBase: "rtmp://ingest.example.com/live"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	for _, statement := range fill {
		if _, err := s.writer.ExecContext(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return s
}

// rows is the data of the plans: 50,000 users, of whom 500 have 2,000 channels.
// 100 of these have 200 lives each, one of them on air with 100 viewers, of whom
// 5 are still there; 20 of these have 500 viewers of a broadcast before. There
// are two chats of 10,000 messages and 10,000 families
// of tokens. 2,000 lives were never started, a tenth of them duplicates, and
// 100 jobs have leases. series yields the numbers from 1 as i, bytes makes a digest of a
// text.
func rows(series func(n int) string, bytes func(text string) string) []string {
	insert := func(table, columns, values string, n int, where string) string {
		return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s", table, columns, values, series(n), where)
	}
	return []string{
		insert("prism_user", "id, name, thumbnail_url, disabled", "CONCAT('u', i), 'n', '', 0", 50000, "1 = 1"),
		insert("prism_channel", "id, owner_id, name, enabled, link, description, tags, thumbnail_url, follower_count, modified_at, created_at",
			"CONCAT('c', i), CONCAT('u', i % 500 + 1), 'n', 1, '', '', '[]', '', 0, i, i", 2000, "1 = 1"),
		insert("prism_live", "id, channel_id, title, description, scope, status, broadcast, stream_key, key_digest, playback_id, chat_tag, reserved_at, started_at, ended_at, modified_at, created_at",
			"CONCAT('l', i), CONCAT('c', i % 100 + 1), 't', 'd', 'PUBLIC', CASE WHEN i <= 100 THEN 'ON_AIR' ELSE 'END' END, 1, 'k', "+
				bytes("CONCAT('k', i)")+", CONCAT('p', i), 't', i, i, i, i, i", 20000, "1 = 1"),
		insert("prism_live", "id, channel_id, title, description, scope, status, broadcast, stream_key, key_digest, playback_id, chat_tag, reserved_at, modified_at, created_at",
			"CONCAT('r', i), CONCAT('c', i % 100 + 1), CONCAT('t', i), 'd', 'PUBLIC', 'RESERVED', 0, 'k', "+
				bytes("CONCAT('r', i)")+", CONCAT('r', i), 't', i, i, i * 1000000", 2000, "1 = 1"),
		insert("prism_lease", "job, holder, taken_at, until", "CONCAT('j', i), 'h', i, i", 100, "1 = 1"),
		insert("prism_live_stat", "live_id, views, likes, chats, chat_seq, chat_kept", "CONCAT('l', i), 0, 0, 0, 0, 0", 20000, "1 = 1"),
		insert("prism_ingest", "live_id, session, seen_at", "CONCAT('l', i), 's', i", 100, "1 = 1"),
		insert("prism_viewer", "live_id, viewer_id, broadcast, seen_at", "CONCAT('l', i % 100 + 1), CONCAT('v', i), 1, CASE WHEN i % 2000 < 100 THEN 100 ELSE i % 50 END", 10000, "1 = 1"),
		insert("prism_viewer", "live_id, viewer_id, broadcast, seen_at", "CONCAT('l', i % 20 + 1), CONCAT('w', i), 0, i", 10000, "1 = 1"),
		insert("prism_chat", "live_id, seq, at, author_id, text", "CONCAT('l', i % 2 + 1), i, i, CONCAT('u', i % 500 + 1), 'hello'", 20000, "1 = 1"),
		insert("prism_manager", "channel_id, user_id", "CONCAT('c', i % 2000 + 1), CONCAT('u', i + 2)", 50000, "1 = 1"),
		insert("prism_ban", "channel_id, user_id, until", "CONCAT('c', i), CONCAT('u', i + 1), i + 1000", 2000, "1 = 1"),
		insert("prism_oauth_code", "digest, family_id, client_id, user_id, scope, redirect_uri, challenge, expires_at, used_at",
			bytes("CONCAT('c', i)")+", CONCAT('f', i), 'c', CONCAT('u', i % 500 + 1), '', '', '', i, i", 10000, "1 = 1"),
		insert("prism_oauth_family", "id, client_id, user_id, scope, created_at, expires_at, generation, rotated_at, pairs, used, revoked_at, tokens",
			"CONCAT('f', i), 'c', CONCAT('u', i % 500 + 1), '', i, i, 1, i, 1, 1, NULL, CASE WHEN i % 100 = 0 THEN 0 ELSE 2 END", 10000, "1 = 1"),
		insert("prism_oauth_token", "digest, kind, family_id, generation, expires_at",
			bytes("CONCAT('t', i)")+", CASE WHEN i % 2 = 0 THEN 'access' ELSE 'refresh' END, CONCAT('f', i % 10000 + 1), 1, i", 20000, "i % 100 <> 99"),
	}
}

var prismTables = []string{
	"prism_user", "prism_channel", "prism_live", "prism_live_stat", "prism_ingest", "prism_viewer", "prism_chat",
	"prism_manager", "prism_ban", "prism_lease", "prism_oauth_code", "prism_oauth_family", "prism_oauth_token",
}

func TestPostgreSQLUsesIndexes(t *testing.T) {
	t.Parallel()
	fill := rows(
		func(n int) string { return fmt.Sprintf("generate_series(1, %d) AS i", n) },
		func(text string) string { return "sha256((" + text + ")::bytea)" })
	s := filled(t, sqlstoretest.PostgreSQL(t), append(fill, "VACUUM ANALYZE "+strings.Join(prismTables, ", ")))
	checkPlans(t, &postgres, func(t *testing.T, query string) []string {
		t.Helper()
		return explained(t, s, fillIn(query, "sha256('%s')"))
	}, func(name, step string) bool {
		// prism_ingest has a row for each live on air, prism_lease one for each
		// job: they are few.
		scans := strings.Contains(step, "Seq Scan") && !strings.Contains(step, "on prism_ingest") && !strings.Contains(step, "on prism_lease")
		sorts := strings.Contains(step, "Sort") && inIndexOrder[name]
		return scans || sorts
	})
}

// inIndexOrder are the statements that read the beginning of an index whose
// rows can be many: they must not sort.
var inIndexOrder = map[string]bool{
	"listOnAir": true, "listIdle": true, "expiredCodes": true, "expiredTokens": true, "emptyFamilies": true,
	"endedBans": true, "findDuplicates": true, "nextWatched": true, "pastViewers": true,
}

func TestMySQLUsesIndexes(t *testing.T) {
	t.Parallel()
	fill := rows(
		func(n int) string { return fmt.Sprintf("(SELECT seq AS i FROM seq_1_to_%d) numbers", n) },
		func(text string) string { return "UNHEX(SHA2(" + text + ", 256))" })
	s := filled(t, sqlstoretest.MySQL(t), fill)
	for _, table := range prismTables {
		if _, err := s.writer.ExecContext(t.Context(), "ANALYZE TABLE "+table); err != nil {
			t.Fatal(err)
		}
	}
	checkPlans(t, &mysqlEngine, func(t *testing.T, query string) []string {
		t.Helper()
		return explained(t, s, fillIn(query, "UNHEX(SHA2('%s', 256))"))
	}, func(name, step string) bool {
		// id, select_type, table, type and more; derived tables hold what was
		// picked in an index.
		columns := strings.Split(step, "\t")
		scans := columns[3] == "ALL" && !strings.HasPrefix(columns[2], "<")
		sorts := strings.Contains(step, "filesort") && inIndexOrder[name]
		// Then it has not planned anything.
		nothing := strings.Contains(step, "Impossible") || strings.Contains(step, "no matching row")
		return scans || sorts || nothing
	})
}

// fillIn writes values in the place of the arguments, of rows that are there:
// planners look at them. digest is how the engine makes a digest of a text.
func fillIn(query, digest string) string {
	key := "k2"
	if strings.Contains(query, "prism_oauth_code") {
		key = "c2"
	} else if strings.Contains(query, "prism_oauth_token") {
		key = "t2"
	}
	digest = fmt.Sprintf(digest, key)
	for _, column := range []struct{ pattern, value string }{
		{`LIMIT \?`, "LIMIT 50"},
		{`(broadcast|generation) = \?`, "$1 = 1"},
		// All that were never started are old enough.
		{`(d\.created_at <) \?`, "$1 3000000000"},
		{`((?:_at|until|seq) ?(?:[=<>]|<=)) \?`, "$1 50"},
		{`(digest) = \?`, "$1 = " + digest},
		{`(status) = \?`, "$1 = 'END'"},
		{`(kind) = \?`, "$1 = 'access'"},
		{`(session) = \?`, "$1 = 's'"},
		// The live l2 is in the channel c3 of the user u4.
		{`(broadcast <) \?`, "$1 1"},
		{`(live_id >) \?`, "$1 'l2'"},
		{`(live_id|l\.id) = \?`, "$1 = 'l2'"},
		{`(FROM prism_live WHERE id) = \?`, "$1 = 'l2'"},
		{`(FROM prism_live WHERE id IN) \(\?, \?\)`, "$1 ('l2', 'l3')"},
		{`(live_id IN) \(\?, \?\)`, "$1 ('l2', 'l3')"},
		{`CAST\(\? AS (TEXT|BINARY)\)`, "CAST('l2' AS $1)"},
		{`CAST\(\? AS (BIGINT|SIGNED)\)`, "CAST(1 AS $1)"},
		{`likes > \? THEN \? ELSE likes \+ \?`, "likes > 7 THEN 7 ELSE likes + 1"},
		{`(job) = \?`, "$1 = 'j2'"},
		{`(holder) = \?`, "$1 = 'h'"},
		{`(channel_id|c\.id) = \?`, "$1 = 'c3'"},
		{`(viewer_id) = \?`, "$1 = 'v101'"},
		{`(FROM prism_user WHERE id) = \?`, "$1 = 'u4'"},
		{`(owner_id|user_id|u\.id) = \?`, "$1 = 'u4'"},
		{`(WHERE id) = \?`, "$1 = 'f2'"},
	} {
		query = regexp.MustCompile(column.pattern).ReplaceAllString(query, column.value)
	}
	return query
}

// explained is the plan of a query, its columns separated by tabs.
func explained(t *testing.T, s *Store, query string) (plan []string) {
	t.Helper()
	if strings.Contains(query, "?") {
		t.Fatalf("an argument without a value: %s", query)
	}
	rows, err := s.writer.QueryContext(t.Context(), "EXPLAIN "+query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		values, dest := make([]sql.Null[string], len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		err := rows.Scan(dest...)
		step := make([]string, len(columns))
		for i, v := range values {
			step[i] = v.V
		}
		plan = append(plan, strings.Join(step, "\t"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}
