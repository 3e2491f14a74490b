//! Checkouts, folded from the events that begin them and from the payments that belong to them.

use std::collections::HashMap;

use polars::prelude::*;

use super::{first, instants, kind_in};

/// Folds checkouts of some conversations: rows of `conversation_log` (all of each conversation)
/// and the payments that name these checkouts or belong to these conversations
/// (`platform`, `checkout_id`, `conversation_key`, `mode`, `first_paid_at`, `last_received`,
/// times in microseconds). Of those that name one, the nearest at or after each beginning and
/// the latest stamp are enough.
///
/// Rows with `is_left_out` begin no checkout: their id is set aside.
///
/// A checkout is its id within the conversation, or without an id each event. A payment belongs to
/// the checkout it names, else to its conversation's latest checkout at or before it.
///
/// # Errors
/// When a column is missing or of another type.
pub fn fold(log: &DataFrame, payments: &DataFrame) -> PolarsResult<DataFrame> {
    let checkouts = begun(log.clone().lazy()).with_row_index("row", None).collect()?;
    let paid = paid(&checkouts, payments)?.lazy();
    checkouts
        .lazy()
        .join(paid, [col("row")], [col("row")], JoinArgs::new(JoinType::Left))
        .with_columns([when(col("paid_received").gt(col("last_received")))
            .then(col("paid_received"))
            .otherwise(col("last_received"))
            .alias("last_received")])
        .select(COLUMNS.map(col))
        .with_columns(instants(&["started_at", "paid_at", "first_received", "last_received"]))
        .sort(["started_at", "conversation_key"], Default::default())
        .collect()
}

const COLUMNS: [&str; 13] = [
    "conversation_key",
    "mode",
    "platform",
    "checkout_id",
    "bot_key",
    "bot_id",
    "country",
    "path",
    "credential",
    "started_at",
    "paid_at",
    "first_received",
    "last_received",
];

/// One row per checkout, as its earliest event tells it.
fn begun(log: LazyFrame) -> LazyFrame {
    let without_id = || col("checkout_id").is_null();
    let own = |name: &str, part: &str| when(without_id()).then(col(name)).otherwise(lit("")).alias(part);
    // A checkout is its conversation's, whose bot may not be the one that began it.
    let owners = log
        .clone()
        .sort(["conversation_key", "time", "source", "id"], Default::default())
        .group_by_stable([col("conversation_key")])
        .agg([
            first("bot_key").alias("bot_key"),
            first("bot_id").alias("bot_id"),
            first("country").alias("country"),
        ]);
    log.filter(kind_in(&["checkout.started"]).and(col("is_left_out").not()))
        .sort(["conversation_key", "time", "source", "id"], Default::default())
        .with_columns([own("source", "own_source"), own("id", "own_id")])
        .group_by_stable(["conversation_key", "mode", "checkout_id", "own_source", "own_id"].map(col))
        .agg([
            col("platform").first(),
            col("path").first(),
            col("credential").first(),
            col("source").first(),
            col("id").first(),
            col("time").min().alias("started_at"),
            col("received_at").min().alias("first_received"),
            col("received_at").max().alias("last_received"),
        ])
        .join(
            owners,
            [col("conversation_key")],
            [col("conversation_key")],
            JoinArgs::new(JoinType::Left),
        )
        .sort(["conversation_key", "started_at", "source", "id"], Default::default())
}

/// When the payments of each checkout's row paid it: `paid_at` and `paid_received`.
///
/// Each checkout and each payment is matched with its nearest: sorted once and searched, however many share an id.
fn paid(checkouts: &DataFrame, payments: &DataFrame) -> PolarsResult<DataFrame> {
    let (named, unnamed) = sorted(payments)?;
    let begun = Begun::of(checkouts)?;
    let mut paid: Vec<Paid> = vec![Paid::default(); checkouts.height()];
    for (row, paid) in paid.iter_mut().enumerate() {
        let Some(of_name) = begun.name(row).and_then(|name| named.get(&name)) else {
            continue;
        };
        // Nearest: the first payment at or after the beginning.
        let next = of_name.moments.partition_point(|at| *at < begun.started_at(row));
        *paid = Paid {
            at: of_name.moments.get(next).copied(),
            received: of_name.received,
        };
    }
    let by_conversation = begun.by_conversation();
    for (owner, at, received) in unnamed {
        let Some(rows) = by_conversation.get(&owner) else {
            continue;
        };
        // Rows are in the order of their beginning. Nearest: the latest one at or before the payment.
        let before = rows.partition_point(|row| begun.started_at(*row) <= at);
        if let Some(row) = before.checked_sub(1).and_then(|last| rows.get(last)) {
            let paid = &mut paid[*row];
            paid.at = Some(paid.at.map_or(at, |known| known.min(at)));
            paid.received = paid.received.max(received);
        }
    }
    df!(
        "row" => (0..).take(paid.len()).collect::<Vec<u32>>(),
        "paid_at" => paid.iter().map(|paid| paid.at).collect::<Vec<Option<i64>>>(),
        "paid_received" => paid.iter().map(|paid| paid.received).collect::<Vec<Option<i64>>>(),
    )
}

