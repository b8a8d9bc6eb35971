-- What the scripts share that change whole histories. They are for owners, not for views.
--
-- The keys of a history are those of its months, of the days of each month, and of the hours
-- of each day. A script can't find them itself, because it may use no key but those in KEYS:
-- it is given what was there a moment ago, and returns 'changed' if that is no longer all.

local known = {}
for i = 1, #KEYS do known[KEYS[i]] = true end

-- Returns fields and values in turn of a hash. Another type has none.
local function hash(i)
  local reply = redis.pcall('HGETALL', KEYS[i])
  if not reply.err then return reply end
  if string.find(reply.err, 'WRONGTYPE', 1, true) then return {} end
  error(reply)
end

-- Returns the end of the key of a month, such as 2026-11.
local function month(i) return string.sub(KEYS[i], -7) end

-- Says whether KEYS has all of a history whose months are KEYS[months] and whose days are
-- KEYS[first] to KEYS[last].
local function whole(months, first, last)
  local begin = string.sub(KEYS[months], 1, -1 - #'months')
  local fields = hash(months)
  for f = 1, #fields, 2 do
    if string.find(fields[f], '^%d%d%d%d%-%d%d$') and not known[begin .. fields[f]] then return false end
  end
  for i = first, last do
    fields = hash(i)
    for f = 1, #fields, 2 do
      if string.find(fields[f], '^%d%d$') and not known[KEYS[i] .. '-' .. fields[f]] then return false end
    end
  end
  return true
end

local added = {}

-- Takes back what was added.
local function undo()
  for _, a in ipairs(added) do
    if redis.pcall('HINCRBY', KEYS[a.key], a.field, '-' .. a.count) == 0 then redis.pcall('HDEL', KEYS[a.key], a.field) end
  end
end

-- Adds to a number of a hash. If that fails, it takes back all that was added and returns the
-- error. Otherwise it also says whether the number is new.
local function add(i, field, count)
  local sum = redis.pcall('HINCRBY', KEYS[i], field, count)
  if type(sum) == 'table' then
    undo()
    return sum
  end
  added[#added + 1] = {key = i, field = field, count = count}
  return nil, sum == tonumber(count)
end

-- Adds what a day has counted, and the day to KEYS[months].
local function addDay(months, i, day, count)
  local failed, new = add(i, day, count)
  if not failed and new then failed = add(months, month(i), '1') end
  return failed
end

-- Adds what ARGV says from ARGV[n] on. First come the days: how many, and for each the number
-- of its key, its field and its count. Then the same for the hours. At last the numbers of the keys of
-- hours, each with when it expires.
local function addArguments(months, n)
  local days = n + 1 + 3 * tonumber(ARGV[n])
  for a = n + 1, days - 1, 3 do
    local failed = addDay(months, tonumber(ARGV[a]), ARGV[a + 1], ARGV[a + 2])
    if failed then return failed end
  end
  local hours = days + 1 + 3 * tonumber(ARGV[days])
  for a = days + 1, hours - 1, 3 do
    local failed = add(tonumber(ARGV[a]), ARGV[a + 1], ARGV[a + 2])
    if failed then return failed end
  end
  for a = hours, #ARGV, 2 do redis.call('PEXPIREAT', KEYS[tonumber(ARGV[a])], ARGV[a + 1]) end
end
