-- Applies a batch: all of it, or nothing.
--
-- KEYS: the counter, and the writer's record, which holds "sum:total". For the history, also
-- the days of the month, the hours of the day, and the months that the counter has.
-- ARGV: the delta, the sum, the sum before it, the record's expiry in milliseconds. For the
-- history, also the fields of the day, the hour and the month, and the time in milliseconds
-- since 1970 at which the hours expire.
-- Each KEYS[n] stands in each command as it is, which some hosts demand.
-- Returns "total:healed", and in a writer's first batch to a counter that expires also
-- in how many milliseconds that is, as "total:healed:left". Numbers are texts as far as can be: to Lua every number
-- is a double, which is exact below 2^53 alone.
local delta, sum, before, expiry = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local limit = 9007199254740992 -- 2^53: what rounds to less is exact

local kept = redis.pcall('GET', KEYS[2])
if type(kept) == 'table' then
  if string.find(kept.err, 'WRONGTYPE', 1, true) then
    return redis.error_reply('BADRECORD the key of the record holds another type')
  end
  return kept
end

local amount, healed, left = delta, '0', ''
if not kept then
  -- Once a writer, for it takes as long as a tenth of all this.
  local life = redis.pcall('PTTL', KEYS[1])
  if type(life) == 'number' and life >= 0 then left = ':' .. string.format('%.0f', life) end
else
  local colon = string.find(kept, ':', 1, true)
  if not colon or not string.find(kept, '^%d+:%-?%d+$') then
    return redis.error_reply('BADRECORD the record is malformed')
  end
  local recorded = string.sub(kept, 1, colon - 1)
  if recorded == sum then
    -- It writes, too: the record lives as long again, and a replica refuses.
    local written = redis.pcall('SET', KEYS[2], kept, 'PX', expiry)
    if written.err then return written end
    return string.sub(kept, colon + 1) .. ':0'
  end
  if recorded ~= before then
    local missing = tonumber(sum) - tonumber(recorded)
    -- Only beyond 2^53 is nothing missing of sums that differ.
    if tonumber(sum) > limit or missing <= 0 or missing < tonumber(delta) then
      return redis.error_reply('STALEBATCH the record says ' .. recorded .. ', the batch ' .. sum)
    end
    amount = string.format('%.0f', missing)
    healed = string.format('%.0f', missing - tonumber(delta))
  end
end

-- Takes back what was added to the history. Upvalues would take each batch longer.
local function undo(amount, day, hour, month)
  if type(day) == 'number' and redis.pcall('HINCRBY', KEYS[3], ARGV[5], '-' .. amount) == 0 then
    redis.pcall('HDEL', KEYS[3], ARGV[5])
  end
  if type(hour) == 'number' and redis.pcall('HINCRBY', KEYS[4], ARGV[6], '-' .. amount) == 0 then
    redis.pcall('HDEL', KEYS[4], ARGV[6])
  end
  if type(month) == 'number' and redis.pcall('HINCRBY', KEYS[5], ARGV[7], -1) == 0 then
    redis.pcall('HDEL', KEYS[5], ARGV[7])
  end
end

-- The history comes first: it may have to be taken back.
local day, hour, month, failed
if amount ~= '0' and KEYS[3] then
  day = redis.pcall('HINCRBY', KEYS[3], ARGV[5], amount)
  failed = type(day) == 'table' and day
  if not failed then
    hour = redis.pcall('HINCRBY', KEYS[4], ARGV[6], amount)
    failed = type(hour) == 'table' and hour
  end
  if not failed and day == tonumber(amount) then -- the first of the day
    month = redis.pcall('HINCRBY', KEYS[5], ARGV[7], 1)
    failed = type(month) == 'table' and month
  end
end

-- A key of the history that holds something else must not keep a view from being counted: then
-- all of the history stays as it is.
if failed then
  undo(amount, day, hour, month)
  if not (string.find(failed.err, 'WRONGTYPE', 1, true) or string.find(failed.err, 'hash value is not an integer', 1, true)) then
    return failed
  end
  day, hour, month = nil, nil, nil
end

local total = '0'
-- A counter that is not there stays so where nothing is added.
if amount ~= '0' or redis.pcall('GET', KEYS[1]) then
  local moved = redis.pcall('INCRBY', KEYS[1], amount)
  if type(moved) == 'table' then
    undo(amount, day, hour, month)
    return moved
  end
  if moved > -limit and moved < limit then
    total = string.format('%.0f', moved)
  else
    total = redis.pcall('GET', KEYS[1])
  end
end

-- Without a record each repeat would count, so the addition is taken back. That
-- can't fail: the same command has just moved the same counter as far.
local written = type(total) == 'table' and total or redis.pcall('SET', KEYS[2], sum .. ':' .. total, 'PX', expiry)
if written.err then
  if redis.pcall('INCRBY', KEYS[1], '-' .. amount) == 0 then
    local life = redis.pcall('PTTL', KEYS[1])
    if type(life) ~= 'number' or life < 0 then redis.pcall('DEL', KEYS[1]) end -- else it was there before
  end
  undo(amount, day, hour, month)
  return written
end
-- Last, because hours that have expired by now are removed by it.
if hour and hour == tonumber(amount) then redis.pcall('PEXPIREAT', KEYS[4], ARGV[8]) end
return total .. ':' .. healed .. left
