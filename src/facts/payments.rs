//! Payments, with their attempts and dated movements, folded from the events that name them.

use polars::prelude::*;

use super::{first, first_where, instants, kind_in, money_sum};

/// What the events of some payments fold to.
pub struct PaymentFacts {
    /// One row per payment.
    pub payments: DataFrame,
    /// One row per attempt.
    pub attempts: DataFrame,
    /// One row per movement of money or of a dispute.
    pub movements: DataFrame,
}

const APPROVALS: [&str; 2] = ["transaction.authorized", "transaction.captured"];

fn approval() -> Expr {
    kind_in(&APPROVALS)
}

fn captured() -> Expr {
    kind_in(&["transaction.captured"])
}

fn failed() -> Expr {
    kind_in(&["transaction.failed"])
}

/// Folds rows of `payment_log`, all of each payment that occurs.
///
/// # Errors
/// When a column is missing or of another type.
pub fn fold(log: &DataFrame) -> PolarsResult<PaymentFacts> {
    let events = one_currency(
        log.clone()
            .lazy()
            .sort(["payment_key", "time", "source", "id"], Default::default()),
    )
    .collect()?
    .lazy();
    let events = with_attempts(events).collect()?.lazy();
    let attempts = attempts(events.clone())?.collect()?;
    let disputes = disputes(events.clone()).collect()?;
    let movements = movements(events.clone(), disputes.clone().lazy())?;
    let payments = payments(
        events,
        attempts.clone().lazy(),
        disputes.lazy(),
        movements.clone().lazy(),
    )
    .collect()?;
    Ok(PaymentFacts {
        payments,
        attempts: attempts.lazy().with_columns(instants(&["decided_at"])).collect()?,
        movements: movements.lazy().with_columns(instants(&["at"])).collect()?,
    })
}

/// Gives every payment the currency of its first capture, else of its first amount; amounts in
/// another one are left out, because unlike currencies are never added.
fn one_currency(events: LazyFrame) -> LazyFrame {
    let chosen = events.clone().group_by([col("payment_key")]).agg([
        coalesce(&[first_where("currency", captured()), first("currency")]).alias("chosen"),
        coalesce(&[first_where("exponent", captured()), first("exponent")]).alias("chosen_exponent"),
    ]);
    let same = col("currency").eq(col("chosen"));
    events
        .join(
            chosen,
            [col("payment_key")],
            [col("payment_key")],
            JoinArgs::new(JoinType::Left),
        )
        .with_columns([when(same)
            .then(col("minor"))
            .otherwise(lit(NULL))
            .cast(DataType::Int64)
            .alias("minor")])
}

/// Names the attempt of each event: its own id; else, for approvals, the payment's approved
/// attempt; else each failure is one attempt.
fn with_attempts(events: LazyFrame) -> LazyFrame {
    let approved = events.clone().group_by([col("payment_key")]).agg([
        first_where("attempt_id", approval()).alias("approved_id"),
        approval().any(true).alias("is_approved"),
    ]);
    let without = col("attempt_id").is_null();
    events
        .join(
            approved,
            [col("payment_key")],
            [col("payment_key")],
            JoinArgs::new(JoinType::Left),
        )
        .with_columns([
            when(without.clone().and(approval()))
                .then(coalesce(&[col("approved_id"), lit("")]))
                .when(without.clone().and(failed()))
                .then(col("id"))
                .otherwise(col("attempt_id"))
                .alias("attempt"),
            // A failure without an id is told apart by its event, whose identity has two parts.
            when(without.and(failed()))
                .then(col("source"))
                .otherwise(lit(""))
                .alias("attempt_source"),
        ])
}

