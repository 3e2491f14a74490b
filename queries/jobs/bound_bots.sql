-- Bots of more events than one may have, as for conversations.
select bot_key as key, null::varchar as platform, null::varchar as name, count(*) as rows
from bot_log
where bot_key in (select key from touched_bots)
  and bot_key not in (select key from left_out where kind = 'bot')
group by bot_key
having count(*) filter (kind <> 'seen') > $most::bigint or count(*) > 10 * $most::bigint
order by key
