//! Payments: how much is paid, by whom, how often it succeeds and how much is taken back.

use chrono::TimeDelta;
use polars::prelude::DataFrame;

use super::captured::{Captured, add_captured};
use super::converting::{Converter, RATES};
use super::grouping::{Cells, Grid, buckets, counts, dimension_params, groups, range_params, use_acquisition, use_bot};
use super::moved::{Moved, add_movements, currency_of, group_names};
use super::payment_rates::{RATE_COLUMNS, Rates, add_attempts, add_checkouts, add_decided, checkouts_apply};
use super::provider_share::{PAYMENT_DIMENSIONS, moved_params, payment_params};
use super::table::{Sheet, Spec, amount, by_bucket, counted_rate, text};
use super::{Definition, Frames, Input, Metric, MetricError, Outcome, Parameter, Question, REPORT_DAYS, Window, fx};
use crate::model::{Bucket, Currency, Param, Params, Value};
use crate::model::{ColumnType::Amount, ColumnType::Integer, ColumnType::Number, ColumnType::Text};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "payments",
    title: "Payments",
    definition: Definition {
        version: 3,
        text: "payments are live payments with a capture, at their first capture. gross, refunded, disputed_lost and \
               reversed are movements at their own date (basis=activity); basis=cohort puts refunds, disputes and \
               reversals, and the counts of chargebacks, on the payment's first capture, else its first fact. \
               Amounts are in the reporting currency, refunds and disputes too, at the last rate published on or \
               before the UTC day of that first capture, none older than 7 days; each sum is exact and rounded \
               once, half to even. A refund counts once it is done and unless it fails; the released rest of a hold \
               is none. Reversals add up, each by its own id, else by its capture, as far as money is left; one that \
               is the same as a refund or a lost dispute (the same id, or the same capture and amount) is left out. \
               net = gross - refunded - disputed_lost - reversed, before fees, from the rounded columns; average = \
               gross / (payments - those without an exchange rate), null where none converts. unconverted counts payments with a movement in the bucket whose money has no \
               exchange rate. payers and bots are distinct among the payments, so those of groups or of buckets \
               do not add up; repeat_payers have their second \
               captured payment ever, whatever the filters, in the bucket or earlier; saved_share is over payments \
               whose credential is known. Four rates, never one. An attempt is finished at its first approval or \
               failure of any kind; a failure of kind issuer or risk, or of none, is a decline. attempt_approval = \
               approved / (approved + declined) attempts, when they finished; first_attempt_approval the same over \
               the attempt of each payment that finished first: where it failed in another way, the payment counts \
               neither above nor below, whatever followed; payment_success = captured / payments with an approved \
               or declined attempt, when the first such finished, also after failures of other kinds; \
               checkout_conversion = paid checkouts / checkouts whose 24 hours are over, at the checkout, by count \
               only and only where neither groups, filters nor currency=original ask for what a checkout does not \
               have. _n is the denominator, _ci the 95 % Wilson interval, _by_amount the same by the attempt's \
               amount. Attempt rates take each attempt's own network, method and wallet; all else takes those of one \
               attempt of the payment, the captured one, else the first approved, else the first declined. pending counts payments \
               whose state is initiated or requires_action, at their first fact. refund_rate and dispute_rate are shares of captured \
               payments refunded within 60 days, or charged back within 120, null, with an _n of 0, until that has \
               passed. Category and developer are those of the payment's bot, acquisition is that of its \
               conversation, and country that of its conversation, else of its bot.",
        numerator: "per column, see the text",
        denominator: "per column, see the text; rates are null where it is 0",
        excludes: &[
            "technical, abandoned and settlement failures, from the rates of approval and success",
            "inquiries: they are no chargebacks",
            "amounts without an exchange rate, from all sums of money and rates by amount",
            "events of the other mode",
        ],
    },
    dimensions: PAYMENT_DIMENSIONS,
    parameters: &[Parameter {
        name: "basis",
        default: "activity",
        help: "activity or cohort",
        check: check_basis,
    }],
    default_days: REPORT_DAYS,
    inputs: &[
        Input {
            name: "captured",
            query: query!("serve/payments_captured"),
            params: captured_params,
        },
        Input {
            name: "movements",
            query: query!("serve/payments_movements"),
            params: movement_params,
        },
        Input {
            name: "attempts",
            query: query!("serve/payments_attempts"),
            params: attempt_params,
        },
        Input {
            name: "decided",
            query: query!("serve/payments_decided"),
            params: attempt_params,
        },
        Input {
            name: "pending",
            query: query!("serve/payments_pending"),
            params: captured_params,
        },
        Input {
            name: "checkouts",
            query: query!("serve/payments_checkouts"),
            params: checkout_params,
        },
        RATES,
    ],
    compute,
};

