delete from bots where bot_key in (select key from touched_bots);
delete from bot_spans where bot_key in (select key from touched_bots);
