-- KEYS: family
-- ARGV: prefix, generation
if redis.call('HGET', KEYS[1], 'generation') == ARGV[2] then
  redis.call('HSET', KEYS[1], 'used', '1')
end
return 1