const COLUMNS: &[Spec] = &[
    ("currency", Text, None),
    ("payments", Integer, Some("payments")),
    ("gross", Amount, None),
    ("refunded", Amount, None),
    ("disputed_lost", Amount, None),
    ("reversed", Amount, None),
    ("net", Amount, None),
    ("average", Amount, None),
    ("unconverted", Integer, Some("payments")),
    ("payers", Integer, Some("users")),
    ("repeat_payers", Integer, Some("users")),
    ("bots", Integer, Some("bots")),
    ("saved_share", Number, Some("ratio")),
    ("saved_share_n", Integer, Some("payments")),
    ("saved_share_ci_low", Number, Some("ratio")),
    ("saved_share_ci_high", Number, Some("ratio")),
];

const LAST_COLUMNS: &[Spec] = &[
    ("pending", Integer, Some("payments")),
    ("refund_rate", Number, Some("ratio")),
    ("refund_rate_n", Integer, Some("payments")),
    ("refund_rate_ci_low", Number, Some("ratio")),
    ("refund_rate_ci_high", Number, Some("ratio")),
    ("dispute_rate", Number, Some("ratio")),
    ("dispute_rate_n", Integer, Some("payments")),
    ("dispute_rate_ci_low", Number, Some("ratio")),
    ("dispute_rate_ci_high", Number, Some("ratio")),
    ("chargebacks_opened", Integer, Some("chargebacks")),
    ("chargebacks_won", Integer, Some("chargebacks")),
    ("chargebacks_lost", Integer, Some("chargebacks")),
];

const REFUND_DAYS: i64 = 60;
const DISPUTE_DAYS: i64 = 120;
const CHECKOUT_HOURS: i64 = 24;

/// The dimensions that a checkout has.
pub(super) const CHECKOUT_DIMENSIONS: &[&str] = &[
    "platform",
    "bot",
    "category",
    "country",
    "developer",
    "acquisition",
    "path",
    "credential",
];

pub(super) fn check_basis(value: &str) -> Result<(), &'static str> {
    if matches!(value, "activity" | "cohort") {
        Ok(())
    } else {
        Err("takes activity or cohort")
    }
}

pub(super) fn is_cohort(question: &Question) -> bool {
    question.parameter("basis") == "cohort"
}

fn captured_params(question: &Question) -> Params {
    let mut params = payment_params(question, &[]);
    params.push(("original", Param::Bool(question.currency.is_none())));
    params
}

fn movement_params(question: &Question) -> Params {
    moved_params(question, &[])
}

fn attempt_params(question: &Question) -> Params {
    payment_params(question, &[])
}

fn checkout_params(question: &Question) -> Params {
    let window = TimeDelta::hours(CHECKOUT_HOURS);
    let mut params = range_params(question);
    params.extend([
        ("as_of", Param::Time(question.as_of)),
        ("window", Param::Int(window.num_microseconds().unwrap_or(i64::MAX))),
        use_bot(question),
        use_acquisition(question),
    ]);
    params.extend(dimension_params(question, CHECKOUT_DIMENSIONS, &question.group_by));
    params
}

/// One bucket and group.
#[derive(Debug, Clone, Default)]
struct Figures {
    captured: Captured,
    /// Captured payments whose currency has no rate.
    without_rate: i64,
    moved: Moved,
    rates: Rates,
    pending: i64,
}

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let names = group_names(question, &[]);
    let mut converter = Converter::of(question, frames)?;
    let mut grid: Grid<Figures> = Grid::new(question.range.buckets.len());
    add_captured(question, frames.get("captured")?, &names, &mut grid, |figures| {
        &mut figures.captured
    })?;
    add_without_rate(question, &mut converter, frames.get("captured")?, &names, &mut grid)?;
    let movements = frames.get("movements")?;
    let moved = groups(movements, &names)?;
    add_movements(question, &mut converter, movements, &moved, &mut grid, |figures| {
        &mut figures.moved
    })?;
    add_attempts(
        question,
        &mut converter,
        frames.get("attempts")?,
        &names,
        &mut grid,
        |figures| &mut figures.rates,
    )?;
    add_decided(
        question,
        &mut converter,
        frames.get("decided")?,
        &names,
        &mut grid,
        |figures| &mut figures.rates,
    )?;
    add_pending(question, frames.get("pending")?, &names, &mut grid)?;
    let with_checkouts = checkouts_apply(question, CHECKOUT_DIMENSIONS);
    if with_checkouts {
        add_checkouts(question, frames.get("checkouts")?, &names, &mut grid, |figures| {
            &mut figures.rates
        })?;
    }
    let rows = grid.finish(names.len());
    let columns = [COLUMNS, RATE_COLUMNS, LAST_COLUMNS].concat();
    let mut sheet = Sheet::new(question, &columns);
    let mut unconverted = 0;
    for (at, group, figures) in by_bucket(&rows, question.range.buckets.len()) {
        let currency = currency_of(question, group);
        unconverted += figures.moved.unconverted();
        let mut cells = vec![text(currency.as_ref().map(Currency::code))];
        cells.extend(money_cells(figures, currency.map(|currency| currency.exponent())));
        cells.extend(counted_rate(figures.captured.saved, figures.captured.known_credential));
        cells.extend(figures.rates.cells(with_checkouts));
        cells.extend(last_cells(question, &question.range.buckets[at], figures));
        sheet.push(at, &group[..question.group_by.len()], cells);
    }
    Ok(Outcome {
        table: sheet.finish(),
        warnings: converter.warning(unconverted).into_iter().collect(),
        rates: converter.uses(),
        windows: windows(with_checkouts),
        ..Outcome::default()
    })
}

