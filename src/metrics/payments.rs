//! Payments: how much is paid, by whom, how often it succeeds and how much is taken back.

use chrono::TimeDelta;
use polars::prelude::{DataFrame, IntoLazy, LazyFrame, col, lit};

use super::column::{After, Column, Role};
use super::converting::Converter;
use super::money::{self, PRICED};
use super::payment_rates;
use super::rows::counts;
use super::scope::{Scope, count_if, count_rows, distinct};
use super::{Answer, Definition, Metric, MetricError, Parameter, Question, REPORT_DAYS, Takes};
use crate::facts::fact::{CAPTURES, Fact, MOVEMENTS, MOVEMENTS_BY_PAYMENT, PAYMENTS};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "payments",
    title: "Payments",
    definition: Definition {
        changes: &[
            "Network, method and wallet as in `provider-share`.",
            "A refund counts once it is done and unless it fails, a released hold is none, reversals add up \
             by their ids, and `average` leaves out payments without an exchange rate.",
        ],
        text: "payments are live payments with a capture, at their first capture. gross, refunded, disputed_lost and \
               reversed are movements at their own date (basis=activity); basis=cohort puts refunds, disputes and \
               reversals, and the counts of chargebacks, on the payment's first capture, else its first fact. Amounts \
               are in the reporting currency, refunds and disputes too, at the last rate published on or before the \
               UTC day of that first capture, none older than 7 days; each sum is exact and rounded once, half to \
               even. A refund counts once it is done and unless it fails; the released rest of a hold is not a \
               refund. Reversals add up, each by its own id, else by its capture, as far as money is left; one that \
               is the same as a refund or a lost dispute (the same id, or the same capture and amount) is left out. \
               net = gross - refunded - disputed_lost - reversed, before fees, from the rounded columns; average = \
               gross / (payments - those without an exchange rate), null where none converts. unconverted counts \
               payments with a movement in the bucket whose money has no exchange rate. payers and bots are distinct \
               among the payments, so those of groups or of buckets do not add up; repeat_payers have their second \
               captured payment ever, whatever the filters, in the bucket or earlier; saved_share is over payments \
               whose credential is known. There are four rates, never a single one. An attempt is finished at its \
               first approval or failure of any kind; a failure of kind issuer or risk, or of none, is a decline. \
               attempt_approval = approved / (approved + declined) attempts, when they finished; \
               first_attempt_approval the same over the attempt of each payment that finished first: where it failed \
               in another way, the payment counts neither in the numerator nor in the denominator, whatever followed; \
               payment_success = captured / payments with an approved or declined attempt, when the first such \
               finished, also after failures of other kinds; checkout_conversion = paid checkouts / checkouts whose \
               24 hours are over, at the checkout, by count only and only where neither groups, filters nor \
               currency=original ask for what a checkout does not have. _n is the denominator, _ci the 95 % Wilson \
               interval, _by_amount the same by the attempt's amount. Attempt rates take each attempt's own network, \
               method and wallet; all else takes those of one attempt of the payment, the captured one, else the \
               first approved, else the first declined. pending counts payments whose state is initiated or \
               requires_action, at their first fact. refund_rate and dispute_rate are shares of captured payments \
               refunded within 60 days, or charged back within 120, null, with an _n of 0, until that has passed. \
               Category and developer are those of the payment's bot, acquisition is that of its conversation, and \
               country that of its conversation, else of its bot.",
        numerator: "per column, see the text",
        denominator: "per column, see the text; rates are null where it is 0",
        excludes: &[
            "technical, abandoned and settlement failures, from the rates of approval and success",
            "inquiries: they are not chargebacks",
            "amounts without an exchange rate, from all sums of money and rates by amount",
            "events of the other mode",
        ],
    },
    dimensions: CAPTURES.dimensions,
    parameters: &[BASIS],
    default_days: REPORT_DAYS,
    columns: &[
        Column::key("currency").means("Currency of the amounts."),
        Column::count("payments", "payments").means("Payments at their first capture."),
        Column::amount("gross").means("Money captured."),
        Column::amount("refunded").means("Money refunded."),
        Column::amount("disputed_lost").means("Money lost in disputes."),
        Column::amount("reversed").means("Money reversed."),
        Column::amount("net").means("gross - refunded - disputed_lost - reversed."),
        Column::new("average", Role::Number).means("gross / payments that have an exchange rate."),
        Column::stock("unconverted", "payments").means("Payments with a movement whose money has no exchange rate."),
        Column::distinct("payers", "users").means("Different users among the payments."),
        Column::distinct("repeat_payers", "users")
            .means("Of these, users whose second captured payment ever is in the bucket or earlier."),
        Column::distinct("bots", "bots").means("Different bots among the payments."),
        Column::rate("saved_share", "saved", "saved_share_n")
            .means("Share paid with a saved credential, of the payments whose credential is known."),
        Column::count("saved_share_n", "payments").means("Payments whose credential is known."),
        Column::interval("saved_share_ci_low", "saved_share_ci_high", "saved_share"),
        Column::rate("attempt_approval", "approved", "attempt_approval_n")
            .means("approved / (approved + declined) attempts."),
        Column::count("attempt_approval_n", "attempts").means("Approved and declined attempts."),
        Column::interval(
            "attempt_approval_ci_low",
            "attempt_approval_ci_high",
            "attempt_approval",
        ),
        Column::number("attempt_approval_by_amount", "ratio").means("attempt_approval by the amount of the attempts."),
        Column::rate("first_attempt_approval", "first_approved", "first_attempt_approval_n")
            .means("The same over the attempt of each payment that finished first."),
        Column::count("first_attempt_approval_n", "payments")
            .means("Payments whose first finished attempt was approved or declined."),
        Column::interval(
            "first_attempt_approval_ci_low",
            "first_attempt_approval_ci_high",
            "first_attempt_approval",
        ),
        Column::number("first_attempt_approval_by_amount", "ratio")
            .means("first_attempt_approval by the amount of the attempts."),
        Column::rate("payment_success", "succeeded", "payment_success_n")
            .means("Captured payments / payments with an approved or declined attempt."),
        Column::count("payment_success_n", "payments").means("Payments with an approved or declined attempt."),
        Column::interval("payment_success_ci_low", "payment_success_ci_high", "payment_success"),
        Column::number("payment_success_by_amount", "ratio").means("payment_success by the amount of the attempts."),
        Column::rate("checkout_conversion", "paid_checkouts", "checkout_conversion_n")
            .settling(CHECKOUT)
            .means("Paid checkouts / checkouts whose 24 hours are over."),
        Column::count("checkout_conversion_n", "checkouts")
            .settling(CHECKOUT)
            .means("Checkouts whose 24 hours are over."),
        Column::interval(
            "checkout_conversion_ci_low",
            "checkout_conversion_ci_high",
            "checkout_conversion",
        ),
        Column::count("pending", "payments").means("Payments that wait for a decision, at their first fact."),
        Column::rate("refund_rate", "refunded_payments", "payments")
            .settled(REFUND)
            .means("Share of the payments refunded within 60 days."),
        Column::count("refund_rate_n", "payments")
            .settled(REFUND)
            .means("Payments of buckets whose 60 days are over."),
        Column::interval("refund_rate_ci_low", "refund_rate_ci_high", "refund_rate"),
        Column::rate("dispute_rate", "disputed_payments", "payments")
            .settled(DISPUTE)
            .means("Share of the payments charged back within 120 days."),
        Column::count("dispute_rate_n", "payments")
            .settled(DISPUTE)
            .means("Payments of buckets whose 120 days are over."),
        Column::interval("dispute_rate_ci_low", "dispute_rate_ci_high", "dispute_rate"),
        Column::count("chargebacks_opened", "chargebacks").means("Chargebacks opened."),
        Column::count("chargebacks_won", "chargebacks").means("Chargebacks won."),
        Column::count("chargebacks_lost", "chargebacks").means("Chargebacks lost."),
    ],
    compute,
};

