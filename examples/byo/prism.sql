-- What the site adds for PRISM: one migration, which keeps all that is there.

-- How often a broadcast was started: it may be reused.
ALTER TABLE broadcasts ADD COLUMN runs integer NOT NULL DEFAULT 0;
UPDATE broadcasts SET runs = 1 WHERE state <> 0;

-- At most one broadcast of a studio is live, whoever writes.
UPDATE broadcasts SET state = 2, over_since = now()
WHERE state = 1 AND id NOT IN (SELECT DISTINCT ON (studio_id) id FROM broadcasts WHERE state = 1 ORDER BY studio_id, live_since DESC);
CREATE UNIQUE INDEX broadcasts_one_live ON broadcasts (studio_id) WHERE state = 1;

-- comments.id is drawn before the comment is committed, so that a reader who
-- goes on after the highest id misses one that commits late. seq is given under
-- a lock of the broadcast's row, and is committed in its order.
ALTER TABLE broadcast_counters ADD COLUMN comments bigint NOT NULL DEFAULT 0;
ALTER TABLE comments ADD COLUMN seq bigint;
UPDATE comments SET seq = n FROM (
	SELECT id, row_number() OVER (PARTITION BY broadcast_id ORDER BY id) AS n FROM comments) numbered
WHERE numbered.id = comments.id;
INSERT INTO broadcast_counters (broadcast_id, comments) SELECT broadcast_id, max(seq) FROM comments GROUP BY broadcast_id
ON CONFLICT (broadcast_id) DO UPDATE SET comments = excluded.comments;
ALTER TABLE comments ALTER COLUMN seq SET NOT NULL;
CREATE UNIQUE INDEX comments_in_order ON comments (broadcast_id, seq);

CREATE FUNCTION number_comment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO broadcast_counters AS c (broadcast_id, comments) VALUES (NEW.broadcast_id, 1)
	ON CONFLICT (broadcast_id) DO UPDATE SET comments = c.comments + 1
	RETURNING comments INTO NEW.seq;
	RETURN NEW;
END $$;
CREATE TRIGGER comments_number BEFORE INSERT ON comments FOR EACH ROW EXECUTE FUNCTION number_comment();
