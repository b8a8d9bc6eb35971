-- Takes a counter with all that belongs to it, and puts it down as an intent to add it to
-- another counter.
-- KEYS: the counter, its months, its sources, the intent, then arg.months keys of days, then
-- those of hours.
-- Returns the intent, also an earlier one, or '' if there is nothing to take.
local intent = redis.call('GET', KEYS[4])
if intent then
  redis.call('SET', KEYS[4], intent) -- so that WAIT speaks of it
  return intent
end
local amount, failed = value(1)
if not amount then return failed or '' end
local hours = 5 + arg.months
if not whole(2, 5, hours - 1) then return 'changed' end

local taken = {id = arg.id, to = arg.to, value = amount, days = {}, hours = {}, sources = numbers(3, '')}
for i = 5, hours - 1 do
  for field, count in pairs(numbers(i, twoDigits)) do taken.days[month(i) .. '-' .. field] = count end
end
for i = hours, #KEYS do
  for field, count in pairs(numbers(i, twoDigits)) do taken.hours[date(i) .. 'T' .. field] = count end
end
intent = cjson.encode(taken)
redis.call('SET', KEYS[4], intent)
remove(1, 3)
remove(5, #KEYS)
return intent
