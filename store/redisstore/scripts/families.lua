-- KEYS: user
-- ARGV: prefix
-- It returns all families of the user, and forgets those that have expired.
local families = {}
for _, entry in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if string.sub(entry, 1, 7) == 'family:' then
    local family = redis.call('HGETALL', prefix .. entry)
    if #family == 0 then
      redis.call('ZREM', KEYS[1], entry)
    else
      families[#families + 1] = {string.sub(entry, 8), family}
    end
  end
end
return families
