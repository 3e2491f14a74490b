select count(distinct part) as parts from parts
