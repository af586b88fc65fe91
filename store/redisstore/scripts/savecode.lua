-- KEYS: code, user, expiry
-- ARGV: prefix, attempt, ttl, entry, expires, then the fields of the code
local saved = redis.call('HGET', KEYS[1], 'saved_by')
if saved then
  return saved == ARGV[2] and 'saved' or 'exists'
end
redis.call('HSET', KEYS[1], 'saved_by', ARGV[2], 'expires', ARGV[5], unpack(ARGV, 6))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
index(KEYS[2], ARGV[5], ARGV[4], ARGV[3])
index(KEYS[3], ARGV[5], ARGV[4], ARGV[3])
return 'saved'
