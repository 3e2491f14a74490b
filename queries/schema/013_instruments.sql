-- What stands for a network, a method or a wallet that a payment does not name: `none` where its method has none,
-- `unknown` where nobody said.
create or replace macro network_or_none(network, method) as
    coalesce(network, case when method is null or contains(method, 'card') then 'unknown' else 'none' end);
create or replace macro method_or_none(method) as coalesce(method, 'unknown');
create or replace macro wallet_or_none(wallet, method) as
    coalesce(wallet, case when method is null then 'unknown' else 'none' end);
