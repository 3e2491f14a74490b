-- The facts as known at a moment, under the names of the tables: what has not changed since, and
-- what was folded again from the events received until then.
create or replace temp table past (upto timestamp);
create or replace temp table past_payments as from botledger.main.payments limit 0;
create or replace temp table past_attempts as from botledger.main.payment_attempts limit 0;
create or replace temp table past_movements as from botledger.main.payment_movements limit 0;
create or replace temp table past_roots as from botledger.main.payment_roots limit 0;
create or replace temp table past_moved as from botledger.main.moved_roots limit 0;
create or replace temp table past_conversations as from botledger.main.conversations limit 0;
create or replace temp table past_checkouts as from botledger.main.checkouts limit 0;
create or replace temp table past_bots as from botledger.main.bots limit 0;
create or replace temp table past_spans as from botledger.main.bot_spans limit 0;
create or replace temp table past_days as from botledger.main.bot_days limit 0;
create or replace temp view unchanged_payments as
    from botledger.main.payments
    where last_received <= (select upto from past) and payment_key not in (select key from touched_payments);
create or replace temp view payments as
    from unchanged_payments union all from past_payments;
create or replace temp view payment_attempts as
    from botledger.main.payment_attempts where payment_key in (select payment_key from unchanged_payments)
    union all from past_attempts;
create or replace temp view payment_movements as
    from botledger.main.payment_movements where payment_key in (select payment_key from unchanged_payments)
    union all from past_movements;
create or replace temp view payment_roots as
    from botledger.main.payment_roots where payment_key not in (select key from touched_payments)
    union all from past_roots;
create or replace temp view payment_aliases as
    from botledger.main.payment_aliases where received_at <= (select upto from past);
create or replace temp view conversation_aliases as
    from botledger.main.conversation_aliases where received_at <= (select upto from past);
create or replace temp view conversation_roots as
    select alias_key, root from botledger.main.moved_roots where alias_key not in (select key from touched_names)
    union all from past_moved;
create or replace temp view set_aside as
    select kind, key, platform, name, 'set_aside' as state from left_out;
create or replace temp view conversations as
    from botledger.main.conversations
    where last_received <= (select upto from past)
      and conversation_key not in (select key from touched_conversations)
    union all from past_conversations;
create or replace temp view conversation_cells as
    select time_bucket(interval 15 minutes, started_at) as cell, mode, platform, path,
           count(*) as entered,
           count(*) filter (checkout_at <= started_at + interval 24 hours) as checkout,
           count(*) filter (paid_at <= started_at + interval 24 hours) as paid
    from conversations
    where started_at is not null
    group by all;
create or replace temp view checkouts as
    from botledger.main.checkouts
    where last_received <= (select upto from past)
      and conversation_key not in (select key from touched_conversations)
    union all from past_checkouts;
create or replace temp view unchanged_bots as
    from botledger.main.bots
    where last_received <= (select upto from past) and bot_key not in (select key from touched_bots);
create or replace temp view bots as
    from unchanged_bots union all from past_bots;
create or replace temp view bot_spans as
    from botledger.main.bot_spans where bot_key in (select bot_key from unchanged_bots)
    union all from past_spans;
create or replace temp view bot_days as
    from botledger.main.bot_days d
    anti join touched_days t on t.bot_key = d.bot_key and t.day = d.day
    where last_received <= (select upto from past)
    union all from past_days;
create or replace temp view payment_log as
    from botledger.main.payment_log where received_at <= (select upto from past);
create or replace temp view conversation_log as
    from botledger.main.conversation_log where received_at <= (select upto from past);
create or replace temp view bot_log as
    from botledger.main.bot_log where received_at <= (select upto from past);
create or replace temp view activity_log as
    from botledger.main.activity_log where received_at <= (select upto from past);
