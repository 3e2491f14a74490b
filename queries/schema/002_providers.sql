-- Payments under several names, exchange rates, and what each source has delivered.

-- Other ids of an event's payment, as texts and as keys of the payments they would be on their own.
alter table events add column aliases varchar[];
alter table events add column alias_keys bigint[];

-- Events under `alias_key` belong to the payment `payment_key`: a charge to its intent, a capture
-- to its order. Each pair once, as stated first; the earliest statement about an alias decides.
create table payment_aliases (
    alias_key   bigint    not null,
    payment_key bigint    not null,
    time        timestamp not null,
    received_at timestamp not null,
    source      varchar   not null,
    id          varchar   not null
);

-- A fact: which payment each of these names belongs to. Names of their own are not in it.
create table payment_roots (
    payment_key bigint not null,
    root        bigint not null
);

-- Published exchange rates: one unit of `base` is `rate` units of `quote`. Rows are only ever added;
-- of several for one day, base and quote the one received last counts.
create table fx_rates (
    received_at timestamp not null,
    day         integer   not null, -- days since 1970-01-01
    base        varchar   not null,
    quote       varchar   not null,
    digits      bigint    not null, -- the rate is digits / 10^scale
    scale       integer   not null,
    source      varchar   not null
);

-- What each source has delivered since the ledger was made, as counted by the server from time to time.
create table source_tallies (
    source           varchar   not null, -- of a webhook as in events, else the address of a native way in
    last_delivery_at timestamp,
    last_accepted_at timestamp,
    deliveries       bigint    not null,
    accepted         bigint    not null,
    duplicates       bigint    not null,
    conflicts        bigint    not null,
    rejected         bigint    not null,
    forged           bigint    not null,
    unsupported      bigint    not null,
    unparseable      bigint    not null,
    lag_micros       bigint              -- of the latest delivery that stated a time
);

-- The fingerprint of the key that pseudonyms are made with; the key itself lies beside the database.
create table pseudonym_keys (
    fingerprint varchar not null
);
