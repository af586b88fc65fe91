-- KEYS: lease
-- ARGV: holder, ttl
-- It returns 1 when the holder has the job now, else 0.
local present = redis.call('GET', KEYS[1])
if present and present ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
