-- Lets go of the oldest events beyond the bounds of the log, and notes for each topic how far. Not much at once, since
-- Redis does nothing else meanwhile. Answers whether there is more.
local epoch_key, events, evicted, bytes_key, trimmed, topics =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local epoch, most, most_bytes, age, at_once, bytes_at_once =
  ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local function text(n) return string.format('%.0f', n) end

if redis.call('GET', epoch_key) ~= epoch then return 'ended' end
local time = redis.call('TIME')
local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - age
local count = redis.call('XLEN', events)
local bytes = tonumber(redis.call('GET', bytes_key) or '0')
local gone, freed, cut, newest = 0, 0, nil, {}
-- The oldest alone tells whether anything goes, and mostly nothing does. Payloads may be large: a few at a time.
local from, step = '-', 1
local is_over = false
while not is_over and gone < at_once and freed < bytes_at_once do
  local part = redis.call('XRANGE', events, from, '+', 'COUNT', step)
  is_over = #part < step
  for _, entry in ipairs(part) do
    local fields = entry[2]
    local left = count - gone
    local goes = left > most or (bytes - freed > most_bytes and left > 1)
      or (tonumber(fields[8] or '0') or 0) < oldest
    if not goes then
      is_over = true
      break
    end
    cut = tonumber(string.match(entry[1], '^%d+'))
    gone = gone + 1
    freed = freed + #(fields[10] or '')
    if fields[4] then newest[fields[4]] = cut end
  end
  if cut then from = text(cut + 1) .. '-0' end
  step = 16
end
if cut then
  -- First: it is all that may be done while Redis is full, and once something is done, the rest may be, too.
  redis.call('XTRIM', events, 'MINID', text(cut + 1) .. '-0')
  for topic, seq in pairs(newest) do
    redis.call('HSET', evicted, topic, text(seq))
    -- With its last event a topic makes room for another.
    if tonumber(redis.call('HGET', topics, topic) or '0') <= seq then redis.call('HDEL', topics, topic) end
  end
  redis.call('SET', trimmed, text(cut))
  if gone == count then redis.call('SET', bytes_key, '0') else redis.call('DECRBY', bytes_key, freed) end
end
return is_over and 'over' or 'more'
