insert into pseudonym_keys
select $fingerprint::varchar
