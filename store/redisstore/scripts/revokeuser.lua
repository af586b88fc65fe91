-- KEYS: user, expiry
-- ARGV: prefix, attempt, now
-- It returns how many families it revoked.
local revoked = 0
for _, entry in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local kind, id = string.match(entry, '^(%a+):(.*)$')
  if kind == 'family' then
    if revoke(id, ARGV[3], ARGV[2]) then
      revoked = revoked + 1
    end
  elseif redis.call('HEXISTS', prefix .. entry, 'used') == 0 then
    redis.call('DEL', prefix .. entry)
    redis.call('ZREM', KEYS[1], entry)
    redis.call('ZREM', KEYS[2], entry)
  end
end
return revoked
