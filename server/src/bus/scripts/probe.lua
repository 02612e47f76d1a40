-- Writes something that is gone at once, to find out whether Redis takes anything.
redis.call('SET', KEYS[1], '1', 'PX', '1')
return 1
