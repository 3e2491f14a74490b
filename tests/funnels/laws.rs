//! What holds of every funnel, on generated data of which some is still open.

use std::sync::OnceLock;

use botledger::generate::{self, Plan, Size};
use serde_json::Value;

use crate::support::app::{TestApp, config};
use crate::support::shared_folder;

const RANGE: &str = "from=2024-12-30&to=2025-01-27";

/// Funnels and units, without groups.
const FUNNELS: [&str; 8] = [
    "steps=started,checkout,paid",
    "steps=started,checkout,paid&unit=user",
    "steps=started,product.viewed,cart.updated,checkout,paid",
    "steps=catalog,product.viewed,product.viewed,cart.updated&unit=user&window=2h",
    "steps=checkout,transaction.failed,transaction.captured&window=3d",
    "steps=conversation.message,conversation.message,conversation.ended",
    "steps=paid,transaction.refunded&unit=user&window=30d",
    "steps=transaction.initiated",
];

/// Generated conversations of a month, at noon of its 20th day.
fn app() -> &'static TestApp {
    static APP: OnceLock<TestApp> = OnceLock::new();
    APP.get_or_init(|| {
        let app = TestApp::on(config(&shared_folder("funnels")));
        app.clock.set("2025-01-20T12:07:30Z");
        let plan = Plan {
            seed: 23,
            bots: 40,
            size: Size::Conversations(1_500),
            from: "2025-01-01T00:00:00Z".parse().unwrap(),
            to: "2025-02-01T00:00:00Z".parse().unwrap(),
            late_share: 500,
            out_of_order_share: 500,
            duplicate_share: 300,
            ..Plan::default()
        };
        let lines: Vec<String> = generate::generate(plan).unwrap().collect();
        for part in lines.chunks(4_000) {
            app.client.post_events(&(part.join("\n") + "\n"));
        }
        app.wait_folded();
        app
    })
}

fn rows(query: &str) -> Vec<Value> {
    let answer = app()
        .client
        .get_json(&format!("/v1/metrics/conversion?{RANGE}&{query}"));
    answer["rows"].as_array().unwrap().clone()
}

fn count(row: &Value, column: &str) -> i64 {
    row[column].as_i64().unwrap()
}

const COUNTS: [&str; 5] = ["entered", "reached", "dropped", "open", "open_reached"];

#[test]
fn reached_and_dropped_and_open_are_entered_and_no_step_is_wider_than_the_one_before() {
    let mut open = 0;
    for funnel in FUNNELS {
        for split in ["", "&group_by=platform&interval=week", "&group_by=country,acquisition"] {
            let rows = rows(&format!("{funnel}{split}"));
            assert!(rows.iter().any(|row| count(row, "entered") > 0), "{funnel}");
            let mut before: Option<&Value> = None;
            for row in &rows {
                let [entered, reached, dropped, open_now, open_reached] = COUNTS.map(|name| count(row, name));
                assert_eq!(entered, reached + dropped + open_now, "{funnel}{split}: {row}");
                assert!(open_reached <= open_now && dropped >= 0, "{funnel}{split}: {row}");
                open += open_now;
                if count(row, "step_index") == 1 {
                    assert_eq!((dropped, open_reached), (0, open_now), "{funnel}{split}: {row}");
                } else if let Some(before) = before {
                    assert_eq!(entered, count(before, "entered"));
                    assert!(reached <= count(before, "reached") && open_reached <= count(before, "open_reached"));
                }
                before = Some(row);
            }
        }
    }
    assert!(open > 0);
}

#[test]
fn the_default_steps_under_any_name_are_the_default_answer() {
    for split in [
        "",
        "&interval=day",
        "&group_by=path",
        "&group_by=country,provider",
        "&window=2h",
    ] {
        let default = rows(split);
        for list in [
            "started,checkout,paid",
            "conversation.started,checkout.started,paid",
            "started, checkout ,paid",
        ] {
            let list = list.replace(' ', "%20");
            assert_eq!(
                rows(&format!("steps={list}&unit=conversation{split}")),
                default,
                "{list}"
            );
        }
    }
}

/// The longer funnel does not come from the cube, nor from the facts of conversations.
#[test]
fn the_beginning_of_a_funnel_is_the_funnel_of_its_beginning() {
    let splits = [
        "",
        "&interval=day&tz=Asia/Kathmandu",
        "&group_by=platform",
        "&group_by=bot,country",
        "&group_by=acquisition&country!=US",
        "&group_by=path,credential&interval=week",
        "&group_by=provider",
        "&path=in_thread,redirect&window=2h",
        "&path!=redirect&group_by=platform&interval=week",
        "&provider!=stripe&credential!=saved&group_by=credential",
        "&mode=test&group_by=path",
        "&as_of=2025-01-20T12:07:30Z",
    ];
    for split in splits {
        let longer = rows(&format!("steps=started,checkout,paid,transaction.refunded{split}"));
        let beginning: Vec<Value> = longer.into_iter().filter(|row| count(row, "step_index") <= 3).collect();
        assert_eq!(beginning, rows(split), "{split}");
    }
    let funnel = "steps=started,product.viewed,cart.updated&unit=user&interval=week&group_by=platform";
    let longer = rows(&funnel.replace("cart.updated", "cart.updated,conversation.ended"));
    let beginning: Vec<Value> = longer.into_iter().filter(|row| count(row, "step_index") <= 3).collect();
    assert_eq!(beginning, rows(funnel));
}

#[test]
fn a_filter_that_matches_everything_changes_nothing() {
    for funnel in FUNNELS {
        for dimension in ["platform", "bot", "country"] {
            assert_eq!(
                rows(&format!("{funnel}&{dimension}!=nothing")),
                rows(funnel),
                "{funnel}"
            );
        }
    }
}

/// Holds because every unit is in one group; over buckets users do not add up, who enter each anew.
#[test]
fn the_groups_add_up_to_the_whole() {
    for funnel in FUNNELS {
        let whole = rows(funnel);
        for dimension in ["platform", "bot", "country", "acquisition"] {
            let parts = rows(&format!("{funnel}&group_by={dimension}"));
            for whole in &whole {
                for name in COUNTS {
                    let same = parts.iter().filter(|part| part["step_index"] == whole["step_index"]);
                    let sum: i64 = same.map(|part| count(part, name)).sum();
                    assert_eq!(sum, count(whole, name), "{funnel} by {dimension}: {name}");
                }
            }
        }
    }
}

#[test]
fn conversations_of_days_add_up_to_those_of_the_range() {
    for funnel in FUNNELS.iter().filter(|funnel| !funnel.contains("unit=user")) {
        let days = rows(&format!("{funnel}&interval=day"));
        for whole in rows(funnel) {
            for name in COUNTS {
                let same = days.iter().filter(|day| day["step_index"] == whole["step_index"]);
                let sum: i64 = same.map(|day| count(day, name)).sum();
                assert_eq!(sum, count(&whole, name), "{funnel}: {name}");
            }
        }
    }
}
