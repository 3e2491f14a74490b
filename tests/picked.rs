//! The periods that people pick, and what they are set beside.

use serde_json::Value;

use crate::support::app::TestApp;
use crate::support::events::{Draft, bot_registered, captured, conversation, lines};
use crate::support::program::{Served, botledger};

/// What stands in a figure of the page.
fn figure<'a>(page: &'a str, key: &str) -> &'a str {
    let (_, rest) = page
        .split_once(&format!("data-figure=\"{key}\""))
        .unwrap_or_else(|| panic!("no {key}"));
    rest.split("data-figure=").next().unwrap()
}

fn value(page: &str, key: &str) -> String {
    let (_, rest) = figure(page, key).split_once("data-value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// A conversation, and a payment of 10 dollars, at noon (UTC) of each of these days.
fn on(days: &[&str]) -> TestApp {
    let app = TestApp::with(|config| config.limits.query_seconds = 90);
    let mut events: Vec<Draft> = vec![bot_registered("shop").at(&format!("{}T00:00:00Z", days[0]))];
    for day in days {
        let noon = format!("{day}T12:00:00Z");
        events.push(conversation("shop", &format!("c {day}")).at(&noon));
        events.push(captured(&format!("p {day}"), "10.00", "USD").at(&noon));
    }
    app.client.post_events(&lines(&events));
    app.wait_folded();
    app
}

#[test]
fn a_picked_last_day_belongs_to_the_period() {
    let app = on(&["2016-10-30", "2016-10-31", "2016-11-01"]);
    let page = |query: &str| app.client.get(&format!("/?{query}")).expect_status(200).text();
    assert_eq!(value(&page("from=2016-10-31&to=2016-10-31"), "conversations"), "1");
    let october = page("from=2016-10-01&to=2016-10-31");
    assert_eq!(value(&october, "conversations"), "2");
    assert!(october.contains("1 Oct \u{2013} 31 Oct 2016") && october.contains("last day, included"));
    // The control shows the day that was picked, and what it submits is the same question.
    assert!(october.contains("name=\"to\" value=\"2016-10-31\""));
    // An instant ends the period, and its day in the control is the last one inside.
    let until = page("from=2016-10-01&to=2016-11-01T00:00:00Z");
    assert_eq!(value(&until, "conversations"), "2");
    assert!(until.contains("name=\"to\" value=\"2016-10-31\""));
    // In Auckland it is 1 November at noon UTC on 31 October.
    assert_eq!(
        value(
            &page("from=2016-10-01&to=2016-10-31&tz=Pacific/Auckland"),
            "conversations"
        ),
        "1"
    );
}

#[test]
fn the_links_of_the_page_ask_for_what_it_shows() {
    let app = on(&["2016-10-30", "2016-10-31", "2016-11-01"]);
    let page = app
        .client
        .get("/?from=2016-10-01&to=2016-10-31")
        .expect_status(200)
        .text();
    let links = page
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap());
    let questions: Vec<String> = links
        .filter(|link| link.starts_with("/v1/metrics/payments?") && link.contains("format=json"))
        .map(|link| link.replace("&amp;", "&"))
        .collect();
    assert_eq!(questions.len(), 1);
    assert!(questions[0].contains("to=2016-11-01"), "{questions:?}");
    let answer = app.client.get_json(&questions[0]);
    let paid = |rows: &Value| {
        rows.as_array()
            .unwrap()
            .iter()
            .filter_map(|row| row["payments"].as_i64())
            .sum::<i64>()
    };
    assert_eq!(paid(&answer["rows"]).to_string(), value(&page, "payments"));
    assert_eq!(value(&page, "payments"), "2");
    let chart = app.client.get(
        &questions[0]
            .replace("/v1/metrics/payments?", "/v1/charts/payments.svg?")
            .replace("&format=json", ""),
    );
    assert!(chart.expect_status(200).text().contains("1 \u{2013} 31 Oct 2016"));
}

#[test]
fn a_period_that_ends_before_it_begins_is_told_at_its_control() {
    let app = on(&["2016-10-30"]);
    let page = app
        .client
        .get("/?from=2016-10-31&to=2016-10-30")
        .expect_status(400)
        .text();
    assert!(
        page.contains("data-field=\"to\"") && page.contains("must not lie before"),
        "{page}"
    );
}

#[test]
fn a_change_is_told_against_a_whole_period_with_data() {
    let app = on(&["2016-08-30", "2016-09-10", "2016-10-10", "2016-10-20"]);
    let page = app
        .client
        .get("/?from=2016-10-01&to=2016-10-31")
        .expect_status(200)
        .text();
    assert!(
        figure(&page, "gross").contains("class=\"change\""),
        "{}",
        figure(&page, "gross")
    );
    assert!(figure(&page, "gross").contains("from 10.00"));
    assert!(page.contains("Changes against the period before"));
}

#[test]
fn no_change_is_told_against_a_period_in_which_the_data_begins() {
    let app = on(&["2016-09-28", "2016-10-10", "2016-10-20"]);
    let page = app
        .client
        .get("/?from=2016-10-01&to=2016-10-31")
        .expect_status(200)
        .text();
    assert!(!page.contains("class=\"change\""));
    let why = "the data begins on 28 Sep 2016, within the period before";
    assert!(page.contains(&format!("No changes are shown: {why}")));
    let change = page.split("<section id=\"approval-change\"").nth(1).unwrap();
    let change = change.split("</section>").next().unwrap();
    assert!(
        !change.contains("<svg"),
        "a picture of a change against a part of a period"
    );
}

#[test]
fn what_was_not_there_before_has_no_percentage() {
    let app = TestApp::start();
    let talk = |day: &str| conversation("shop", day).at(&format!("{day}T12:00:00Z"));
    let paid = captured("p1", "10.00", "USD").at("2016-10-10T12:00:00Z");
    let early = bot_registered("shop").at("2016-08-01T00:00:00Z");
    app.client.post_events(&lines(&[
        early,
        talk("2016-09-10"),
        talk("2016-10-10"),
        talk("2016-10-11"),
        paid,
    ]));
    app.wait_folded();
    let page = app
        .client
        .get("/?from=2016-10-01&to=2016-10-31")
        .expect_status(200)
        .text();
    assert!(figure(&page, "conversations").contains("+100"));
    assert!(figure(&page, "payments").contains("none in the period before"));
}

#[test]
fn the_demo_points_to_a_page_that_holds_all_of_its_story() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = botledger(&["demo", "--listen", "127.0.0.1:0"]);
    command.stderr(log.reopen().unwrap());
    let demo = Served::spawn(command);
    let page = demo.client.get(&demo.path).expect_status(200).text();
    assert!(page.contains("1 Jul \u{2013} 31 Oct 2016"));
    assert!(page.contains("data-annotation="));
    // The story has 39,600 bots at the first moment of November.
    assert_eq!(value(&page, "closing"), "39600");
    assert!(demo.terminate().success());
    let said = std::fs::read_to_string(log.path()).unwrap();
    assert!(said.contains("no key is configured"), "{said}");
}

