-- Replaces the history of a counter, or removes the counter with all that belongs to it.
-- KEYS: the counter, its months, its sources, then arg.months keys of days, then those of hours.
if not whole(2, 4, 3 + arg.months) then return 'changed' end
if arg.remove then
  remove(1, #KEYS)
else
  remove(2, 2)
  remove(4, #KEYS)
end
local failed = addAll(2)
if failed then return failed end
expireHours()
return 'done'
