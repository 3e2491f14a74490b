-- Working sets of one fold: keys of the entities that have to be folded again.
-- A payment's key under each of its names, and the key that it is kept under.
create temp table if not exists touched_payments (key bigint, root bigint);
create temp table if not exists touched_conversations (key bigint);
create temp table if not exists touched_bots (key bigint);
create temp table if not exists touched_days (bot_key bigint, day integer);
delete from touched_payments;
delete from touched_conversations;
delete from touched_bots;
delete from touched_days;
-- The cube while it is put together.
create temp table if not exists compacted as from conversation_cells limit 0;
delete from compacted;
