-- KEYS: family
-- ARGV: prefix, attempt, now, family id
revoke(ARGV[4], ARGV[3], ARGV[2])
return 1
