insert into past values ($upto::timestamp)
