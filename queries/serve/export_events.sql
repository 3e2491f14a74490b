copy (select *, time::date as day from events) to $1 (format parquet, partition_by (day), compression zstd)
