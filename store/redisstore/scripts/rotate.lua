-- KEYS: refresh, new access, new refresh, expiry
-- ARGV: prefix, attempt, now, client, grace, max pairs,
--       access expires, access ttl, access entry,
--       refresh expires, refresh ttl, refresh entry, family ttl
-- It returns the family's id, the outcome and the family, or nothing.
local attempt, now, client = ARGV[2], ARGV[3], ARGV[4]

-- decide is Family.Rotate. It returns the outcome and the fields to change.
local function decide(family, generation, grace, maxPairs)
  local at = tonumber(now)
  local current = tonumber(family.generation)
  local inGrace = grace > 0 and at <= tonumber(family.rotated) + grace
  local used = family.used == '1'
  if generation == current then
    return 'rotated', {'generation', string.format('%.0f', current + 1), 'rotated', now, 'pairs', '1', 'used', '0'}
  elseif generation == current - 1 and (inGrace or not used) then
    if tonumber(family.pairs) >= maxPairs then
      return 'refused', {}
    end
    return 'sibling', {'pairs', string.format('%.0f', tonumber(family.pairs) + 1)}
  elseif generation < current and not inGrace then
    return 'reused', {'revoked', now, 'revoked_by', attempt}
  end
  return 'refused', {}
end

local token = load(KEYS[1])
if not token then
  return false
end
local familyKey = recordKey('family', token.family)
local family = load(familyKey)
if not family or family.client ~= client then
  return false
end
-- The driver sends a command again when it lost the answer.
if token.used_by == attempt then
  return {token.family, token.outcome, redis.call('HGETALL', familyKey)}
end
if tonumber(now) >= tonumber(token.expires) or not alive(family, now) then
  return false
end
local outcome, changes = decide(family, tonumber(token.generation), tonumber(ARGV[5]), tonumber(ARGV[6]))
if outcome == 'refused' then
  return {token.family, outcome, redis.call('HGETALL', familyKey)}
end
redis.call('HSET', familyKey, unpack(changes))
redis.call('HSET', KEYS[1], 'used_by', attempt, 'outcome', outcome)
if outcome ~= 'reused' then
  local generation = redis.call('HGET', familyKey, 'generation')
  redis.call('HINCRBY', familyKey, 'tokens', 2)
  keep(familyKey, ARGV[13])
  keep(recordKey('user', family.user), ARGV[13])
  addToken(KEYS[2], ARGV[9], token.family, generation, ARGV[7], ARGV[8])
  addToken(KEYS[3], ARGV[12], token.family, generation, ARGV[10], ARGV[11])
end
return {token.family, outcome, redis.call('HGETALL', familyKey)}
