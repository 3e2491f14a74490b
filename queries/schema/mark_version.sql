insert into schema_versions values (?)
