select distinct platform from bots order by platform
