-- Ends a session, unless a newer one of this instance has begun.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
