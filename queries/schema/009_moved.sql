-- Conversations under several names: events under `alias_key` belong to the conversation `conversation_key`, as those
-- of a Telegram group that has become a supergroup. Each pair once, as stated first.
create table if not exists conversation_aliases (
    alias_key        bigint    not null,
    conversation_key bigint    not null,
    time             timestamp not null,
    received_at      timestamp not null,
    source           varchar   not null,
    id               varchar   not null
);

-- Which conversation each of these names belongs to: the earliest statement about a name decides.
create or replace view conversation_roots as
    select alias_key, arg_min(conversation_key, (time, source, id)) as root
    from conversation_aliases
    group by alias_key;
