-- Applies a batch: all of it, or nothing.
--
-- KEYS: the counter, and the writer's record, which holds "sum:total".
-- ARGV: the delta, the sum, the sum before it, the record's expiry in milliseconds.
-- KEYS[1] and KEYS[2] stand in each command as they are, which some hosts demand.
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

local total = '0'
-- A counter that is not there stays so where nothing is added.
if amount ~= '0' or redis.pcall('GET', KEYS[1]) then
  local moved = redis.pcall('INCRBY', KEYS[1], amount)
  if type(moved) == 'table' then return moved end
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
  if redis.pcall('INCRBY', KEYS[1], '-' .. amount) == 0 then redis.pcall('DEL', KEYS[1]) end
  return written
end
return total .. ':' .. healed .. left
