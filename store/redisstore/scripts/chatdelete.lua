-- KEYS: state, log
-- ARGV: mark, number
-- It returns 1 when the message is or was in this live, else 0.
local state = redis.call('HMGET', KEYS[1], 'mark', 'first', 'last')
local number = tonumber(ARGV[2])
if state[1] ~= ARGV[1] or number < tonumber(state[2]) or number > tonumber(state[3]) then
  return 0
end
redis.call('XDEL', KEYS[2], ARGV[2] .. '-0')
return 1
