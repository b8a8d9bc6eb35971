-- Returns the fields and values of each hash in KEYS, all at one moment. A key that holds
-- something else has none.
local found = {}
for i = 1, #KEYS do
  found[i] = redis.pcall('HGETALL', KEYS[i])
  if found[i].err then
    if not string.find(found[i].err, 'WRONGTYPE', 1, true) then return found[i] end
    found[i] = {}
  end
end
return found
