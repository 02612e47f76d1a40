-- Lets go of the oldest events beyond the bounds of the log, and notes for each topic how far. Not many at once,
-- since Redis does nothing else meanwhile. Answers with how many went.
local epoch_key, events, evicted, bytes_key, trimmed = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local epoch, most, most_bytes, age, at_once =
  ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]

if redis.call('GET', epoch_key) ~= epoch then return 'ended' end
local time = redis.call('TIME')
local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - age
local count = redis.call('XLEN', events)
local bytes = tonumber(redis.call('GET', bytes_key) or '0')
local gone, freed, cut, newest = 0, 0, nil, {}
for _, entry in ipairs(redis.call('XRANGE', events, '-', '+', 'COUNT', at_once)) do
  local fields = entry[2]
  local left = count - gone
  local goes = left > most or (bytes - freed > most_bytes and left > 1)
    or tonumber(fields[8] or '0') < oldest
  if not goes then break end
  cut = string.match(entry[1], '^%d+')
  gone = gone + 1
  freed = freed + #(fields[10] or '')
  if fields[4] then newest[fields[4]] = cut end
end
if cut then
  for topic, seq in pairs(newest) do redis.call('HSET', evicted, topic, seq) end
  redis.call('SET', trimmed, cut)
  redis.call('XTRIM', events, 'MINID', string.format('%.0f', tonumber(cut) + 1) .. '-0')
  if gone == count then redis.call('SET', bytes_key, '0') else redis.call('DECRBY', bytes_key, freed) end
end
return gone
