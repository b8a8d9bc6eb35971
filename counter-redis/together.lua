-- Applies batches of several counters, each all or not at all. It does what script.lua does for
-- a batch that has what nearly all have: a writer that is new or whose record says the sum before,
-- and nothing in its way. Any other batch it leaves to script.lua, as if it had not been there: only
-- the life of the record begins anew.
--
-- KEYS: for each batch those of script.lua, as many as ARGV[1] says: without a history two.
-- ARGV: after that, the records' expiry in milliseconds; for the history the fields of the day,
-- the hour and the month and the time at which the hours expire; then for each batch the delta,
-- which is not 0, the sum and the sum before.
-- Returns for each batch what script.lua returns, or nothing if the batch is left, separated by commas.
local pcall, match, format = redis.pcall, string.match, string.format
local width, expiry, dayField, hourField, month, hoursExpire = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local limit = 9007199254740992 -- 2^53: what rounds to less is exact

local function subtract(key, field, amount)
  if pcall('HINCRBY', key, field, '-' .. amount) == 0 then pcall('HDEL', key, field) end
end

local results = {}
for n = 1, #KEYS / width do
  local key, arg = width * (n - 1), 6 + 3 * (n - 1)
  local counter, record = KEYS[key + 1], KEYS[key + 2]
  local delta, sum, before = ARGV[arg + 1], ARGV[arg + 2], ARGV[arg + 3]

  local days, hours, day, hour, newDay, newMonth
  local fits = true
  if width > 2 then
    days, hours = KEYS[key + 3], KEYS[key + 4]
    day = pcall('HINCRBY', days, dayField, delta)
    fits = type(day) == 'number'
    if fits then
      hour = pcall('HINCRBY', hours, hourField, delta)
      fits = type(hour) == 'number'
    end
    newDay = fits and day == tonumber(delta)
    if newDay then
      newMonth = pcall('HINCRBY', KEYS[key + 5], month, 1)
      fits = type(newMonth) == 'number'
    end
  end

  local moved, kept, result
  if fits then
    moved = pcall('INCRBY', counter, delta)
    if type(moved) == 'number' and moved > -limit and moved < limit then
      local total = format('%d', moved)
      kept = pcall('SET', record, sum .. ':' .. total, 'PX', expiry, 'GET')
      if not kept then -- the writer is new
        local life = pcall('PTTL', counter)
        result = total .. ':0'
        if type(life) == 'number' and life >= 0 then result = result .. ':' .. format('%.0f', life) end
      elseif type(kept) == 'string' and match(kept, '^(%d+):%-?%d+$') == before then
        result = total .. ':0'
      end
    end
  end

  if not result then
    if type(kept) == 'string' then pcall('SET', record, kept, 'PX', expiry) end
    if type(moved) == 'number' and pcall('INCRBY', counter, '-' .. delta) == 0 then
      local life = pcall('PTTL', counter)
      if type(life) ~= 'number' or life < 0 then pcall('DEL', counter) end -- else it was there before
    end
    if type(day) == 'number' then subtract(days, dayField, delta) end
    if type(hour) == 'number' then subtract(hours, hourField, delta) end
    if type(newMonth) == 'number' then subtract(KEYS[key + 5], month, '1') end
  elseif hour and hour == tonumber(delta) then
    pcall('PEXPIREAT', hours, hoursExpire) -- last, because hours that have expired by now are removed by it
  end
  results[n] = result or ''
end
return table.concat(results, ',')
