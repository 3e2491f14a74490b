-- Entities that are left out of the facts: they have more rows than one entity may have, or cannot be folded.
create table if not exists set_aside (
    id             varchar   not null, -- the kind and the key in hexadecimal digits
    kind           varchar   not null, -- payment, conversation, checkout or bot
    key            bigint    not null, -- as in logs and facts; a checkout's is a digest of the next two
    platform       varchar,            -- of a checkout
    name           varchar,            -- of a checkout: the id that facts are joined by
    rows           bigint    not null, -- when it was set aside
    row_limit      bigint,             -- what it exceeds; null: its fold failed
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
