update set_aside set state = 'retry' where state = 'set_aside'
