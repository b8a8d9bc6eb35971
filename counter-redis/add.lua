-- Adds to a counter and its history once, which a guard ensures: a key that holds a text, or a
-- field of the sources.
-- KEYS: the counter, its months, its sources, the guard, then keys of days and of hours.
-- Returns 'done', or 'found' and what the guard is if that is not arg.before. '' means that
-- there is none, before and after.
local guard
if arg.source ~= '' then
  guard = redis.call('HGET', KEYS[3], arg.source) or ''
else
  guard = redis.call('GET', KEYS[4]) or ''
end
if guard ~= arg.before then
  -- It writes, so that WAIT speaks of what was written before.
  if arg.source == '' and arg.before == '' then redis.call('SET', KEYS[4], guard, 'KEEPTTL') end
  return 'found' .. guard
end
local failed = addAll(2) or addValue(1, arg.amount)
if failed then return failed end
expireHours()
for source, total in pairs(arg.sources) do remember(3, source, total) end
if arg.source ~= '' then
  redis.call('HINCRBY', KEYS[3], arg.source, arg.amount)
elseif arg.after ~= '' then
  redis.call('SET', KEYS[4], arg.after)
else
  redis.call('DEL', KEYS[4])
end
return 'done'
