-- Of the values that a question filters by, those that any row ever had.
select 'platform' as dimension, platform as value from bots where platform in $platform::varchar[]
union
select 'platform', platform from payments where platform in $platform::varchar[]
union
select 'bot', bot_id from bots where bot_id in $bot::varchar[]
union
select 'category', category from bots where category in $category::varchar[]
union
select 'country', country from bots where country in $country::varchar[]
union
select 'country', country from conversations where country in $country::varchar[]
union
select 'developer', developer_id from bots where developer_id in $developer::varchar[]
union
select 'acquisition', acquisition from conversations where acquisition in $acquisition::varchar[]
union
select 'path', path from checkouts where path in $path::varchar[]
union
select 'path', path from payments where path in $path::varchar[]
union
select 'credential', credential from checkouts where credential in $credential::varchar[]
union
select 'credential', credential from payments where credential in $credential::varchar[]
union
select 'provider', provider from payments where provider in $provider::varchar[]
union
select 'network', network from payment_attempts where network in $network::varchar[]
union
select 'network', network from payments where network in $network::varchar[]
union
select 'method', method from payment_attempts where method in $method::varchar[]
union
select 'method', method from payments where method in $method::varchar[]
union
select 'wallet', wallet from payment_attempts where wallet in $wallet::varchar[]
union
select 'wallet', wallet from payments where wallet in $wallet::varchar[]
