-- Returns the fields and values of each hash in KEYS, all at one moment. The first is a month,
-- the others are days, which are read if the month has them. A key that holds something else
-- has none.
local function hash(i)
  local reply = redis.pcall('HGETALL', KEYS[i])
  if reply.err and string.find(reply.err, 'WRONGTYPE', 1, true) then return {} end
  return reply
end

local month = hash(1)
if month.err then return month end
local has = {}
for f = 1, #month, 2 do has[month[f]] = true end
local found = {month}
for i = 2, #KEYS do
  local day = has[string.sub(KEYS[i], -2)] and hash(i) or {}
  if day.err then return day end
  found[i] = day
end
return found
