-- Some of the newest events of latest-wins topics, from a cursor on, and the next cursor; '0' begins and ends. Lets go of
-- those that are too old.
local latest = KEYS[1]
local cursor, count, age = ARGV[1], ARGV[2], tonumber(ARGV[3])
local time = redis.call('TIME')
local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - age
local scanned = redis.call('HSCAN', latest, cursor, 'COUNT', count)
local newest, kept = scanned[2], {}
for i = 1, #newest, 2 do
  local at = string.match(newest[i + 1], '^%d+ (%d+) ')
  if at and tonumber(at) >= oldest then
    kept[#kept + 1] = newest[i]
    kept[#kept + 1] = newest[i + 1]
  else
    redis.call('HDEL', latest, newest[i])
  end
end
return { scanned[1], kept }
