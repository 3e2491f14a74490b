//! A filter that matches everything changes nothing.

use serde_json::Value;

use super::draw::Draw;
use super::identities::names;
use super::world::{Row, app, by_key, key, rows};
use super::{CASES, for_every_metric, only_silent_about};

/// Dimensions that a checkout does not have.
const OF_PAYMENTS: [&str; 4] = ["provider", "network", "method", "wallet"];
/// Dimensions that a funnel knows only from a later step on.
const LATER: [&str; 3] = ["path", "credential", "provider"];

/// What is null in the filtered answer because the question asks for what is not known there.
fn is_unknown(asked: &Draw, column: &str, filtered: &Row) -> bool {
    let dimension = &asked.dimension;
    match asked.metric {
        "payments" => OF_PAYMENTS.contains(dimension) && column.starts_with("checkout_conversion"),
        "conversion" if LATER.contains(dimension) => {
            // The first step that knows the dimension has no rate from the step before.
            column.starts_with("rate_from_previous") && filtered["rate_from_previous"].is_null()
        }
        _ => false,
    }
}

/// Groups that only checkouts are in have no row where the question asks for what a checkout does not have.
fn is_of_checkouts_alone(asked: &Draw, row: &Row) -> bool {
    let of_payments = asked.metric == "payments" && OF_PAYMENTS.contains(&asked.dimension);
    let zero = |(column, cell): (&String, &Value)| {
        let figure = cell.as_i64().is_some() && !column.starts_with("checkout_conversion");
        !figure || cell == 0
    };
    of_payments && row.iter().all(zero)
}

fn unchanged(asked: &Draw, filter: &str) -> usize {
    let plain = rows(app(), &asked.question());
    let filtered = rows(app(), &format!("{}{filter}", asked.question()));
    let mut names = names(asked);
    names.extend(["bucket_start", "horizon_start"]);
    let found = by_key(&filtered, &names);
    let (mut cells, mut alone) = (0, 0);
    for plain in &plain {
        let Some(filtered) = found.get(&key(plain, &names)) else {
            assert!(
                is_of_checkouts_alone(asked, plain),
                "{filter} of {}: {plain:?}",
                asked.question()
            );
            alone += 1;
            continue;
        };
        for (column, cell) in plain {
            if !is_unknown(asked, column, filtered[0]) {
                let told = &filtered[0][column];
                assert_eq!(told, cell, "{column} with {filter} of {}: {plain:?}", asked.question());
                cells += 1;
            }
        }
    }
    assert_eq!(plain.len() - alone, filtered.len(), "{filter} of {}", asked.question());
    cells
}

#[test]
fn to_leave_out_what_does_not_exist_changes_nothing() {
    let compared = for_every_metric(4, CASES, |asked| {
        // The words of these are fixed: another one is refused.
        let fixed = ["path", "credential", "acquisition"].contains(&asked.dimension);
        let name = if fixed { "platform" } else { asked.dimension };
        unchanged(asked, &format!("&{name}!=nothing"))
    });
    only_silent_about(&compared, &[]);
}

#[test]
fn to_name_every_platform_changes_nothing_where_everything_has_one() {
    let of_payments = ["provider-share", "payments", "declines", "change", "coverage"];
    let compared = for_every_metric(5, 4, |asked| {
        // A payment may belong to no platform; and a filter is given only once.
        if of_payments.contains(&asked.metric) || asked.filter.contains("platform") {
            return 0;
        }
        let of_bots = asked.metric == "forecast";
        let asked = Draw {
            dimension: "platform",
            own: if of_bots { "&horizon=3" } else { asked.own },
            ..asked.clone()
        };
        unchanged(&asked, "&platform=messenger,telegram,web")
    });
    only_silent_about(&compared, &of_payments);
}
