-- Checkouts of other conversations that have an id that is left out now.
delete from checkouts
using found_aside f
where f.kind = 'checkout' and f.platform = checkouts.platform and f.name = checkouts.checkout_id
