-- The truth: every accepted event once, append-only, in order of receipt.
-- Keys are 64-bit digests of the entity they name (model::event::entity_key).
create table events (
    received_at       timestamp not null,
    source            varchar   not null,
    id                varchar   not null,
    kind              varchar   not null,
    subject           varchar,
    time              timestamp not null,
    time_origin       varchar   not null,
    platform          varchar,
    bot_id            varchar,
    bot_key           bigint,
    conversation_id   varchar,
    conversation_key  bigint,
    user_id           varchar,
    user_key          bigint,
    country           varchar,
    name              varchar,
    category          varchar,
    developer_id      varchar,
    payments_enabled  boolean,
    acquisition       varchar,
    direction         varchar,
    item_id           varchar,
    item_count        bigint,
    checkout_id       varchar,
    path              varchar,
    credential        varchar,
    provider          varchar,
    payment_id        varchar,
    payment_key       bigint,
    attempt_id        varchar,
    capture_id        varchar,
    refund_id         varchar,
    dispute_id        varchar,
    method            varchar,
    network           varchar,
    brand             varchar,
    wallet            varchar,
    minor             bigint,
    currency          varchar,
    exponent          integer,
    cumulative        boolean   not null,
    decline_code      varchar,
    failure_kind      varchar,
    stage             varchar,
    outcome           varchar,
    mode              varchar   not null,
    extra             varchar
);

-- Identities of all events, in segments sorted by hash so that zone maps prune a look-up.
create table event_keys (
    identity_high bigint not null,
    identity_low  bigint not null,
    content       bigint not null
);

-- Identities since the last sorted segment; small, also held in memory.
create table event_keys_recent (
    identity_high bigint not null,
    identity_low  bigint not null,
    content       bigint not null
);

-- One row per commit group: its stamp is `received_at` of every event in it.
create table commits (
    version     bigint    not null,
    received_at timestamp not null,
    events      bigint    not null,
    first_time  timestamp not null, -- earliest and latest `time` of its events
    last_time   timestamp not null
);

-- How far the fold has come: everything received up to `folded_to` is in the facts.
create table fold_state (
    folded_to timestamp not null,
    epoch     bigint    not null
);
insert into fold_state values (timestamp '1970-01-01', 0);

-- What the fold keeps of each event, by entity. Rows are only ever added, and carry the
-- stamp of receipt, so that any entity can be folded again as of any earlier moment.

-- Lifecycle events of bots, and the earliest mention of each.
create table bot_log (
    bot_key          bigint    not null,
    platform         varchar   not null,
    bot_id           varchar   not null,
    kind             varchar   not null, -- a bot.* type, or 'seen' for the earliest mention by any event
    time             timestamp not null,
    received_at      timestamp not null,
    source           varchar   not null,
    id               varchar   not null,
    name             varchar,
    category         varchar,
    country          varchar,
    developer_id     varchar,
    payments_enabled boolean
);

-- Quarter hours of a UTC day in which a bot was active, as two masks of 48 bits
-- (bit 0 of `low` is 00:00, bit 0 of `high` is 12:00). Only bits not known before are added.
create table activity_log (
    bot_key     bigint    not null,
    mode        varchar   not null,
    day         integer   not null, -- days since 1970-01-01
    low         bigint    not null,
    high        bigint    not null,
    received_at timestamp not null
);

-- Events of conversations. Of messages and transactions only those that were the earliest so far.
create table conversation_log (
    conversation_key bigint    not null,
    platform         varchar   not null,
    conversation_id  varchar   not null,
    kind             varchar   not null,
    time             timestamp not null,
    received_at      timestamp not null,
    source           varchar   not null,
    id               varchar   not null,
    bot_key          bigint,
    bot_id           varchar,
    user_key         bigint,
    country          varchar,
    acquisition      varchar,
    checkout_id      varchar,
    path             varchar,
    credential       varchar,
    mode             varchar   not null
);

-- Events of payments.
create table payment_log (
    payment_key      bigint    not null,
    provider         varchar   not null,
    payment_id       varchar   not null,
    kind             varchar   not null,
    time             timestamp not null,
    received_at      timestamp not null,
    source           varchar   not null,
    id               varchar   not null,
    platform         varchar,
    bot_key          bigint,
    bot_id           varchar,
    conversation_key bigint,
    user_key         bigint,
    checkout_id      varchar,
    path             varchar,
    credential       varchar,
    attempt_id       varchar,
    capture_id       varchar,
    refund_id        varchar,
    dispute_id       varchar,
    method           varchar,
    network          varchar,
    brand            varchar,
    wallet           varchar,
    minor            bigint,
    currency         varchar,
    exponent         integer,
    cumulative       boolean   not null,
    decline_code     varchar,
    failure_kind     varchar,
    stage            varchar,
    outcome          varchar,
    mode             varchar   not null
);

-- Events that came in after an earlier commit had seen their quarter hour end: figures that may
-- have been shown changed. Counted by UTC day of the event and by stamp of receipt.
create table late_events (
    day         integer   not null,
    received_at timestamp not null,
    events      bigint    not null
);

-- Facts: one row per entity, folded from its log. `first_received` and `last_received`
-- bound the stamps of the events it was folded from.

