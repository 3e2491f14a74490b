//! What has not begun is nothing: no zero, no churn, no point of a chart, no row of the page.

use botledger::serve::metric_names;
use serde_json::Value;

use crate::support::app::TestApp;
use crate::support::events::{Draft, bot_registered, captured, checkout, conversation, lines};

/// Bots that are active on each of the first days of July 2016, asked on Wednesday, the 20th, at noon.
fn in_july() -> TestApp {
    let app = TestApp::with(|config| config.limits.query_seconds = 90);
    app.clock.set("2016-07-20T12:00:00Z");
    let events = (1..=19).flat_map(|day| -> Vec<Draft> {
        let at = |hour: u32| format!("2016-07-{day:02}T{hour:02}:00:00Z");
        let (bot, talk, payment) = (format!("b{}", day % 4), format!("c{day}"), format!("p{day}"));
        vec![
            bot_registered(&format!("b{day}")).at(&at(8)),
            conversation(&bot, &talk).at(&at(9)),
            checkout(&bot, &talk, &format!("k{day}")).at(&at(10)),
            captured(&payment, "10.00", "USD")
                .at(&at(11))
                .with("bot_id", bot)
                .with("platform", "messenger")
                .with("conversation_id", talk),
        ]
    });
    app.client.post_events(&lines(&events.collect::<Vec<_>>()));
    app.wait_folded();
    app
}

fn metadata(svg: &str) -> Value {
    let (_, rest) = svg.split_once("<metadata>").unwrap();
    let text = rest.split("</metadata>").next().unwrap();
    serde_json::from_str(&text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")).unwrap()
}

#[test]
fn a_chart_ends_where_time_has_come_to() {
    let app = in_july();
    for metric in metric_names() {
        let svg = app
            .client
            .get(&format!(
                "/v1/charts/{metric}.svg?from=2016-07-01&to=2017-07-01&interval=week"
            ))
            .expect_status(200)
            .text();
        for series in metadata(&svg)["series"].as_array().unwrap() {
            for point in series["points"].as_array().unwrap() {
                let start = point[0].as_str().unwrap();
                assert!(
                    start < "2016-07-20" || metric == "forecast" && start >= "2017-07",
                    "{metric}: {series}"
                );
            }
        }
        let own_axis = ["milestones", "forecast"].contains(&metric);
        assert_eq!(svg.contains("until 30 Jun 2017, has not begun"), !own_axis, "{metric}");
        assert!(!svg.contains(">Dec<"), "{metric}");
    }
}

#[test]
fn a_range_that_lies_ahead_is_told_as_such() {
    let app = in_july();
    for metric in metric_names()
        .iter()
        .filter(|metric| !["milestones", "forecast"].contains(*metric))
    {
        let svg = app
            .client
            .get(&format!(
                "/v1/charts/{metric}.svg?from=2016-08-01&to=2016-09-01&interval=week"
            ))
            .expect_status(200)
            .text();
        assert!(
            svg.contains("this range has not begun") && svg.contains(">No data<"),
            "{metric}"
        );
    }
}

#[test]
fn the_page_leaves_out_what_has_not_begun_and_says_so() {
    let app = in_july();
    let page = app
        .client
        .get("/?from=2016-07-01&to=2016-12-31&interval=week")
        .expect_status(200)
        .text();
    let activity = page.split("<section id=\"activity\"").nth(1).unwrap();
    let activity = activity.split("</section>").next().unwrap();
    // 1 July is a Friday: a cut week, those of the 4th and 11th, and that of the 18th, which is not over.
    assert_eq!(activity.matches("<tr").count(), 1 + 4, "{activity}");
    assert!(activity.contains("The last 23 weeks of the period have not begun and are left out."));
    for month in ["Aug", "Sep", "Dec"] {
        assert!(!activity.contains(&format!(" {month} 2016 (week")), "{month}");
    }
    assert!(
        !page.contains("of 27 weeks"),
        "what has not begun has nothing to settle"
    );
}
