-- KEYS: state, log, deleted, the attempt
-- ARGV: time, mark, limit, ttl, attempt ttl, then the fields of the message
-- It returns the message's number. Number and message come in one step, so that
-- no reader can see a later one first.
local earlier = redis.call('GET', KEYS[4])
if earlier then
  return earlier
end
local number = ARGV[1]
local last = redis.call('HGET', KEYS[1], 'last')
if last then
  -- Not last + 1 alone: Redis may have lost later messages, which readers have.
  number = string.format('%.0f', math.max(tonumber(last) + 1, tonumber(number)))
  redis.call('HSET', KEYS[1], 'last', number)
else
  redis.call('HSET', KEYS[1], 'first', number, 'last', number, 'known', number, 'mark', ARGV[2])
  -- Messages without their state are remains of an eviction.
  redis.call('DEL', KEYS[2], KEYS[3])
end
redis.call('HINCRBY', KEYS[1], 'posted', 1)
redis.call('XADD', KEYS[2], number .. '-0', unpack(ARGV, 6))
if redis.call('XTRIM', KEYS[2], 'MAXLEN', ARGV[3]) > 0 then
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1][1]
  redis.call('HSET', KEYS[1], 'known', string.match(oldest, '%d+'))
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
redis.call('SET', KEYS[4], number, 'PX', ARGV[5])
return number