/// One row per attempt: its first decision, and approval before failure.
fn attempts(events: LazyFrame) -> PolarsResult<LazyFrame> {
    let decision = approval().or(failed());
    let reason = |name: &str| col(name).filter(failed()).first();
    let attempts = events
        .filter(col("attempt").is_not_null())
        .group_by_stable([col("payment_key"), col("attempt"), col("attempt_source")])
        .agg([
            col("time").filter(decision.clone()).min().alias("decided_at"),
            approval().any(true).alias("approved"),
            decision.clone().any(true).alias("decided"),
            reason("failure_kind").fill_null(lit("issuer")).alias("failure_kind"),
            reason("decline_code").alias("decline_code"),
            first("method").alias("method"),
            first("network").alias("network"),
            first("wallet").alias("wallet"),
            col("minor").filter(decision).max().alias("minor"),
        ])
        .sort(
            ["payment_key", "decided_at", "attempt", "attempt_source"],
            SortMultipleOptions::default().with_nulls_last(true),
        )
        .with_columns([
            col("payment_key").shift(lit(1)).alias("before"),
            col("decided")
                .and(
                    col("approved")
                        .or(col("failure_kind").eq(lit("issuer")))
                        .or(col("failure_kind").eq(lit("risk"))),
                )
                .alias("counted"),
        ])
        .with_columns([col("counted")
            .cast(DataType::Int64)
            .cum_sum(false)
            .over([col("payment_key")])?
            .alias("nth")])
        .select([
            col("payment_key"),
            col("attempt"),
            col("decided")
                .and(col("before").is_null().or(col("before").neq(col("payment_key"))))
                .alias("first"),
            col("counted").and(col("nth").eq(lit(1i64))).alias("first_counted"),
            col("decided_at"),
            when(col("decided"))
                .then(col("approved"))
                .otherwise(lit(NULL))
                .cast(DataType::Boolean)
                .alias("approved"),
            unless_approved("failure_kind"),
            unless_approved("decline_code"),
            col("method"),
            col("network"),
            col("wallet"),
            col("minor"),
        ]);
    Ok(attempts)
}

fn unless_approved(name: &str) -> Expr {
    when(col("decided").and(col("approved").not()))
        .then(col(name))
        .otherwise(lit(NULL))
        .cast(DataType::String)
        .alias(name)
}

/// One row per dispute: how far it went and how it ended.
fn disputes(events: LazyFrame) -> LazyFrame {
    let inquiry = || col("stage").eq(lit("inquiry")).fill_null(lit(false));
    events
        .filter(kind_in(&["transaction.disputed", "transaction.dispute_closed"]))
        .group_by_stable([
            col("payment_key"),
            col("dispute_id").fill_null(lit("")).alias("dispute"),
        ])
        .agg([
            // A dispute of which no fact says that it is only an inquiry is a chargeback.
            inquiry()
                .not()
                .any(true)
                .and(
                    col("stage")
                        .eq(lit("chargeback"))
                        .any(true)
                        .or(inquiry().any(true).not()),
                )
                .alias("chargeback"),
            col("time").filter(inquiry().not()).min().alias("opened_at"),
            col("outcome").drop_nulls().last().alias("outcome"),
            col("time")
                .filter(col("outcome").is_not_null())
                .last()
                .alias("closed_at"),
            col("minor").max().fill_null(lit(0i64)).alias("minor"),
        ])
        .filter(col("chargeback"))
}

/// Everything that moves money or counts a dispute, each on its own date.
fn movements(events: LazyFrame, disputes: LazyFrame) -> PolarsResult<DataFrame> {
    let captures = events
        .clone()
        .filter(captured())
        .group_by_stable([
            col("payment_key"),
            coalesce(&[col("capture_id"), col("attempt")]).alias("part"),
        ])
        .agg([
            col("time").min().alias("at"),
            col("minor").max().fill_null(lit(0i64)).alias("minor"),
        ]);
    let ended = |outcome: &'static str| disputes.clone().filter(col("outcome").eq(lit(outcome)));
    let plain = concat(
        [
            movement(captures, "capture", "at"),
            movement(refunds(events.clone())?, "refund", "at"),
            movement(ended("lost"), "dispute_lost", "closed_at"),
            movement(disputes.clone(), "chargeback_opened", "opened_at"),
            movement(ended("won"), "chargeback_won", "closed_at"),
            movement(ended("lost"), "chargeback_lost", "closed_at"),
        ],
        UnionArgs::default(),
    )?
    .collect()?
    .lazy();
    let all = concat(
        [plain.clone(), movement(reversals(events, plain), "reversal", "at")],
        UnionArgs::default(),
    )?;
    all.sort(["payment_key", "at", "kind", "minor"], Default::default())
        .collect()
}

