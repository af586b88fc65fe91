-- What the token scripts share. It stands before each of them. All keys of a
-- Store begin with the same prefix, which holds the hash tag, so that they are
-- in one slot of a cluster. A key that a script learns of only while it runs
-- (the family that a token names) is in that slot too.
local prefix = ARGV[1]

local function recordKey(kind, id)
  return prefix .. kind .. ':' .. id
end

-- load returns a hash as a table, or nil when there is none.
local function load(key)
  local flat = redis.call('HGETALL', key)
  if #flat == 0 then
    return nil
  end
  local record = {}
  for i = 1, #flat, 2 do
    record[flat[i]] = flat[i + 1]
  end
  return record
end

-- keep prolongs the life of a key. It never shortens it.
local function keep(key, ttl)
  if redis.call('PTTL', key) < tonumber(ttl) then
    redis.call('PEXPIRE', key, ttl)
  end
end

-- index enters a record, "kind:id", into a sorted set. On the way it drops a
-- few of the oldest entries whose records Redis itself has expired, so that an
-- index is bounded even if nobody sweeps.
local function index(set, at, entry, ttl)
  for _, old in ipairs(redis.call('ZRANGE', set, 0, 3)) do
    if redis.call('EXISTS', prefix .. old) == 0 then
      redis.call('ZREM', set, old)
    end
  end
  redis.call('ZADD', set, at, entry)
  keep(set, ttl)
end

-- alive is Family.Alive.
local function alive(family, now)
  return family.revoked == nil and tonumber(now) < tonumber(family.expires)
end

-- revoke reports whether this call, or an earlier try of it, revoked the
-- family. The first revocation's time stays.
local function revoke(familyID, now, attempt)
  local key = recordKey('family', familyID)
  local known = redis.call('HMGET', key, 'client', 'revoked', 'revoked_by')
  if not known[1] then
    return false
  end
  if known[2] then
    return known[3] == attempt
  end
  redis.call('HSET', key, 'revoked', now, 'revoked_by', attempt)
  return true
end

-- addToken stores one token of the family's generation.
local function addToken(key, entry, familyID, generation, expires, ttl)
  redis.call('HSET', key, 'family', familyID, 'generation', generation, 'expires', expires)
  redis.call('PEXPIRE', key, ttl)
  index(prefix .. 'expiry', expires, entry, ttl)
end
