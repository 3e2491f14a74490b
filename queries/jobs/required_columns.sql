select table_name, column_name
from duckdb_columns()
where database_name = 'botledger' and not is_nullable and table_name in $tables::varchar[]