/// What settles late; where the question has no rate of checkouts, there is nothing of it to settle.
fn windows(with_checkouts: bool) -> Vec<Window> {
    let checkouts = Window::of(&format!("{CHECKOUT_HOURS}h"), RATE_COLUMNS, |(name, ..)| {
        name.starts_with("checkout_conversion")
    });
    let rate =
        |days: i64, rate: &str| Window::of(&format!("{days}d"), LAST_COLUMNS, |(name, ..)| name.starts_with(rate));
    let late = [rate(REFUND_DAYS, "refund_rate"), rate(DISPUTE_DAYS, "dispute_rate")];
    checkouts
        .filter(|_| with_checkouts)
        .into_iter()
        .chain(late.into_iter().flatten())
        .collect()
}

fn add_without_rate(
    question: &Question,
    converter: &mut Converter,
    frame: &DataFrame,
    names: &[&str],
    grid: &mut Grid<Figures>,
) -> Result<(), MetricError> {
    let (at, days) = (buckets(frame, &Cells::of(&question.range))?, counts(frame, "rate_day")?);
    let paid_in = frame.column("paid_in")?.str()?;
    for ((row, group), code) in groups(frame, names)?.iter().enumerate().zip(paid_in.iter()) {
        let currency = code.and_then(Currency::parse);
        if currency.and_then(|from| converter.rate(from, days[row])).is_none()
            && let Some(figures) = grid.at(at[row], group)
        {
            figures.without_rate += 1;
        }
    }
    Ok(())
}

fn add_pending(
    question: &Question,
    frame: &DataFrame,
    names: &[&str],
    grid: &mut Grid<Figures>,
) -> Result<(), MetricError> {
    let at = buckets(frame, &Cells::of(&question.range))?;
    let payments = counts(frame, "payments")?;
    for (row, group) in groups(frame, names)?.iter().enumerate() {
        if let Some(figures) = grid.at(at[row], group) {
            figures.pending += payments[row];
        }
    }
    Ok(())
}

fn money_cells(figures: &Figures, exponent: Option<u32>) -> [Value; 11] {
    let (captured, moved) = (&figures.captured, &figures.moved);
    let gross = moved.gross.total();
    let converted = i128::from(captured.payments - figures.without_rate);
    let average = gross.and_then(|gross| fx::divide(gross, converted));
    [
        Value::Int(captured.payments),
        amount(gross, exponent),
        amount(moved.refunded.total(), exponent),
        amount(moved.disputed_lost.total(), exponent),
        amount(moved.reversed.total(), exponent),
        amount(moved.net(), exponent),
        amount(average, exponent),
        Value::Int(moved.unconverted()),
        Value::Int(captured.payers),
        Value::Int(captured.repeat_payers),
        Value::Int(captured.bots),
    ]
}

fn last_cells(question: &Question, bucket: &Bucket, figures: &Figures) -> Vec<Value> {
    let captured = &figures.captured;
    // Until it is mature, a rate is over no payment.
    let settled = |hits: i64, days: i64| match question.mature(bucket, TimeDelta::days(days)) {
        true => counted_rate(hits, captured.payments),
        false => counted_rate(0, 0),
    };
    let mut cells = vec![Value::Int(figures.pending)];
    cells.extend(settled(captured.refunded, REFUND_DAYS));
    cells.extend(settled(captured.disputed, DISPUTE_DAYS));
    cells.extend([
        Value::Int(figures.moved.chargebacks_opened),
        Value::Int(figures.moved.chargebacks_won),
        Value::Int(figures.moved.chargebacks_lost),
    ]);
    cells
}
