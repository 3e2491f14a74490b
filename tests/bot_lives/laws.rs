//! What ties activation, retention and milestones to growth and activity, on generated data.

use std::sync::OnceLock;

use botledger::generate::{self, Plan, Size};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::support::app::{TestApp, config};
use crate::support::shared_folder;

/// Weeks of Kathmandu, which is 5 hours and 45 minutes ahead.
const WEEKS: &str = "from=2024-12-30&to=2025-04-28&interval=week&tz=Asia/Kathmandu";

/// The answers that the laws are about.
struct Told {
    activation: Value,
    short: Value,
    days: Value,
    unfiltered: [Value; 3],
    filtered: [Value; 3],
    growth: Value,
    bots: Value,
    users: Value,
    activity: Value,
    by_platform: Value,
    populations: Vec<(i64, i64, i64)>,
}

fn told() -> &'static Told {
    static TOLD: OnceLock<Told> = OnceLock::new();
    TOLD.get_or_init(|| {
        let mut app = TestApp::on(config(&shared_folder("bot-lives")));
        send(&app);
        app.wait_folded();
        let ask = |question: &str| app.client.get_json(&format!("/v1/metrics/{question}"));
        let three = |more: &str| {
            [
                ask(&format!("bot-activation?{WEEKS}{more}")),
                ask(&format!("bot-retention?{WEEKS}{more}")),
                ask(&format!("milestones?{WEEKS}{more}")),
            ]
        };
        let told = Told {
            activation: ask(&format!("bot-activation?{WEEKS}&group_by=platform")),
            short: ask(&format!("bot-activation?{WEEKS}&window=36h")),
            days: ask(&format!("bot-activation?{}", WEEKS.replace("week", "day"))),
            unfiltered: three(""),
            filtered: three("&platform!=nothing&developer!=nobody"),
            growth: ask(&format!("bot-growth?{WEEKS}")),
            bots: ask(&format!("bot-retention?{WEEKS}")),
            users: ask(&format!("bot-retention?{WEEKS}&unit=user")),
            activity: ask(&format!("bot-activity?{WEEKS}")),
            by_platform: ask(&format!("bot-retention?{WEEKS}&unit=user&group_by=platform")),
            populations: populations(&app, &ask("milestones?to=2025-06-01&at=1,2,5,10,20,40,60,1000")),
        };
        app.stop();
        told
    })
}

/// Of each milestone that was reached its number, and the population that bot-growth counts just before and
/// just after it.
fn populations(app: &TestApp, milestones: &Value) -> Vec<(i64, i64, i64)> {
    let rows = milestones["rows"].as_array().unwrap().iter();
    let reached = rows.filter_map(|row| Some((row["population"].as_i64()?, row["reached_at"].as_str()?)));
    let population = |number: i64, reached: &str| {
        let moment: DateTime<Utc> = reached.parse().unwrap();
        let after = moment + TimeDelta::microseconds(1);
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let path = format!("/v1/metrics/bot-growth?from={}&to={}", text(moment), text(after));
        let row = app.client.get_json(&path)["rows"][0].clone();
        (
            number,
            row["opening"].as_i64().unwrap(),
            row["closing"].as_i64().unwrap(),
        )
    };
    reached.map(|(number, reached)| population(number, reached)).collect()
}

fn send(app: &TestApp) {
    let plan = Plan {
        seed: 11,
        bots: 70,
        size: Size::Conversations(2_500),
        late_share: 600,
        out_of_order_share: 600,
        duplicate_share: 300,
        conflict_share: 60,
        ..Plan::default()
    };
    let lines: Vec<String> = generate::generate(plan).unwrap().collect();
    for part in lines.chunks(4_000) {
        app.client.post_events(&part.join("\n"));
    }
}

fn rows(answer: &Value) -> &[Value] {
    answer["rows"].as_array().unwrap()
}

fn int(row: &Value, column: &str) -> i64 {
    row[column].as_i64().unwrap_or_else(|| panic!("{column} of {row}"))
}

#[test]
fn the_population_passes_a_milestone_at_its_moment() {
    assert_eq!(told().populations.len(), 7);
    for (number, before, after) in &told().populations {
        assert!(
            before < number && after >= number,
            "{number}: {before} before, {after} after"
        );
    }
}

#[test]
fn as_many_bots_are_in_the_cohorts_as_were_registered() {
    let registered: i64 = rows(&told().activation).iter().map(|row| int(row, "registered")).sum();
    let entered: i64 = rows(&told().growth).iter().map(|row| int(row, "registered")).sum();
    assert_eq!(registered, entered);
    for (all, short) in rows(&told().growth).iter().zip(rows(&told().short)) {
        assert_eq!(int(all, "registered"), int(short, "registered"));
    }
}

#[test]
fn the_cohorts_add_up_to_the_activity_of_each_bucket() {
    // The range begins before the first event, so every bot is in a cohort.
    for week in rows(&told().activity) {
        let cells = || {
            rows(&told().bots)
                .iter()
                .filter(|row| row["bucket_start"] == week["bucket_start"])
        };
        let active: i64 = cells().map(|row| int(row, "active")).sum();
        let new: i64 = cells()
            .filter(|row| row["period"] == 0)
            .map(|row| int(row, "cohort_size"))
            .sum();
        assert_eq!((active, new), (int(week, "active"), int(week, "new")), "{week}");
    }
}

#[test]
fn a_cohort_never_grows_and_begins_whole() {
    for row in rows(&told().bots).iter().chain(rows(&told().users)) {
        assert!(int(row, "active") <= int(row, "cohort_size"), "{row}");
        if row["period"] == 0 {
            assert_eq!(row["active"], row["cohort_size"]);
            assert!(row["share"] == 1.0 || row["share"].is_null(), "{row}");
        }
    }
}

#[test]
fn the_platforms_users_add_up() {
    for whole in rows(&told().users) {
        let same = |row: &&Value| ["bucket_start", "period"].iter().all(|name| row[*name] == whole[*name]);
        let parts: i64 = rows(&told().by_platform)
            .iter()
            .filter(same)
            .map(|row| int(row, "active"))
            .sum();
        assert_eq!(parts, int(whole, "active"), "{whole}");
    }
}

#[test]
fn the_days_add_up_to_the_weeks() {
    for column in ["registered", "with_conversation", "with_checkout", "with_payment"] {
        let weeks: Vec<i64> = rows(&told().unfiltered[0]).iter().map(|row| int(row, column)).collect();
        let days: Vec<i64> = rows(&told().days).iter().map(|row| int(row, column)).collect();
        let sums: Vec<i64> = days.chunks(7).map(|week| week.iter().sum()).collect();
        assert_eq!(sums, weeks, "{column}");
    }
}

#[test]
fn a_filter_that_matches_everything_changes_nothing() {
    for (unfiltered, filtered) in told().unfiltered.iter().zip(&told().filtered) {
        assert!(rows(unfiltered).len() > 3);
        assert_eq!(unfiltered["rows"], filtered["rows"]);
    }
}
