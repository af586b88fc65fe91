-- KEYS: access or refresh
-- ARGV: prefix
-- It returns the family's id, the token's generation and expiry, and the family, or nothing.
-- It is not marked as read-only: a replica may not know of a revocation yet.
local token = load(KEYS[1])
if not token then
  return false
end
local family = redis.call('HGETALL', recordKey('family', token.family))
if #family == 0 then
  return false
end
return {token.family, token.generation, token.expires, family}
