//! Refolding: what is touched is folded again from all its projected events, payments first, then what depends on them.

use chrono::{DateTime, Utc};
use duckdb::Connection;

use super::aside::Aside;
use super::quarantine::EntityKind;
use super::target::Target;
use super::window::{FoldReport, Window};
use crate::facts;
use crate::model::{Param, Params, Query};
use crate::query;
use crate::store::sql::{changed, execute, run};
use crate::store::{StoreError, sql};

/// Folds the touched entities again, payments first, then what depends on them.
///
/// `since` is a stamp before which nothing came in about the touched conversations. What has too many rows is set aside
/// before they are read, and so is what cannot be folded.
pub fn refold(
    connection: &Connection,
    window: Window,
    since: DateTime<Utc>,
    target: &Target,
    aside: &mut Aside<'_>,
) -> Result<FoldReport, StoreError> {
    let payments = refold_payments(connection, target, aside)?;
    let conversations = refold_conversations(connection, since, target, aside)?;
    let bots = refold_bots(connection, target, aside)?;
    let days = refold_days(connection, target)?;
    Ok(FoldReport {
        window,
        payments,
        conversations,
        bots,
        days,
    })
}

/// How what is touched is divided into parts.
struct Parts {
    /// Notes the parts.
    split: Query,
    /// Leaves the next part touched, or all again after the last one.
    next: Query,
}

