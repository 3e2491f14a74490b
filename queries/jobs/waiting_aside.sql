select count(*) as waiting from set_aside where state = 'retry'
