-- Bots with their latest attributes, under the names of the dimensions.
select columns($columns)
from (
    select bot_key, platform, bot_id as bot, category, country, developer_id as developer
    from bots
)
