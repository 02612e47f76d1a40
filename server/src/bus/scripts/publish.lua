-- Adds an event: its number is its place in the stream. Answers with the number, or with why there is none.
local epoch_key, seq_key, stream, topics, latest, bytes, session, evicted =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local epoch, number, topic, kind, data, nonce, most_topics, most_metrics, is_job =
  ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8], ARGV[9] == '1'

if redis.call('GET', epoch_key) ~= epoch or redis.call('GET', session) ~= number then
  return 'ended'
end
if most_topics > 0 and redis.call('HEXISTS', topics, topic) == 0
    and (redis.call('HLEN', topics) >= most_topics or redis.call('HLEN', evicted) >= 16 * most_topics) then
  return 'topics'
end
local time = redis.call('TIME')
local at = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local seq = string.format('%.0f', redis.call('INCR', seq_key))
local fields = { 'e', epoch, 't', topic, 'k', kind, 'a', at, 'd', data, 'n', nonce }
if most_metrics == '' then
  redis.call('XADD', stream, seq .. '-0', unpack(fields))
  redis.call('INCRBY', bytes, #data)
else
  redis.call('XADD', stream, 'MAXLEN', '~', most_metrics, seq .. '-0', unpack(fields))
  redis.call('HSET', latest, topic, seq .. ' ' .. at .. ' ' .. #kind .. ' ' .. kind .. data)
end
-- The topics of jobs are none of so many, and all there is of them is in `latest`.
if not is_job then redis.call('HSET', topics, topic, seq) end
return tonumber(seq)