#[test]
fn a_baseline_that_explodes_is_hidden_with_its_reason() {
    let app = TestApp::with(|config| config.limits.query_seconds = 90);
    // 1 and 90 dollars in turn: the last day's ratio again, seven days on, is 90 to the eighth.
    let payment = |day: u32| {
        let value = if day.is_multiple_of(2) { "90.00" } else { "1.00" };
        captured(&format!("p{day}"), value, "USD").at(&format!("2016-10-{day:02}T12:00:00Z"))
    };
    app.client
        .post_events(&lines(&(1..=20).map(payment).collect::<Vec<Draft>>()));
    app.wait_folded();
    let question = "forecast?of=gross&horizon=7&from=2016-10-01&to=2016-10-21&interval=day";
    let answer = app.client.get_json(&format!("/v1/metrics/{question}"));
    let last = answer["rows"].as_array().unwrap().last().unwrap()["baseline_error"].clone();
    let last: f64 = last.as_str().unwrap().parse().unwrap();
    assert!(last > 1e12, "{last}");
    let warnings = answer["meta"]["warnings"].to_string();
    assert!(warnings.contains("is not meaningful for this history"), "{warnings}");
    let svg = app
        .client
        .get(&format!("/v1/charts/{}", question.replace('?', ".svg?")))
        .expect_status(200)
        .text();
    assert!(svg.contains("of the baseline beyond anything counted"));
    let page = app
        .client
        .get("/?from=2016-10-01&to=2016-10-20&interval=day")
        .expect_status(200)
        .text();
    let outlook = page.split("<section id=\"payments-forecast\"").nth(1).unwrap();
    let outlook = outlook.split("</section>").next().unwrap();
    assert!(outlook.contains("by more than anything counted.") && outlook.contains(">beyond anything counted</td>"));
    // No number that people read has five groups of digits.
    let seen: Vec<&str> = outlook.split('>').filter_map(|part| part.split('<').next()).collect();
    assert!(
        !seen
            .iter()
            .any(|text| text.matches(',').count() >= 4 && text.len() < 40),
        "{seen:?}"
    );
}