/// Does `work` on all that is touched, or one part after the other where that has too many rows to be read at once.
///
/// `work` is given the rows that one of its frames may have. It reads before it writes, and what it does to an entity
/// depends on no other one of the same kind.
fn in_parts(
    connection: &Connection,
    parts: &Parts,
    mut params: Params,
    aside: &mut Aside<'_>,
    work: impl Fn(&mut Aside<'_>, usize) -> Result<usize, StoreError>,
) -> Result<usize, StoreError> {
    let at_once = aside.rules().at_once();
    match work(aside, at_once) {
        Err(StoreError::TooManyRows(_)) => {}
        done => return done,
    }
    params.push(("rows", Param::Int(i64::try_from(at_once).unwrap_or(i64::MAX))));
    run(connection, &parts.split, &params)?;
    let count = sql::frame(connection, &query!("jobs/count_parts"), &Params::new(), 1)?;
    let mut folded = 0;
    for _ in 0..sql::Rows(&count).count("parts", 0)? {
        aside.go_on()?;
        execute(connection, &parts.next)?;
        folded += work(aside, usize::MAX)?;
    }
    execute(connection, &parts.next)?;
    execute(connection, &query!("jobs/forget_parts"))?;
    Ok(folded)
}

fn refold_payments(connection: &Connection, target: &Target, aside: &mut Aside<'_>) -> Result<usize, StoreError> {
    const PARTS: Parts = Parts {
        split: query!("jobs/split_payments"),
        next: query!("jobs/next_payments"),
    };
    in_parts(connection, &PARTS, Params::new(), aside, |aside, most| {
        let rules = aside.rules();
        let events = sql::frame(connection, &query!("jobs/payment_events"), &Params::new(), most)?;
        let paid = aside.fold(EntityKind::Payment, "payment_key", &events, |events| {
            let paid = facts::payments::fold(events)?;
            rules.whole("payments", &paid.payments)?;
            rules.whole("payment_attempts", &paid.attempts)?;
            rules.whole("payment_movements", &paid.movements)?;
            Ok(paid)
        })?;
        target.replace(
            connection,
            &query!("jobs/drop_payments"),
            &[
                ("payments", "past_payments", &paid.payments),
                ("payment_attempts", "past_attempts", &paid.attempts),
                ("payment_movements", "past_movements", &paid.movements),
            ],
        )?;
        Ok(paid.payments.height())
    })
}

fn refold_conversations(
    connection: &Connection,
    since: DateTime<Utc>,
    target: &Target,
    aside: &mut Aside<'_>,
) -> Result<usize, StoreError> {
    const PARTS: Parts = Parts {
        split: query!("jobs/split_conversations"),
        next: query!("jobs/next_conversations"),
    };
    let from_then = || vec![("since", Param::Time(since))];
    aside.bound(
        EntityKind::Conversation,
        &query!("jobs/bound_conversations"),
        from_then(),
    )?;
    aside.bound(EntityKind::Checkout, &query!("jobs/bound_checkouts"), from_then())?;
    let folded = in_parts(connection, &PARTS, from_then(), aside, |aside, most| {
        fold_conversations(connection, &from_then(), target, aside, most)
    })?;
    if matches!(target, Target::Tables) {
        execute(connection, &query!("jobs/drop_left_out"))?;
    }
    Ok(folded)
}

fn fold_conversations(
    connection: &Connection,
    since: &Params,
    target: &Target,
    aside: &mut Aside<'_>,
    most: usize,
) -> Result<usize, StoreError> {
    let rules = aside.rules();
    let read = |query: Query, params: &Params| sql::frame(connection, &query, params, most);
    let events = read(query!("jobs/conversation_events"), since)?;
    let (of_conversations, of_checkouts) = (
        read(query!("jobs/conversation_payments"), &Params::new())?,
        read(query!("jobs/checkout_payments"), since)?,
    );
    let (conversations, checkouts) = aside.fold(EntityKind::Conversation, "conversation_key", &events, |events| {
        let conversations = facts::conversations::fold(events, &of_conversations)?;
        let checkouts = facts::checkouts::fold(events, &of_checkouts)?;
        rules.whole("conversations", &conversations)?;
        rules.whole("checkouts", &checkouts)?;
        Ok((conversations, checkouts))
    })?;
    target.count_rollup(connection, query!("jobs/rollup_subtract"))?;
    target.replace(
        connection,
        &query!("jobs/drop_conversations"),
        &[
            ("conversations", "past_conversations", &conversations),
            ("checkouts", "past_checkouts", &checkouts),
        ],
    )?;
    target.count_rollup(connection, query!("jobs/rollup_add"))?;
    Ok(conversations.height())
}

fn refold_bots(connection: &Connection, target: &Target, aside: &mut Aside<'_>) -> Result<usize, StoreError> {
    const PARTS: Parts = Parts {
        split: query!("jobs/split_bots"),
        next: query!("jobs/next_bots"),
    };
    aside.bound(EntityKind::Bot, &query!("jobs/bound_bots"), Params::new())?;
    in_parts(connection, &PARTS, Params::new(), aside, |aside, most| {
        let rules = aside.rules();
        let read = |query: Query| sql::frame(connection, &query, &Params::new(), most);
        let (events, captures) = (read(query!("jobs/bot_events"))?, read(query!("jobs/bot_captures"))?);
        let bots = aside.fold(EntityKind::Bot, "bot_key", &events, |events| {
            let bots = facts::bots::fold(events, &captures)?;
            rules.whole("bots", &bots.bots)?;
            rules.whole("bot_spans", &bots.spans)?;
            Ok(bots)
        })?;
        target.replace(
            connection,
            &query!("jobs/drop_bots"),
            &[
                ("bots", "past_bots", &bots.bots),
                ("bot_spans", "past_spans", &bots.spans),
            ],
        )?;
        Ok(bots.bots.height())
    })
}

/// Days are united by the database alone, so that its limit of memory holds however many are touched. Those that no row of
/// the table may be are left out.
fn refold_days(connection: &Connection, target: &Target) -> Result<usize, StoreError> {
    let nothing = Params::new();
    let found = changed(connection, &query!("jobs/day_activity"), &nothing)?;
    let put = match target {
        Target::Tables => {
            execute(connection, &query!("jobs/drop_days"))?;
            query!("jobs/put_days")
        }
        Target::Past => query!("jobs/past_put_days"),
    };
    let days = changed(connection, &put, &nothing)?;
    if days < found {
        tracing::error!(days = found - days, "days of bots cannot be folded and are left out");
    }
    Ok(usize::try_from(days).unwrap_or_default())
}
