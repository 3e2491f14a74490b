select
    bot_key, platform, bot_id, kind, epoch_us(time) as time, epoch_us(received_at) as received_at, source, id,
    name, category, country, developer_id, payments_enabled
from bot_log
where bot_key in (select key from touched_bots)
  and bot_key not in (select key from left_out where kind = 'bot')
