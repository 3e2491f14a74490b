//! Provider share: who processes the money, over which network, method or wallet, and how concentrated that is.

use std::collections::{BTreeMap, BTreeSet};

use super::concentration::{Counted, Values, concentration, values, without_value};
use super::converting::{Converter, RATES};
use super::grouping::{Grid, Group, dimension_params, groups, range_params, use_bot, use_conversation};
use super::moved::{Moved, add_movements, currency_of, group_names};
use super::payments::{check_basis, is_cohort};
use super::table::{Sheet, Spec, amount, by_bucket, counted_rate, number, text};
use super::{Definition, Dimension, Frames, Input, Metric, MetricError, Outcome, Parameter, Question, REPORT_DAYS};
use crate::model::{ColumnType::Amount, ColumnType::Integer, ColumnType::Number, ColumnType::Text};
use crate::model::{Currency, Param, Params, Value};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "provider-share",
    title: "Provider share",
    definition: Definition {
        version: 2,
        text: "Four dimensions that are never mixed: provider (who processes), network (the card network), method and \
               wallet, the last three as the captured attempt names them, and where it names none, as facts that \
               belong to no attempt do; `dimension` chooses one. payments counts payments at their \
               first capture; gross, refunded and disputed_lost are movements at their own date (basis=activity), \
               or refunds, disputes and reversals at the payment's first capture, else its first fact \
               (basis=cohort); net = gross - refunded - disputed_lost - reversed. Shares are of all payments of \
               the bucket and sum to 1 (share_by_count with its n and 95 % Wilson interval), with `none` (a method \
               without a network or wallet) and `unknown` as values \
               of their own. hhi is the sum of squared shares by count in per cent over the named values, \
               renormalised to them (0 to 10,000), covered_share their share of all payments, effective_number \
               10,000 / hhi, top1 the largest share_by_count of a named value. A value seen in the 90 days before \
               the range is a row also where it is silent. Amounts are in the reporting currency at the last rate \
               published on or before the UTC day of the payment's first capture, none older than 7 days, \
               rounded once; with currency=original there is a row for each currency, and shares \
               are within it.",
        numerator: "payments (gross) of the value",
        denominator: "payments (gross) of all values in the bucket and group",
        excludes: &[
            "payments without a capture",
            "amounts without an exchange rate, from all sums of money",
            "`none` and `unknown`, from hhi, hhi_by_amount, effective_number and top1",
            "events of the other mode",
        ],
    },
    dimensions: PAYMENT_DIMENSIONS,
    parameters: &[
        Parameter {
            name: "dimension",
            default: "provider",
            help: "provider, network, method or wallet",
            check: check_dimension,
        },
        Parameter {
            name: "basis",
            default: "activity",
            help: "activity or cohort",
            check: check_basis,
        },
    ],
    default_days: REPORT_DAYS,
    inputs: &[
        Input {
            name: "counts",
            query: query!("serve/payments_counts"),
            params: count_params,
        },
        Input {
            name: "movements",
            query: query!("serve/payments_movements"),
            params: movement_params,
        },
        RATES,
    ],
    compute,
};

/// The dimensions of payments.
pub(super) const PAYMENT_DIMENSIONS: &[Dimension] = &[
    Dimension("platform"),
    Dimension("bot"),
    Dimension("category"),
    Dimension("country"),
    Dimension("developer"),
    Dimension("acquisition"),
    Dimension("path"),
    Dimension("credential"),
    Dimension("provider"),
    Dimension("network"),
    Dimension("method"),
    Dimension("wallet"),
];

const VALUES: [&str; 4] = ["provider", "network", "method", "wallet"];

const COLUMNS: &[Spec] = &[
    ("value", Text, None),
    ("currency", Text, None),
    ("payments", Integer, Some("payments")),
    ("gross", Amount, None),
    ("refunded", Amount, None),
    ("disputed_lost", Amount, None),
    ("net", Amount, None),
    ("share_by_count", Number, Some("ratio")),
    ("share_by_count_n", Integer, Some("payments")),
    ("share_by_count_ci_low", Number, Some("ratio")),
    ("share_by_count_ci_high", Number, Some("ratio")),
    ("share_by_amount", Number, Some("ratio")),
    ("hhi", Number, Some("points")),
    ("hhi_by_amount", Number, Some("points")),
    ("effective_number", Number, Some("values")),
    ("top1", Number, Some("ratio")),
    ("covered_share", Number, Some("ratio")),
];

pub(super) fn check_dimension(value: &str) -> Result<(), &'static str> {
    if VALUES.contains(&value) {
        Ok(())
    } else {
        Err("takes provider, network, method or wallet")
    }
}

/// The asked dimension.
pub(super) fn dimension(question: &Question) -> &'static str {
    let asked = question.parameter("dimension");
    VALUES.into_iter().find(|name| *name == asked).unwrap_or(VALUES[0])
}

