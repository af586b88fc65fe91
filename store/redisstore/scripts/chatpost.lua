-- KEYS: state, log, the attempt
-- ARGV: first number, mark, limit, ttl, attempt ttl, then the fields of the message
-- It returns the message's number. Number and message come in one step, so that
-- no reader can see a later one first.
local earlier = redis.call('GET', KEYS[3])
if earlier then
  return earlier
end
local number = redis.call('HGET', KEYS[1], 'last')
if number then
  number = string.format('%.0f', tonumber(number) + 1)
  redis.call('HSET', KEYS[1], 'last', number)
else
  number = ARGV[1]
  redis.call('HSET', KEYS[1], 'first', number, 'last', number, 'mark', ARGV[2])
  -- Messages without their state are remains of an eviction.
  redis.call('DEL', KEYS[2])
end
redis.call('HINCRBY', KEYS[1], 'posted', 1)
redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[3], number .. '-0', unpack(ARGV, 6))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('SET', KEYS[3], number, 'PX', ARGV[5])
return number
