-- KEYS: state, log
-- ARGV: after (or '' for the latest), limit
-- It returns the live's mark and the messages, oldest first, or nothing.
local mark = redis.call('HGET', KEYS[1], 'mark')
if not mark then
  return false
end
if ARGV[1] ~= '' then
  return {mark, redis.call('XRANGE', KEYS[2], ARGV[1], '+', 'COUNT', ARGV[2])}
end
local latest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', ARGV[2])
local oldestFirst = {}
for i = #latest, 1, -1 do
  oldestFirst[#oldestFirst + 1] = latest[i]
end
return {mark, oldestFirst}