/// Platform, id and mode of a checkout.
type Name<'a> = (&'a str, &'a str, &'a str);
/// A conversation and a mode.
type Owner<'a> = (i64, &'a str);

#[derive(Debug, Clone, Copy, Default)]
struct Paid {
    at: Option<i64>,
    received: Option<i64>,
}

/// The payments of one checkout's name.
#[derive(Debug, Default)]
struct OfName {
    /// When they were first paid, in order.
    moments: Vec<i64>,
    received: Option<i64>,
}

/// Payments that name a checkout, by its name, and those that name none and were paid.
#[allow(clippy::type_complexity, reason = "each type is named once, here")]
fn sorted(payments: &DataFrame) -> PolarsResult<(HashMap<Name<'_>, OfName>, Vec<(Owner<'_>, i64, Option<i64>)>)> {
    let text = |name: &str| payments.column(name)?.str();
    let int = |name: &str| payments.column(name)?.i64();
    let (platform, checkout, mode) = (text("platform")?, text("checkout_id")?, text("mode")?);
    let (conversation, paid) = (int("conversation_key")?, int("first_paid_at")?);
    let received = int("last_received")?;
    let mut named: HashMap<Name<'_>, OfName> = HashMap::new();
    let mut unnamed = Vec::new();
    for row in 0..payments.height() {
        let Some(mode) = mode.get(row) else { continue };
        match (checkout.get(row), platform.get(row)) {
            (Some(checkout), Some(platform)) => {
                let of_name = named.entry((platform, checkout, mode)).or_default();
                of_name.moments.extend(paid.get(row));
                of_name.received = of_name.received.max(received.get(row));
            }
            (Some(_), None) => {}
            (None, _) => {
                if let (Some(conversation), Some(at)) = (conversation.get(row), paid.get(row)) {
                    unnamed.push(((conversation, mode), at, received.get(row)));
                }
            }
        }
    }
    named.values_mut().for_each(|of_name| of_name.moments.sort_unstable());
    Ok((named, unnamed))
}

/// The columns of checkouts that payments are matched by.
struct Begun<'a> {
    conversation: &'a Int64Chunked,
    mode: &'a StringChunked,
    platform: &'a StringChunked,
    checkout: &'a StringChunked,
    started_at: &'a Int64Chunked,
}

impl<'a> Begun<'a> {
    fn of(checkouts: &'a DataFrame) -> PolarsResult<Self> {
        Ok(Begun {
            conversation: checkouts.column("conversation_key")?.i64()?,
            mode: checkouts.column("mode")?.str()?,
            platform: checkouts.column("platform")?.str()?,
            checkout: checkouts.column("checkout_id")?.str()?,
            started_at: checkouts.column("started_at")?.i64()?,
        })
    }

    fn started_at(&self, row: usize) -> i64 {
        self.started_at.get(row).unwrap_or_default()
    }

    fn name(&self, row: usize) -> Option<Name<'a>> {
        Some((self.platform.get(row)?, self.checkout.get(row)?, self.mode.get(row)?))
    }

    /// The rows of each conversation and mode, in their order.
    fn by_conversation(&self) -> HashMap<Owner<'a>, Vec<usize>> {
        let mut rows: HashMap<Owner<'a>, Vec<usize>> = HashMap::new();
        for row in 0..self.conversation.len() {
            if let (Some(conversation), Some(mode)) = (self.conversation.get(row), self.mode.get(row)) {
                rows.entry((conversation, mode)).or_default().push(row);
            }
        }
        rows
    }
}
