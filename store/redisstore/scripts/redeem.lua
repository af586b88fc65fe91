-- KEYS: code, family, user, access, refresh, expiry
-- ARGV: prefix, attempt, now, client, family id,
--       access expires, access ttl, access entry,
--       refresh expires, refresh ttl, refresh entry,
--       family ttl, family expires, family entry, then the fields of the family
local attempt, now, client, familyID = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local code = load(KEYS[1])
if not code or code.client ~= client or tonumber(now) >= tonumber(code.expires) then
  return 'absent'
end
if code.used then
  -- The driver sends a command again when it lost the answer.
  if code.used_by == attempt then
    return 'redeemed'
  end
  revoke(code.family, now, attempt)
  return 'used'
end
if code.family ~= familyID then
  return 'mismatch'
end
redis.call('HSET', KEYS[1], 'used', now, 'used_by', attempt)
redis.call('HSET', KEYS[2], 'expires', ARGV[13], 'generation', 1, 'tokens', 2, unpack(ARGV, 15))
redis.call('PEXPIRE', KEYS[2], ARGV[12])
index(KEYS[3], ARGV[13], ARGV[14], ARGV[12])
addToken(KEYS[4], ARGV[8], familyID, 1, ARGV[6], ARGV[7])
addToken(KEYS[5], ARGV[11], familyID, 1, ARGV[9], ARGV[10])
return 'redeemed'
