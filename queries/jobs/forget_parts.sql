delete from parts
