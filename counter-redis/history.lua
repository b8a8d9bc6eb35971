-- What the scripts share that change whole histories. They are for owners, not for views.
--
-- ARGV[1] is an object in JSON. Where it names a key, it has the key's number in KEYS. Counts
-- are texts, because to Lua every number is a double.
--
-- The keys of a history are those of its months, of the days of each month, and of the hours
-- of each day. A script can't find them itself, because it may use no key but those in KEYS:
-- it is given what was there a moment ago, and returns 'changed' if that is no longer all.
local arg = cjson.decode(ARGV[1])

local known = {}
for i = 1, #KEYS do known[KEYS[i]] = true end

-- Returns the fields of a hash that look like the pattern, with their positive numbers. A key
-- that holds something else has none.
local function numbers(i, pattern)
  local reply = redis.pcall('HGETALL', KEYS[i])
  if reply.err and not string.find(reply.err, 'WRONGTYPE', 1, true) then redis.call('HGETALL', KEYS[i]) end -- fails again
  local found = {}
  for f = 1, #reply, 2 do
    if string.find(reply[f], pattern) and string.find(reply[f + 1], '^[1-9]%d*$') then found[reply[f]] = reply[f + 1] end
  end
  return found
end

local twoDigits = '^%d%d$'

-- Return the ends of the keys of a month, such as 2026-11, and of a day, such as 2026-11-26.
local function month(i) return string.sub(KEYS[i], -7) end
local function date(i) return string.sub(KEYS[i], -10) end

-- Says whether KEYS has all of a history whose months are KEYS[months] and whose days are
-- KEYS[first] to KEYS[last].
local function whole(months, first, last)
  local begin = string.sub(KEYS[months], 1, -1 - #'months')
  for field in pairs(numbers(months, '^%d%d%d%d%-%d%d$')) do
    if not known[begin .. field] then return false end
  end
  for i = first, last do
    for field in pairs(numbers(i, twoDigits)) do
      if not known[KEYS[i] .. '-' .. field] then return false end
    end
  end
  return true
end

-- Returns the value of a counter, which is not '0', or nil and the error if there is one.
local function value(i)
  local text = redis.call('GET', KEYS[i])
  if not text or text == '0' then return nil, nil end
  if not string.find(text, '^%-?[1-9]%d*$') then return nil, redis.error_reply('WRONGTYPE the counter is not an integer') end
  return text
end

local function remove(first, last)
  for i = first, last do redis.call('DEL', KEYS[i]) end
end

local added = {}

-- Takes back what was added to hashes.
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
local function addDay(months, i, field, count)
  local failed, new = add(i, field, count)
  if not failed and new then failed = add(months, month(i), '1') end
  return failed
end

-- Adds arg.days and arg.hours to a history.
local function addAll(months)
  for _, day in ipairs(arg.days) do
    local failed = addDay(months, day[1], day[2], day[3])
    if failed then return failed end
  end
  for _, hour in ipairs(arg.hours) do
    local failed = add(hour[1], hour[2], hour[3])
    if failed then return failed end
  end
end

-- Adds to a counter. If that fails, it takes back what was added to hashes and returns the error.
local function addValue(i, amount)
  if amount == '0' then return end
  local sum = redis.pcall('INCRBY', KEYS[i], amount)
  if type(sum) == 'table' then
    undo()
    return sum
  end
end

-- Removes hours at the times in arg.expiries. Call it when nothing can fail any more, because
-- the time may be over.
local function expireHours()
  for _, expiry in ipairs(arg.expiries) do redis.call('PEXPIREAT', KEYS[expiry[1]], expiry[2]) end
end

-- Writes down how much a source has brought, unless more is known.
local function remember(i, source, total)
  local before = redis.pcall('HGET', KEYS[i], source) or ''
  if type(before) == 'table' or #before > #total or #before == #total and before >= total then return end
  redis.call('HDEL', KEYS[i], source)
  redis.call('HINCRBY', KEYS[i], source, total)
end
