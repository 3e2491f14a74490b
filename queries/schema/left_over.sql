-- Whether anything is left of folds though nothing is folded: a start broke off before it was thrown away.
select max(folded_to) = timestamp '1970-01-01'
       and (exists (select 1 from bot_log) or exists (select 1 from conversation_log)
            or exists (select 1 from payment_log) or exists (select 1 from activity_log))
from fold_state
