-- Applies a batch: all of it, or nothing.
--
-- KEYS: the counter, and the writer's record, which holds "sum:total".
-- ARGV: the delta, the sum, the sum before it, the record's expiry in milliseconds.
-- Returns the total and how much was healed, as texts: to Lua every number is a
-- double, which is exact below 2^53 alone.
local counter, record = KEYS[1], KEYS[2]
local delta, sum, before, expiry = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local limit = 9007199254740992 -- 2^53: what rounds to less is exact

local function failed(reply) return type(reply) == 'table' and reply.err end
local function write(text) return redis.pcall('SET', record, text, 'PX', expiry) end

local kept = redis.pcall('GET', record)
if failed(kept) then
  if string.find(kept.err, 'WRONGTYPE', 1, true) then
    return redis.error_reply('BADRECORD the key of the record holds another type')
  end
  return kept
end

local amount, healed = delta, '0'
if kept then
  local recorded, total = string.match(kept, '^(%d+):(%-?%d+)$')
  if not recorded then
    return redis.error_reply('BADRECORD the record is malformed')
  end
  if recorded == sum then
    -- It writes, too: the record lives as long again, and a replica refuses.
    local written = write(kept)
    return failed(written) and written or {total, healed}
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

local held = redis.pcall('GET', counter)
if failed(held) then return held end

-- The record comes before the counter: if it could not be written after it, each
-- repeat would count. Where the total is not known yet, what it held is written,
-- or what makes this batch the next, which proves that it can be written again.
local unmoved = kept or before .. ':0'
local value, more, total = tonumber(held or '0'), tonumber(amount), nil
if value and value > -limit and more < limit and value + more < limit then
  total = string.format('%.0f', value + more)
end
local written = write(total and sum .. ':' .. total or unmoved)
if failed(written) then return written end

if held or amount ~= '0' then
  local moved = redis.pcall('INCRBY', counter, amount)
  if failed(moved) then
    write(unmoved)
    if not kept then redis.pcall('DEL', record) end
    return moved
  end
end
if not total then
  total = redis.pcall('GET', counter)
  write(sum .. ':' .. total)
end
return {total, healed}
