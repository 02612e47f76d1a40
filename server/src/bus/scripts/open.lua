-- Begins a session: finds the log, or begins one. What an earlier session of this instance sent is refused from now on.
--
-- A Redis that was started anew, or another one in its place, may lack what the last one had acknowledged. So each run of
-- Redis leaves the number it began with, and goes on far behind it: no number is given twice. Whoever has seen
-- more than what a run began with has seen what is lost, and a new epoch begins. What is left stays: up to `base`
-- entries are of this epoch whatever they say.
local epoch_key, seq_key, runs_key, events, metrics, topics, latest, evicted, bytes, trimmed, session, base =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local run, number, new_epoch, seen_epoch, seen_seq, seen_run, jump =
  ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], tonumber(ARGV[7])
local function text(n) return string.format('%.0f', n) end

-- Where Redis is full, this may be done, and then the rest may be, too: else nobody could come and make room.
redis.call('DEL', session)

local epoch = redis.call('GET', epoch_key)
local seq = redis.call('GET', seq_key)
local is_there = epoch and seq
local goes_on = is_there
seq = tonumber(seq or '0')
if goes_on then
  local last = redis.call('LINDEX', runs_key, -1)
  if not last or string.match(last, '^(%S+)') ~= run then
    redis.call('RPUSH', runs_key, run .. ' ' .. text(seq))
    redis.call('LTRIM', runs_key, -100, -1)
    seq = seq + jump
    redis.call('SET', seq_key, text(seq))
  end
  if seen_epoch == epoch then
    local runs = redis.call('LRANGE', runs_key, 0, -1)
    local least, is_known = seq, false
    for i = #runs, 1, -1 do
      local id, base = string.match(runs[i], '^(%S+) (%d+)$')
      if id == seen_run then is_known = true break end
      least = math.min(least, tonumber(base or '0'))
    end
    goes_on = is_known and least >= seen_seq
  end
end
if is_there and not goes_on then
  epoch = new_epoch
  redis.call('SET', epoch_key, epoch)
  redis.call('SET', base, text(seq))
  redis.call('DEL', runs_key)
  redis.call('RPUSH', runs_key, run .. ' ' .. text(seq))
elseif not goes_on then
  redis.call('UNLINK', seq_key, runs_key, events, metrics, topics, latest, evicted, bytes, trimmed, base)
  epoch, seq = new_epoch, 0
  redis.call('SET', epoch_key, epoch)
  redis.call('SET', seq_key, '0')
  redis.call('RPUSH', runs_key, run .. ' 0')
end
redis.call('SET', session, number, 'EX', 3600)

return {
  epoch, text(seq), redis.call('HGETALL', topics), redis.call('HGETALL', evicted), redis.call('GET', base) or '0',
}
