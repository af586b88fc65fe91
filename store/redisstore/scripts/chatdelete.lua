-- KEYS: state, log, deleted
-- ARGV: mark, number, limit, ttl
-- It returns 1 when the message is or was in this live, else 0. Below the known
-- numbers, where messages were trimmed, it takes every number for a message's.
local state = redis.call('HMGET', KEYS[1], 'mark', 'first', 'last', 'known')
local number = tonumber(ARGV[2])
if state[1] ~= ARGV[1] or number < tonumber(state[2]) or number > tonumber(state[3]) then
  return 0
end
if redis.call('XDEL', KEYS[2], ARGV[2] .. '-0') == 0 then
  if number < tonumber(state[4]) or redis.call('ZSCORE', KEYS[3], ARGV[2]) then
    return 1
  end
  return 0
end
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[2])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
-- As many are remembered as there are messages, the newest.
local most = tonumber(ARGV[3])
local forgotten = redis.call('ZREVRANGE', KEYS[3], most, most)[1]
if forgotten then
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -most - 1)
  redis.call('HSET', KEYS[1], 'known', string.format('%.0f', math.max(tonumber(state[4]), tonumber(forgotten) + 1)))
end
return 1