/// When a checkout counts as paid or not, and a payment as refunded and as charged back or not.
const CHECKOUT: After = After::Fixed("24h");
const REFUND: After = After::Fixed("60d");
const DISPUTE: After = After::Fixed("120d");
const REFUND_DAYS: i64 = 60;
const DISPUTE_DAYS: i64 = 120;

/// At which date refunds, disputes and reversals count.
pub(super) const BASIS: Parameter = Parameter {
    name: "basis",
    default: "activity",
    help: "activity or cohort",
    takes: Takes::OneOf(&["activity", "cohort"]),
};

/// The movements of a question, dated as it asks.
pub(super) fn movements(question: &Question) -> &'static Fact {
    match question.word("basis") {
        "cohort" => &MOVEMENTS_BY_PAYMENT,
        _ => &MOVEMENTS,
    }
}

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let own = scope.by_currency(&[]);
    let mut converter = Converter::of(scope)?;
    let mut parts = vec![captures(scope, &mut converter, &own)?];
    parts.extend(moved(scope, &mut converter, &own)?);
    parts.extend(payment_rates::of_attempts(scope, &mut converter, &own)?);
    parts.push(pending(scope, &own)?);
    parts.extend(payment_rates::of_checkouts(scope)?);
    let rows = scope.complete(parts, &own)?;
    let rows = money::net(rows)?;
    let rows = payment_rates::by_amount(average(rows)?)?;
    let unconverted = counts(&rows, "unconverted")?.iter().sum();
    Ok(Answer {
        warnings: converter.warning(unconverted).into_iter().collect(),
        rates: converter.uses(),
        ..Answer::of(rows)
    })
}

