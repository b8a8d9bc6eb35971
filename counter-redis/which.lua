-- Tells which server has the key: its run id, if it is a server of its own, and else nothing.
local info = redis.call('INFO', 'server')
return string.find(info, 'redis_mode:standalone', 1, true) and string.match(info, 'run_id:(%x+)') or ''
