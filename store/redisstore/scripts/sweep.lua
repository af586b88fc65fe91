-- KEYS: expiry
-- ARGV: prefix, before, limit, ttl
-- It returns how many records it deleted and how many entries it looked at. An
-- entry whose record Redis itself has expired is dropped and does not count.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[2], 'LIMIT', 0, ARGV[3])
local deleted = 0

local function forget(entry, user)
  deleted = deleted + redis.call('DEL', prefix .. entry)
  if user then
    redis.call('ZREM', recordKey('user', user), entry)
  end
end

for _, entry in ipairs(due) do
  local kind, id = string.match(entry, '^(%a+):(.*)$')
  redis.call('ZREM', KEYS[1], entry)
  if kind == 'code' or kind == 'family' then
    forget(entry, redis.call('HGET', prefix .. entry, 'user'))
  else
    local familyID = redis.call('HGET', prefix .. entry, 'family')
    forget(entry)
    if familyID then
      local familyKey = recordKey('family', familyID)
      if redis.call('EXISTS', familyKey) == 1 and redis.call('HINCRBY', familyKey, 'tokens', -1) == 0 then
        -- Nothing can use the family any more: it is due before all else.
        redis.call('ZADD', KEYS[1], '-inf', 'family:' .. familyID)
        keep(KEYS[1], ARGV[4])
      end
    end
  end
end
return {deleted, #due}
