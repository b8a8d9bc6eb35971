-- Replaces a history, or removes a counter with all that belongs to it.
--
-- KEYS: the counter, its months, its sources, then the days of each month, then the hours of
-- each day.
-- ARGV: how many keys of days there are, 'keep' or 'remove' for the counter and its sources,
-- and what addArguments wants.
if not whole(2, 4, 3 + tonumber(ARGV[1])) then return 'changed' end
if ARGV[2] == 'remove' then
  redis.call('DEL', KEYS[1])
  redis.call('DEL', KEYS[3])
end
redis.call('DEL', KEYS[2])
for i = 4, #KEYS do redis.call('DEL', KEYS[i]) end
return addArguments(2, 3) or 'done'
