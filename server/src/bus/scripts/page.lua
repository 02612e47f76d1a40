-- Reads back: the events of some topics, and what of these topics is gone, at one moment. Looks at so many entries and
-- so many bytes of them at most, since Redis does nothing else meanwhile.
local epoch_key, events, evicted = KEYS[1], KEYS[2], KEYS[3]
local epoch, from, upto, most, most_bytes, most_looked, most_read, step =
  ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]),
  tonumber(ARGV[8])
local function text(n) return string.format('%.0f', n) end

if redis.call('GET', epoch_key) ~= epoch then return 'ended' end
local wanted, names = {}, {}
for i = 9, #ARGV do
  wanted[ARGV[i]] = true
  names[#names + 1] = ARGV[i]
end
local is_any = #names == 0
local found, bytes, looked, read, reached = {}, 0, 0, 0, nil
while not reached do
  local part = redis.call('XRANGE', events, text(from) .. '-0', upto .. '-0', 'COUNT', step)
  local before = read
  for _, entry in ipairs(part) do
    local seq = string.match(entry[1], '^%d+')
    local fields = entry[2]
    local size = #(fields[10] or '')
    read = read + size
    if is_any or wanted[fields[4]] then
      if #found >= most or (#found > 0 and bytes + size > most_bytes) then
        reached = text(tonumber(seq) - 1)
        break
      end
      found[#found + 1] = entry
      bytes = bytes + size
    end
    from = tonumber(seq) + 1
  end
  looked = looked + #part
  if not reached and #part < step then reached = upto end
  if not reached and (looked >= most_looked or read >= most_read) then reached = text(from - 1) end
  -- Where payloads are small, more of them at once.
  if read - before < 32768 then step = math.min(step * 2, 128) end
end
local gone
if is_any then
  gone = redis.call('HGETALL', evicted)
else
  gone = {}
  local numbers = redis.call('HMGET', evicted, unpack(names))
  for i, number in ipairs(numbers) do
    if number then
      gone[#gone + 1] = names[i]
      gone[#gone + 1] = number
    end
  end
end
return { reached, found, gone }
