-- Entities that are left out of the facts: they have more rows than one entity may have, or cannot be folded.
create table if not exists set_aside (
    id             varchar   not null, -- the kind and the key in hexadecimal digits
    kind           varchar   not null, -- payment, conversation, checkout or bot
    key            bigint    not null, -- as in logs and facts; a checkout's is a digest of the next two
    platform       varchar,            -- of a checkout
    name           varchar,            -- of a checkout: the id that facts are joined by
    rows           bigint    not null, -- when it was set aside
    row_limit      bigint,             -- what it exceeds; null: that is not why
    reason         varchar   not null,
    first_received timestamp not null,
    since          timestamp not null, -- as of this moment and later it is in no fact
    sources        varchar   not null, -- where its events came from, one a line
    program        varchar   not null, -- version that set it aside
    state          varchar   not null  -- set_aside, dropped or retry
);

-- The rules that the latest start had: what was set aside is tried again under other ones.
create table if not exists fold_rules (
    program     varchar not null,
    entity_rows bigint  not null
);
insert into fold_rules select '', 0 where not exists (select 1 from fold_rules);

-- Fields that held a text such as 'undefined' where an id belongs, by source, as counted by the server.
create table if not exists source_no_ids (
    source varchar not null, -- as in source_tallies
    field  varchar not null,
    times  bigint  not null
);

-- A fact: which conversation each of these names belongs to. Names of their own are not in it.
create table if not exists moved_roots (
    alias_key bigint not null,
    root      bigint not null
);
delete from moved_roots;
-- The next version folds all again.
delete from conversation_aliases;
create or replace view conversation_roots as select alias_key, root from moved_roots;

-- Since when that was set aside which has not been found again since all facts were thrown away.
create table if not exists set_aside_before (
    id        varchar   not null, -- as in set_aside
    since     timestamp not null,
    folded_to timestamp not null  -- of the facts that were thrown away
);