fn movement(rows: LazyFrame, kind: &'static str, at: &str) -> LazyFrame {
    rows.select([
        col("payment_key"),
        lit(kind).alias("kind"),
        col(at).alias("at"),
        col("minor"),
    ])
    .filter(col("at").is_not_null())
}

/// Refunds by id; where a provider states only the sum so far, the steps by which that sum grew.
fn refunds(events: LazyFrame) -> PolarsResult<LazyFrame> {
    let refunds = events.filter(kind_in(&["transaction.refunded"]));
    let single = refunds
        .clone()
        .filter(col("cumulative").not())
        .group_by_stable([
            col("payment_key"),
            coalesce(&[col("refund_id"), col("id")]).alias("part"),
        ])
        .agg([
            col("time").min().alias("at"),
            col("minor").max().fill_null(lit(0i64)).alias("minor"),
        ])
        .select([col("payment_key"), col("at"), col("minor")]);
    let so_far = || col("minor").cum_max(false);
    let steps = refunds
        .filter(col("cumulative").and(col("minor").is_not_null()))
        .join(
            single.clone(),
            [col("payment_key")],
            [col("payment_key")],
            JoinArgs::new(JoinType::Anti),
        )
        .select([
            col("payment_key"),
            col("time").alias("at"),
            so_far().over([col("payment_key")])?.alias("so_far"),
        ])
        .with_columns([col("so_far")
            .shift(lit(1))
            .over([col("payment_key")])?
            .fill_null(lit(0i64))
            .alias("before")])
        .select([
            col("payment_key"),
            col("at"),
            (col("so_far") - col("before")).alias("minor"),
        ])
        .filter(col("minor").gt(lit(0i64)));
    concat([single, steps], UnionArgs::default())
}

/// What a reversal takes back beyond refunds and lost disputes: the same money never goes twice.
fn reversals(events: LazyFrame, movements: LazyFrame) -> LazyFrame {
    let back = || kind_in(&["refund", "dispute_lost"]);
    let sums = movements.clone().group_by([col("payment_key")]).agg([
        money_sum(col("minor").filter(kind_in(&["capture"]))).alias("captured"),
        money_sum(col("minor").filter(back())).alias("returned"),
    ]);
    let beside = movements
        .filter(back())
        .select([col("payment_key"), col("minor").alias("stated")]);
    let left = || col("captured") - col("returned");
    events
        .filter(kind_in(&["transaction.reversed"]))
        .group_by_stable([col("payment_key")])
        .agg([col("time").min().alias("at"), col("minor").max().alias("stated")])
        .join(
            beside,
            [col("payment_key"), col("stated")],
            [col("payment_key"), col("stated")],
            JoinArgs::new(JoinType::Anti),
        )
        .join(
            sums,
            [col("payment_key")],
            [col("payment_key")],
            JoinArgs::new(JoinType::Inner),
        )
        .select([
            col("payment_key"),
            col("at"),
            // Without an amount, all that is left is reversed.
            when(col("stated").is_null().or(col("stated").gt(left())))
                .then(left())
                .otherwise(col("stated"))
                .alias("minor"),
        ])
        .filter(col("minor").gt(lit(0i64)))
}

/// One row per payment.
fn payments(events: LazyFrame, attempts: LazyFrame, disputes: LazyFrame, movements: LazyFrame) -> LazyFrame {
    let sum_of = |kind: &'static str, name: &str| money_sum(col("minor").filter(kind_in(&[kind]))).alias(name);
    let first_of = |kind: &'static str, name: &str| col("at").filter(kind_in(&[kind])).min().alias(name);
    let sums = movements.group_by([col("payment_key")]).agg([
        sum_of("capture", "captured"),
        sum_of("refund", "refunded"),
        sum_of("dispute_lost", "disputed_lost"),
        sum_of("reversal", "reversed"),
        first_of("refund", "first_refund_at"),
        first_of("chargeback_opened", "first_chargeback_at"),
    ]);
    let ends = disputes.group_by([col("payment_key")]).agg([
        col("outcome").eq(lit("lost")).any(true).alias("is_lost"),
        col("outcome").is_null().any(true).alias("is_disputed"),
    ]);
    let decided = attempts
        .group_by([col("payment_key")])
        .agg([col("approved").eq(lit(false)).any(true).alias("has_failed")]);
    let key = || [col("payment_key")];
    let left = || JoinArgs::new(JoinType::Left);
    identity(events)
        .join(sums, key(), key(), left())
        .join(ends, key(), key(), left())
        .join(decided, key(), key(), left())
        .with_columns(
            ["captured", "refunded", "disputed_lost", "reversed", "authorized"]
                .map(|name| col(name).fill_null(lit(0i64))),
        )
        .with_columns([state().alias("state")])
        .select(COLUMNS.map(col))
        .with_columns(instants(&[
            "first_fact_at",
            "first_paid_at",
            "first_capture_at",
            "first_refund_at",
            "first_chargeback_at",
            "first_received",
            "last_received",
        ]))
}

