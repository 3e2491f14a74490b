//! Sentences about the lives of bots: the numbers they reached, how many came to be paid, how many stayed.

use chrono_tz::Tz;

use super::{Section, format};
use crate::model::{Interval, Value};

/// Cohorts that stay readable on a page.
const COHORTS: i64 = 16;

/// The interval of the cohorts: the shortest that makes few of them.
pub fn cohort_interval(days_asked: i64) -> Interval {
    let length = |interval| match interval {
        Interval::Hour | Interval::Day => 1,
        Interval::Week => 7,
        Interval::Month => 30,
        Interval::Quarter => 91,
        Interval::Year => 365,
    };
    let few = |interval: &Interval| days_asked <= COHORTS * length(*interval);
    let mut intervals = Interval::ALL.into_iter().skip(1);
    intervals.find(few).unwrap_or(Interval::Year)
}

/// The largest number that the population reached, and the one before.
pub fn milestones(section: &Section, tz: Tz) -> String {
    let table = &section.answer.table;
    let reached = (0..table.rows.len())
        .rev()
        .filter_map(|row| match table.cell(row, "reached_at") {
            Value::Time(at) => Some((table.cell(row, "population").as_i64()?, at.to_utc())),
            _ => None,
        });
    let told: Vec<String> = reached
        .take(2)
        .map(|(number, at)| format!("{} on {}", format::integer(number), format::instant(at, tz)))
        .collect();
    match told.as_slice() {
        [] => "The population has reached none of these numbers yet.".into(),
        [highest] => format!("The population first reached {highest}."),
        [highest, before, ..] => format!("The population first reached {highest}; {before}."),
    }
}

/// Of the bots whose window is over, how many came to be paid.
pub fn activation(section: &Section) -> String {
    let table = &section.answer.table;
    let sum = |column: &str, mature: bool| -> i64 {
        let rows = (0..table.rows.len()).filter(|row| !mature || *table.cell(*row, "rate") != Value::Null);
        rows.filter_map(|row| table.cell(row, column).as_i64()).sum()
    };
    let (all, settled) = (sum("registered", false), sum("registered", true));
    if all == 0 {
        return "No bot was registered in this period.".into();
    }
    if settled == 0 {
        return format!(
            "{} bots were registered; of none are the 30 days over. So far {} had a conversation and {} a captured payment.",
            format::integer(all),
            format::integer(sum("with_conversation", false)),
            format::integer(sum("with_payment", false)),
        );
    }
    let share = |column: &str| format::percent(sum(column, true) as f64 / settled as f64);
    let open = match all - settled {
        0 => String::new(),
        open => format!(" Of {} more the 30 days are not over yet.", format::integer(open)),
    };
    format!(
        "Of {} bots registered, {} had a conversation, {} a checkout and {} a captured payment within 30 days.{open}",
        format::integer(settled),
        share("with_conversation"),
        share("with_checkout"),
        share("with_payment"),
    )
}

/// Of all bots that could be active one interval after their first, how many were.
pub fn retention(section: &Section) -> String {
    let table = &section.answer.table;
    let interval = section.interval.map_or("period", Interval::as_str);
    let next = (0..table.rows.len()).filter(|row| table.cell(*row, "period").as_i64() == Some(1));
    let known = next.filter_map(|row| {
        Some((
            table.cell(row, "active").as_i64()?,
            table.cell(row, "cohort_size").as_i64()?,
        ))
    });
    let (active, all) = known.fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
    if all == 0 {
        return format!("No bot that was active for the first time has had a complete {interval} since.");
    }
    format!(
        "Of {} bots active for the first time, {} were active in the {interval} after.",
        format::integer(all),
        format::percent(active as f64 / all as f64),
    )
}