create table bots (
    bot_key          bigint    not null,
    platform         varchar   not null,
    bot_id           varchar   not null,
    registered_at    timestamp not null,
    inferred         boolean   not null, -- no bot.registered was seen
    name             varchar,
    category         varchar,
    country          varchar,
    developer_id     varchar,
    payments_enabled boolean,
    first_received   timestamp not null,
    last_received    timestamp not null
);

-- Spans of a bot's life: 'member' (entered by 'registered' or 'reinstated'), and within
-- membership 'suspended' and 'payment_enabled'. `until` is null while it lasts.
create table bot_spans (
    bot_key  bigint    not null,
    kind     varchar   not null,
    entry    varchar,
    since    timestamp not null,
    until    timestamp
);

-- One row per bot, mode and UTC day with activity: the union of its log.
create table bot_days (
    bot_key        bigint    not null,
    mode           varchar   not null,
    day            integer   not null,
    low            bigint    not null,
    high           bigint    not null,
    first_received timestamp not null,
    last_received  timestamp not null
);

-- First step, first checkout at or after it, first payment at or after that.
-- One row per conversation and mode (mode 'test' only where a test event names it).
create table conversations (
    conversation_key bigint    not null,
    mode             varchar   not null,
    platform         varchar   not null,
    conversation_id  varchar   not null,
    bot_key          bigint,
    bot_id           varchar,
    user_key         bigint,
    country          varchar,   -- the conversation's own; the bot's stands in at query time
    acquisition      varchar,
    started_at       timestamp, -- null: no conversation.started was seen
    checkout_at      timestamp,
    paid_at          timestamp,
    path             varchar,   -- of the first checkout
    credential       varchar,   -- of the first checkout
    provider         varchar,   -- of the first transaction
    first_received   timestamp not null,
    last_received    timestamp not null
);

-- A cube: conversations by quarter hour of their start, with the steps reached within 24 hours.
-- Rows are signed differences that add up; they are put together from time to time.
create table conversation_cells (
    cell     timestamp not null,
    mode     varchar   not null,
    platform varchar   not null,
    path     varchar,
    entered  bigint    not null,
    checkout bigint    not null,
    paid     bigint    not null
);

-- One row per checkout; a payment belongs to the checkout it names, else to its conversation's
-- latest one before it.
create table checkouts (
    conversation_key bigint    not null,
    mode             varchar   not null,
    platform         varchar   not null,
    checkout_id      varchar,
    bot_key          bigint,
    bot_id           varchar,
    country          varchar,   -- the conversation's own
    path             varchar,
    credential       varchar,
    started_at       timestamp not null,
    paid_at          timestamp, -- first authorized or captured payment at or after it
    first_received   timestamp not null,
    last_received    timestamp not null
);

create table payments (
    payment_key      bigint    not null,
    provider         varchar   not null,
    payment_id       varchar   not null,
    mode             varchar   not null,
    platform         varchar,   -- of the earliest fact that names them: platform to credential
    bot_key          bigint,
    bot_id           varchar,
    conversation_key bigint,
    user_key         bigint,
    checkout_id      varchar,
    path             varchar,
    credential       varchar,
    method           varchar,   -- of the captured attempt, else the latest that names one: method to wallet
    network          varchar,
    brand            varchar,
    wallet           varchar,
    currency         varchar,
    exponent         integer,
    state            varchar   not null,
    first_fact_at    timestamp not null,
    first_paid_at    timestamp, -- first authorized or captured
    first_capture_at timestamp,
    first_refund_at  timestamp,
    first_chargeback_at timestamp,
    authorized       bigint    not null, -- minor units, as the next four
    captured         bigint    not null,
    refunded         bigint    not null,
    disputed_lost    bigint    not null,
    reversed         bigint    not null,
    first_received   timestamp not null,
    last_received    timestamp not null
);

-- The attempts of each payment at their first decision; those without one are pending.
create table payment_attempts (
    payment_key  bigint    not null,
    attempt      varchar   not null,
    first        boolean   not null, -- the payment's first decided attempt
    first_counted boolean  not null, -- its first approved or declined one: technical failures decide nothing
    decided_at   timestamp,
    approved     boolean,
    failure_kind varchar,            -- of a failure: issuer where none was stated
    decline_code varchar,
    method       varchar,
    network      varchar,
    wallet       varchar,
    minor        bigint,
    -- As its payment has them, so that no question has to join.
    mode             varchar   not null,
    platform         varchar,
    bot_key          bigint,
    bot_id           varchar,
    conversation_key bigint,
    path             varchar,
    credential       varchar,
    provider         varchar   not null,
    currency         varchar,
    exponent         integer,
    rate_at          timestamp not null -- whose day's exchange rate counts: first capture, else first fact
);

-- Dated movements: 'capture', 'refund', 'dispute_lost', 'reversal' move money;
-- 'chargeback_opened', 'chargeback_won', 'chargeback_lost' count disputes.
create table payment_movements (
    payment_key bigint    not null,
    kind        varchar   not null,
    "at"        timestamp not null,
    minor       bigint    not null,
    method      varchar,
    network     varchar,
    wallet      varchar,
    -- As its payment has them, so that no question has to join.
    mode             varchar   not null,
    platform         varchar,
    bot_key          bigint,
    bot_id           varchar,
    conversation_key bigint,
    path             varchar,
    credential       varchar,
    provider         varchar   not null,
    currency         varchar,
    exponent         integer,
    rate_at          timestamp not null -- whose day's exchange rate counts: first capture, else first fact
);
