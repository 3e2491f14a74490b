-- What was tried again and not found anew is a fact once more: answers about the time since change.
update fold_state set epoch = epoch + 1 where exists (select 1 from set_aside where state = 'retry');
delete from set_aside where state = 'retry';
delete from set_aside_before where id in (select id from found_aside);
