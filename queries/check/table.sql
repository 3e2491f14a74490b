-- Reads every column of a table.
select count(*), bit_xor(hash(everything))::varchar from query_table(?::varchar) as everything
