delete from bot_log;
delete from activity_log;
delete from conversation_log;
delete from payment_log;
delete from payment_aliases;
delete from conversation_aliases;
delete from late_events;
delete from bots;
delete from bot_spans;
delete from bot_days;
delete from conversations;
delete from conversation_cells;
delete from checkouts;
delete from payments;
delete from payment_attempts;
delete from payment_movements;
delete from payment_roots;
delete from moved_roots;
-- What is still too large or broken is found again, and has been set aside since then; what people have dropped stays
-- out.
update fold_state set epoch = epoch + 1 where exists (select 1 from set_aside where state <> 'dropped');
insert into set_aside_before
select id, since, folded_to from set_aside, fold_state
where state <> 'dropped' and id not in (select id from set_aside_before);
delete from set_aside where state <> 'dropped';
update fold_state set folded_to = timestamp '1970-01-01';
