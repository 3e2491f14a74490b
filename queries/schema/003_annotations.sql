-- What people have marked on the axis of time. Rows are only ever added: an annotation stands while
-- its latest row is not a retraction.
create table annotations (
    received_at timestamp not null,
    id          varchar   not null, -- a digest of moment, text and scope: the same again is the same
    time        timestamp not null,
    text        varchar   not null,
    platform    varchar,            -- the scope: null says nothing
    bot_id      varchar,
    metric      varchar,
    retracted   boolean   not null
);
