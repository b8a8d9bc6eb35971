-- Moves a counter with all that belongs to it to another counter in the same slot.
-- KEYS: the counter, its months, its sources, its intent, the same of the other counter, then
-- arg.months keys of days and arg.dates of hours of the one, then those of the other.
-- Returns 'intent' if an earlier move is to be completed.
if redis.call('GET', KEYS[4]) then return 'intent' end
local amount, failed = value(1)
if not amount then return failed or 'done' end
local hours, last = 9 + arg.months, 8 + arg.months + arg.dates
if not whole(2, 9, hours - 1) then return 'changed' end

local there = arg.months + arg.dates -- from a key of the one to that of the other
for i = 9, hours - 1 do
  for field, count in pairs(numbers(i, twoDigits)) do
    failed = addDay(6, i + there, field, count)
    if failed then return failed end
  end
end
for i = hours, last do
  for field, count in pairs(numbers(i, twoDigits)) do
    failed = add(i + there, field, count)
    if failed then return failed end
  end
end
failed = addValue(5, amount)
if failed then return failed end
expireHours()
for source, total in pairs(numbers(3, '')) do remember(7, source, total) end
remove(1, 3)
remove(9, last)
return 'done'