/// Payments at their first capture: how many, by whom, through which bots, and what became of them.
fn captures(scope: &Scope, converter: &mut Converter, own: &[&'static str]) -> Result<LazyFrame, MetricError> {
    let columns = [
        "user_key",
        "bot_key",
        "credential",
        "currency",
        "rate_day",
        "refunded_after",
        "disputed_after",
    ];
    let captures = converter.price(scope.facts(&CAPTURES, &columns)?, lit(true))?;
    let second = scope
        .read(&query!("facts/second_captures"), &scope.range_params())?
        .lazy();
    let captures = captures.left_join(second, col("user_key"), col("user_key"));
    let captures = captures.left_join(scope.bucket_ends()?.lazy(), col("bucket"), col("bucket"));
    let within = |after: &str, days: i64| {
        let days = TimeDelta::days(days).num_microseconds().unwrap_or(i64::MAX);
        count_if(col(after).lt_eq(lit(days)))
    };
    let repeat = col("user_key").filter(col("second_at").lt(col("bucket_end")));
    Ok(captures.group_by(scope.keys(own)).agg([
        count_rows().alias("payments"),
        count_rows().alias("refund_rate_n"),
        count_rows().alias("dispute_rate_n"),
        count_if(col(PRICED)).alias("priced_payments"),
        distinct(col("user_key")).alias("payers"),
        distinct(repeat).alias("repeat_payers"),
        distinct(col("bot_key")).alias("bots"),
        count_if(col("credential").eq(lit("saved"))).alias("saved"),
        count_if(col("credential").eq(lit("saved")).or(col("credential").eq(lit("new")))).alias("saved_share_n"),
        within("refunded_after", REFUND_DAYS).alias("refunded_payments"),
        within("disputed_after", DISPUTE_DAYS).alias("disputed_payments"),
    ]))
}

/// Money that moved, and chargebacks.
fn moved(scope: &Scope, converter: &mut Converter, own: &[&'static str]) -> Result<[LazyFrame; 2], MetricError> {
    let columns = ["kind", "minor", "payment_key", "currency", "rate_day"];
    let movements = converter.price(scope.facts(movements(scope.question), &columns)?, money::is_moved())?;
    let chargebacks = |kind: &str| count_if(col("kind").eq(lit(kind))).alias(kind_column(kind));
    let counted = movements.clone().group_by(scope.keys(own)).agg([
        money::unconverted(scope).alias("unconverted"),
        chargebacks("chargeback_opened"),
        chargebacks("chargeback_won"),
        chargebacks("chargeback_lost"),
    ]);
    Ok([
        counted,
        converter.sums(movements, &scope.key_names(own), &money::movement_sums())?,
    ])
}

/// The column of a kind of chargebacks.
fn kind_column(kind: &str) -> String {
    kind.replace("chargeback", "chargebacks")
}

/// Payments that wait for a decision, at their first fact.
fn pending(scope: &Scope, own: &[&'static str]) -> Result<LazyFrame, MetricError> {
    let payments = scope.facts(&PAYMENTS, &["state", "currency"])?;
    let waits = col("state")
        .eq(lit("initiated"))
        .or(col("state").eq(lit("requires_action")));
    let count = count_rows().alias("pending");
    Ok(payments.filter(waits).group_by(scope.keys(own)).agg([count]))
}

/// gross / payments whose currency has a rate, rounded half to even; null where there is none.
fn average(mut rows: DataFrame) -> Result<DataFrame, MetricError> {
    let (gross, payments) = (rows.column("gross")?.i128()?, rows.column("priced_payments")?.i64()?);
    let each = gross.iter().zip(payments.iter());
    let each = each.map(|(gross, payments)| super::fx::divide(gross?, i128::from(payments?)));
    let average = money::amounts("average", each);
    rows.with_column(average)?;
    Ok(rows)
}
