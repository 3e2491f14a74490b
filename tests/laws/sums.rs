//! Parts and wholes: what groups add up to, and what finer buckets add up to.

use std::collections::{BTreeMap, BTreeSet};

use botledger::metrics::{self, Column};
use botledger::model::Role;
use chrono::{DateTime, FixedOffset};

use super::draw::Draw;
use super::identities::names;
use super::world::{Row, count, key, minor};

/// How a metric's columns add up: what their roles say.
#[derive(Default)]
struct Additive {
    /// The parts are the whole.
    groups: Vec<&'static str>,
    time: Vec<&'static str>,
    /// Of finer buckets the first or the last is the coarser's.
    first: Vec<&'static str>,
    last: Vec<&'static str>,
    /// Amounts: the parts are the whole, but for the rounding of each where money is converted.
    money: Vec<&'static str>,
    /// Distinct units, of which one may be in several parts: none is larger than the whole, nor all together smaller.
    distinct: Vec<&'static str>,
    distinct_in_time: Vec<&'static str>,
}

/// Metrics whose rows are no parts and wholes of each other: `change` tells of two periods, and `milestones` has laws of
/// its own.
const APART: [&str; 2] = ["change", "milestones"];

fn additive(draw: &Draw) -> Additive {
    if draw.metric == "forecast" {
        return forecast(draw);
    }
    let metric = metrics::find(draw.metric).unwrap();
    if APART.contains(&draw.metric) {
        return Additive::default();
    }
    let named = |is: &dyn Fn(&Column) -> bool| -> Vec<&'static str> {
        metric
            .columns
            .iter()
            .filter(|column| is(column))
            .map(|column| column.name)
            .collect()
    };
    // Finer buckets may have settled before the whole has; what checkouts have is told for some groups only.
    let settles = |column: &Column| column.window.is_some_and(|window| !window.told);
    let everywhere = |column: &Column| column.name != "checkout_conversion_n" && column.role != Role::Amount;
    let users = draw.has("unit=user");
    let mut additive = Additive {
        groups: named(&|column| column.role.adds_over_groups() && everywhere(column)),
        time: named(&|column| column.role.adds_over_buckets() && everywhere(column) && !settles(column)),
        money: named(&|column| column.role == Role::Amount),
        ..Additive::default()
    };
    match draw.metric {
        "bot-growth" => {
            additive.first = vec!["opening"];
            additive.last = vec!["closing", "suspended", "payment_enabled"];
        }
        "bot-activity" => additive.distinct_in_time = vec!["active"],
        // Of the periods, the first is the cohort itself.
        "bot-retention" => additive.time = vec!["cohort_size"],
        // A user may enter a finer bucket from another country, which is then another group.
        "conversion" if users => {
            additive.time = Vec::new();
            if draw.filter.is_empty() && draw.groups.is_empty() {
                additive.distinct_in_time = vec!["entered"];
            }
        }
        "payments" => {
            additive.distinct = named(&|column| column.role == Role::Distinct);
            // A payment without a rate may move money in several buckets. A second payment is one whatever the filters,
            // so that of a part alone it may lie after the last bucket paid in.
            let plain = draw.filter.is_empty() && draw.groups.is_empty() && !draw.has("original");
            additive.distinct_in_time = vec!["payers", "bots", "unconverted"];
            additive.distinct_in_time.extend(plain.then_some("repeat_payers"));
        }
        _ => {}
    }
    additive
}

fn forecast(draw: &Draw) -> Additive {
    let value = || vec!["value"];
    if draw.has("of=gross") {
        Additive {
            money: value(),
            ..Additive::default()
        }
    } else if draw.has("of=payments") {
        Additive {
            groups: value(),
            time: value(),
            ..Additive::default()
        }
    } else {
        Additive {
            groups: value(),
            last: value(),
            ..Additive::default()
        }
    }
}

/// The rows that count: of a forecast what lies behind it.
fn counted<'a>(draw: &Draw, rows: &'a [Row]) -> impl Iterator<Item = &'a Row> {
    let forecast = draw.metric == "forecast";
    rows.iter()
        .filter(move |row| !forecast || row["horizon_start"].is_null())
}

/// Parts and the whole they belong to, by bucket and what names them.
type Wholes<'a> = BTreeMap<Vec<String>, (Vec<&'a Row>, Option<&'a Row>)>;