const COLUMNS: [&str; 31] = [
    "payment_key",
    "provider",
    "payment_id",
    "mode",
    "platform",
    "bot_key",
    "bot_id",
    "conversation_key",
    "user_key",
    "checkout_id",
    "path",
    "credential",
    "method",
    "network",
    "brand",
    "wallet",
    "currency",
    "exponent",
    "state",
    "first_fact_at",
    "first_paid_at",
    "first_capture_at",
    "first_refund_at",
    "first_chargeback_at",
    "authorized",
    "captured",
    "refunded",
    "disputed_lost",
    "reversed",
    "first_received",
    "last_received",
];

/// What the events say directly: names from the earliest that has them, the card from the captured attempt.
fn identity(events: LazyFrame) -> LazyFrame {
    // Of an approved payment a declined attempt's card says nothing.
    let relevant = || failed().not().or(col("is_approved").not());
    let card = |name: &str| {
        coalesce(&[
            first_where(name, captured()),
            first_where(name, approval()),
            first_where(name, relevant()),
        ])
        .alias(name)
    };
    let has = |kind: &'static str| kind_in(&[kind]).any(true);
    let bot = || col("bot_key").is_not_null();
    events.group_by_stable([col("payment_key")]).agg([
        col("provider").first(),
        col("payment_id").first(),
        // One test event makes the payment a test: live money is never marked as a test.
        col("mode").max(),
        // A bot is (platform, id): both come from the same fact.
        coalesce(&[first_where("platform", bot()), first("platform")]).alias("platform"),
        first("bot_key").alias("bot_key"),
        first_where("bot_id", bot()).alias("bot_id"),
        first("conversation_key").alias("conversation_key"),
        first("user_key").alias("user_key"),
        first("checkout_id").alias("checkout_id"),
        first("path").alias("path"),
        first("credential").alias("credential"),
        card("method"),
        card("network"),
        card("brand"),
        card("wallet"),
        col("chosen").first().alias("currency"),
        col("chosen_exponent").first().alias("exponent"),
        col("time").min().alias("first_fact_at"),
        col("time").filter(approval()).min().alias("first_paid_at"),
        col("time").filter(captured()).min().alias("first_capture_at"),
        col("minor")
            .filter(kind_in(&["transaction.authorized"]))
            .max()
            .alias("authorized"),
        has("transaction.requires_action").alias("has_action"),
        has("transaction.cancelled").alias("has_cancelled"),
        col("received_at").min().alias("first_received"),
        col("received_at").max().alias("last_received"),
    ])
}

/// The state by precedence (definitions, section 5); a reversal counts as a refund does.
fn state() -> Expr {
    let flag = |name: &str| col(name).fill_null(lit(false));
    let is_captured = || col("first_capture_at").is_not_null();
    let returned = || col("refunded") + col("reversed");
    when(flag("is_lost"))
        .then(lit("dispute_lost"))
        .when(flag("is_disputed"))
        .then(lit("disputed"))
        .when(
            is_captured()
                .and(returned().gt(lit(0i64)))
                .and(returned().gt_eq(col("captured"))),
        )
        .then(lit("refunded"))
        .when(returned().gt(lit(0i64)))
        .then(lit("partly_refunded"))
        .when(is_captured())
        .then(lit("captured"))
        .when(col("first_paid_at").is_not_null())
        .then(lit("authorized"))
        .when(flag("has_action"))
        .then(lit("requires_action"))
        .when(flag("has_failed"))
        .then(lit("failed"))
        .when(flag("has_cancelled"))
        .then(lit("cancelled"))
        .otherwise(lit("initiated"))
}
