select source, field, times from source_no_ids