/// Checks the parts against the wholes; gives how many figures it compared.
fn add_up(draw: &Draw, wholes: &Wholes, counts: &[&str], distinct: &[&str], money: &[&str]) -> usize {
    let mut cells = 0;
    for (at, (parts, whole)) in wholes {
        let of = |row: Option<&&Row>, column: &str| row.map_or(0, |row| count(row, column));
        for column in counts {
            let sum: i64 = parts.iter().map(|part| count(part, column)).sum();
            assert_eq!(
                sum,
                of(whole.as_ref(), column),
                "{column} at {at:?} of {}",
                draw.question()
            );
            cells += 1;
        }
        for column in distinct {
            let sum: i64 = parts.iter().map(|part| count(part, column)).sum();
            let most = parts.iter().map(|part| count(part, column)).max().unwrap_or(0);
            let whole = of(whole.as_ref(), column);
            assert!(
                most <= whole && whole <= sum,
                "{column} at {at:?} of {}",
                draw.question()
            );
            cells += 1;
        }
        for column in money {
            let cells_of = || parts.iter().copied().chain(*whole);
            // Of a part in which nothing of one of the four sums converts, there is no net.
            if *column == "net" && cells_of().any(|row| minor(row, column).is_none()) {
                continue;
            }
            let sum: i128 = parts.iter().filter_map(|part| minor(part, column)).sum();
            let whole = whole.and_then(|whole| minor(whole, column)).unwrap_or(0);
            // Each sum is rounded once, by at most half a minor unit; net is made of four.
            let sums = if *column == "net" { 4 } else { 1 };
            let most = if draw.has("original") {
                0
            } else {
                sums * (parts.len() as i128 + 1)
            };
            assert!(
                2 * (sum - whole).abs() <= most,
                "{column} at {at:?} of {}: {sum}, {whole}",
                draw.question()
            );
            cells += 1;
        }
    }
    cells
}

/// Groups add up to the whole, in each bucket.
pub fn over_groups(draw: &Draw, parts: &[Row], whole: &[Row]) -> usize {
    let columns = additive(draw);
    let mut own = names(&draw.without_groups());
    own.insert(0, "bucket_start");
    let mut wholes = Wholes::new();
    for row in counted(draw, parts) {
        wholes.entry(key(row, &own)).or_default().0.push(row);
    }
    for row in counted(draw, whole) {
        wholes.entry(key(row, &own)).or_default().1 = Some(row);
    }
    let mut cells = add_up(draw, &wholes, &columns.groups, &columns.distinct, &columns.money);
    if draw.metric == "payments" {
        // Null where the groups are none of a checkout's.
        wholes.retain(|_, (parts, _)| parts.iter().all(|part| !part["checkout_conversion_n"].is_null()));
        cells += add_up(draw, &wholes, &["checkout_conversion_n"], &[], &[]);
    }
    if draw.metric == "milestones" {
        cells += milestones_in_groups(&wholes);
    }
    cells
}

/// No group reaches a number before the whole does.
fn milestones_in_groups(wholes: &Wholes) -> usize {
    let moment = |row: &Row| {
        row["reached_at"]
            .as_str()
            .map(|at| DateTime::parse_from_rfc3339(at).unwrap())
    };
    let mut cells = 0;
    for (parts, whole) in wholes.values() {
        let Some(whole) = whole else { continue };
        for part in parts.iter().filter_map(|part| moment(part)) {
            assert!(moment(whole).is_some_and(|whole| whole <= part), "{parts:?} {whole:?}");
            cells += 1;
        }
    }
    cells
}

fn at(row: &Row, column: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(row[column].as_str().unwrap()).unwrap()
}

/// Finer buckets add up to the coarser, in each group.
pub fn over_time(draw: &Draw, fine: &[Row], coarse: &[Row]) -> usize {
    if draw.metric == "milestones" {
        assert_eq!(fine, coarse, "an interval changes nothing");
        return coarse.len();
    }
    let columns = additive(draw);
    let names = names(draw);
    let is_own = |row: &&Row| draw.metric != "bot-retention" || row["period"] == 0;
    let edges: BTreeSet<(DateTime<FixedOffset>, String)> = counted(draw, coarse)
        .map(|row| (at(row, "bucket_start"), row["bucket_start"].to_string()))
        .collect();
    let bucket = |row: &Row| {
        let start = at(row, "bucket_start");
        edges.iter().rev().find(|(edge, _)| *edge <= start).unwrap().1.clone()
    };
    let place = |row: &Row| {
        let mut place = key(row, &names);
        place.push(bucket(row));
        place
    };
    let mut wholes = Wholes::new();
    for row in counted(draw, fine).filter(is_own) {
        wholes.entry(place(row)).or_default().0.push(row);
    }
    for row in counted(draw, coarse).filter(is_own) {
        wholes.entry(place(row)).or_default().1 = Some(row);
    }
    let mut cells = add_up(draw, &wholes, &columns.time, &columns.distinct_in_time, &columns.money);
    for (at, (parts, whole)) in &wholes {
        let (Some(whole), Some(first), Some(last)) = (whole, parts.first(), parts.last()) else {
            panic!("no rows of {at:?} in {}", draw.question());
        };
        let stocks = columns.first.iter().map(|column| (first, column));
        for (part, column) in stocks.chain(columns.last.iter().map(|column| (last, column))) {
            assert_eq!(
                count(part, column),
                count(whole, column),
                "{column} at {at:?} of {}",
                draw.question()
            );
            cells += 1;
        }
    }
    cells
}
