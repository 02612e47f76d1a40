-- The number of a stream's oldest entry, 0 if there is none. The entry itself may be large, and stays here.
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
return oldest and tonumber(string.match(oldest[1], '^%d+')) or 0
