-- Working sets of one fold: keys of the entities that have to be folded again.
-- A payment's key under each of its names, and the key that it is kept under.
create temp table if not exists touched_payments (key bigint, root bigint);
-- Those of them by which other entities are touched.
create temp table if not exists reaching_payments (key bigint, root bigint);
-- Names of conversations about which something new is stated, and where they lead.
create temp table if not exists touched_names (key bigint, root bigint);
-- Where names were found to lead.
create temp table if not exists found_roots (key bigint, root bigint);
create temp table if not exists touched_conversations (key bigint);
create temp table if not exists touched_bots (key bigint);
-- Parts of what was touched, where it is folded in parts; none of those that were folded.
create temp table if not exists parts (key bigint, root bigint, part bigint);
create temp table if not exists touched_days (bot_key bigint, day integer);
-- The touched days as they are now.
create temp table if not exists found_days (
    bot_key bigint, mode varchar, day integer, low bigint, high bigint, first_received timestamp,
    last_received timestamp
);
-- Entities that are set aside, under each of their names; a checkout by its platform and id.
create temp table if not exists left_out (kind varchar, key bigint, platform varchar, name varchar);
-- Those found only now: how many rows they have, and why they are set aside.
create temp table if not exists found_aside (
    id varchar, kind varchar, key bigint, platform varchar, name varchar, rows bigint, row_limit bigint, reason varchar
);
delete from touched_payments;
delete from reaching_payments;
delete from touched_names;
delete from found_roots;
delete from touched_conversations;
delete from touched_bots;
delete from parts;
delete from touched_days;
delete from found_days;
delete from left_out;
delete from found_aside;
-- The rollup while it is compacted.
create temp table if not exists compacted as from conversation_cells limit 0;
delete from compacted;
