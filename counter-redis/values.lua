-- Returns the value of each key in KEYS, or nil for one that is not there or holds another type.
local found = {}
for i = 1, #KEYS do
  found[i] = redis.pcall('GET', KEYS[i])
  if type(found[i]) == 'table' then
    if not string.find(found[i].err, 'WRONGTYPE', 1, true) then return found[i] end
    found[i] = false
  end
end
return found