/// What every query over payments in the range takes.
pub(super) fn payment_params(question: &Question, further: &[&'static str]) -> Params {
    let dimensions: Vec<&str> = PAYMENT_DIMENSIONS.iter().map(|dimension| dimension.0).collect();
    let split: Vec<&str> = question.group_by.iter().chain(further).copied().collect();
    let mut params = range_params(question);
    params.extend([use_bot(question), use_conversation(question)]);
    params.extend(dimension_params(question, &dimensions, &split));
    params
}

fn count_params(question: &Question) -> Params {
    let mut params = payment_params(question, &[dimension(question)]);
    params.push(("original", Param::Bool(question.currency.is_none())));
    params
}

fn movement_params(question: &Question) -> Params {
    moved_params(question, &[dimension(question)])
}

/// What the query of movements takes.
pub(super) fn moved_params(question: &Question, further: &[&'static str]) -> Params {
    let mut params = payment_params(question, further);
    params.extend([
        ("original", Param::Bool(question.currency.is_none())),
        (
            "currency",
            question
                .currency
                .map_or(Param::Null, |currency| Param::Text(currency.code().to_owned())),
        ),
        ("cohort", Param::Bool(is_cohort(question))),
    ]);
    params
}

/// One value in one bucket and group.
#[derive(Debug, Clone, Default)]
struct Share {
    payments: i64,
    moved: Moved,
}

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let names = group_names(question, &[dimension(question)]);
    let mut converter = Converter::of(question, frames)?;
    let (counted, movements) = (Counted::of(question, frames, &names)?, frames.get("movements")?);
    let at_value = question.group_by.len();
    let mut moved_groups = groups(movements, &names)?;
    let values = values(question, &mut converter, &counted, (movements, &moved_groups))?;
    let top = counted.top(question, &moved_groups);
    moved_groups.iter_mut().for_each(|group| top.fold(group, at_value));
    let mut grid: Grid<Share> = Grid::new(question.range.buckets.len());
    add_movements(question, &mut converter, movements, &moved_groups, &mut grid, |share| {
        &mut share.moved
    })?;
    let mut silent = BTreeSet::new();
    for (mut group, bucket, payments) in counted.rows {
        top.fold(&mut group, at_value);
        match bucket {
            None => _ = silent.insert(group),
            Some(bucket) => {
                if let Some(share) = grid.at(bucket, &group) {
                    share.payments += payments;
                }
            }
        }
    }
    add_silent(question, silent, &mut grid);
    let rows = grid.finish(names.len());
    let unconverted = rows
        .iter()
        .flat_map(|(_, shares)| shares)
        .map(|share| share.moved.unconverted())
        .sum();
    Ok(Outcome {
        table: table(question, &rows, &values),
        left_out: top.left_out(),
        warnings: converter.warning(unconverted).into_iter().collect(),
        rates: converter.uses(),
        ..Outcome::default()
    })
}

/// Gives values that were seen only before the range their rows of zeros.
fn add_silent(question: &Question, silent: BTreeSet<Group>, grid: &mut Grid<Share>) {
    if question.currency.is_some() {
        silent.iter().for_each(|group| _ = grid.row(group));
        return;
    }
    // Only currencies that occur in the range have rows.
    let currencies: BTreeSet<Option<String>> = grid.keys().filter_map(|group| group.last().cloned()).collect();
    for mut group in silent {
        group.pop();
        for currency in &currencies {
            let mut own = group.clone();
            own.push(currency.clone());
            grid.row(&own);
        }
    }
}

/// The values of one bucket and group (and currency) together.
#[derive(Debug, Default)]
struct Whole {
    payments: i64,
    gross: i128,
    concentration: Option<[Value; 5]>,
}

fn table(question: &Question, rows: &[(Group, Vec<Share>)], values: &Values) -> crate::model::Table {
    let at_value = question.group_by.len();
    let buckets = question.range.buckets.len();
    let mut wholes: BTreeMap<(usize, Group), Whole> = BTreeMap::new();
    for (bucket, group, share) in by_bucket(rows, buckets) {
        let whole = wholes.entry((bucket, without_value(question, group))).or_default();
        whole.payments += share.payments;
        whole.gross += share.moved.gross.total().unwrap_or(0);
    }
    for (place, whole) in &mut wholes {
        whole.concentration = Some(concentration(values.get(place), whole.payments));
    }
    let mut sheet = Sheet::new(question, COLUMNS);
    for (bucket, group, share) in by_bucket(rows, buckets) {
        let Some(whole) = wholes.get(&(bucket, without_value(question, group))) else {
            continue;
        };
        let currency = currency_of(question, group);
        let mut cells = vec![
            text(group[at_value].as_deref()),
            text(currency.as_ref().map(Currency::code)),
        ];
        cells.extend(share_cells(share, whole, currency.map(|currency| currency.exponent())));
        cells.extend(whole.concentration.iter().flatten().cloned());
        sheet.push(bucket, &group[..at_value], cells);
    }
    sheet.finish()
}

fn share_cells(share: &Share, whole: &Whole, exponent: Option<u32>) -> Vec<Value> {
    let gross = share.moved.gross.total();
    let by_amount = gross
        .filter(|_| whole.gross > 0)
        .map(|gross| gross as f64 / whole.gross as f64);
    let mut cells = vec![
        Value::Int(share.payments),
        amount(gross, exponent),
        amount(share.moved.refunded.total(), exponent),
        amount(share.moved.disputed_lost.total(), exponent),
        amount(share.moved.net(), exponent),
    ];
    cells.extend(counted_rate(share.payments, whole.payments));
    cells.push(number(by_amount));
    cells
}
