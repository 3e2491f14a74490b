delete from bot_days
using touched_days t
where bot_days.bot_key = t.bot_key and bot_days.day = t.day
