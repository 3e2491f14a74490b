//! The period before: one rule for comparisons, for `change`, for activity and for the page.

use std::sync::OnceLock;

use botledger::model::{Compare, TimeRange};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::app::{TestApp, config, instant};
use crate::support::events::{Draft, captured, conversation, lines};
use crate::support::shared_folder;

/// A range without an interval, and where the period before it begins.
struct Case(&'static str, &'static str, &'static str, &'static str);

const CASES: [Case; 20] = [
    // One day after a clock change, in spring and in autumn.
    Case("Europe/Berlin", "2016-03-28", "2016-03-29", "2016-03-26T23:00:00Z"),
    Case("Europe/Berlin", "2016-10-31", "2016-11-01", "2016-10-29T22:00:00Z"),
    // The day of the change itself, and what ends with it.
    Case("Europe/Berlin", "2016-03-27", "2016-03-28", "2016-03-25T23:00:00Z"),
    Case("Europe/Berlin", "2016-10-30", "2016-10-31", "2016-10-28T22:00:00Z"),
    // A week and 30 days.
    Case("Europe/Berlin", "2016-03-28", "2016-04-04", "2016-03-20T23:00:00Z"),
    Case("Europe/Berlin", "2016-10-31", "2016-11-30", "2016-09-30T22:00:00Z"),
    // Midnight is missing on 16 October 2016: that day begins at one o'clock.
    Case("America/Sao_Paulo", "2016-10-16", "2016-10-17", "2016-10-15T03:00:00Z"),
    Case("America/Sao_Paulo", "2016-10-17", "2016-10-18", "2016-10-16T03:00:00Z"),
    Case("America/Sao_Paulo", "2016-10-18", "2016-10-20", "2016-10-16T03:00:00Z"),
    Case("Asia/Kathmandu", "2016-09-12", "2016-09-13", "2016-09-10T18:15:00Z"),
    // A change by half an hour, on 2 October 2016.
    Case(
        "Australia/Lord_Howe",
        "2016-10-03",
        "2016-10-04",
        "2016-10-01T13:30:00Z",
    ),
    // 30 December 2011 was left out: the day before the 31st is the 29th.
    Case("Pacific/Apia", "2011-12-31", "2012-01-01", "2011-12-29T10:00:00Z"),
    Case("Pacific/Apia", "2011-12-29", "2012-01-01", "2011-12-27T10:00:00Z"),
    // A calendar month has the month before, whatever its length.
    Case("UTC", "2016-10-01", "2016-11-01", "2016-09-01T00:00:00Z"),
    Case("Europe/Berlin", "2016-03-01", "2016-04-01", "2016-01-31T23:00:00Z"),
    Case("UTC", "2015-03-01", "2015-04-01", "2015-02-01T00:00:00Z"),
    Case("UTC", "2016-01-01", "2016-02-01", "2015-12-01T00:00:00Z"),
    // No calendar months: 30 days, and 92.
    Case("UTC", "2016-09-15", "2016-10-15", "2016-08-16T00:00:00Z"),
    Case("UTC", "2016-07-01", "2016-10-01", "2016-03-31T00:00:00Z"),
    // Edges within days: as long a time before, whatever the clock did.
    Case(
        "Europe/Berlin",
        "2016-03-27T12:00",
        "2016-03-28T12:00",
        "2016-03-26T10:00:00Z",
    ),
];

impl Case {
    fn platform(&self) -> String {
        let Case(tz, from, to, _) = self;
        format!("{tz}_{from}_{to}")
            .to_lowercase()
            .replace(|c: char| !c.is_ascii_alphanumeric(), "_")
    }

    fn question(&self, metric: &str) -> String {
        let Case(tz, from, to, _) = self;
        let platform = self.platform();
        format!("/v1/metrics/{metric}?from={from}&to={to}&tz={tz}&platform={platform}")
    }

    /// The edges, as the application reads them.
    fn range(&self) -> TimeRange {
        let query = app().client.get_json(&self.question("bot-growth"));
        let edge = |name: &str| -> DateTime<Utc> { instant(query["rows"][0][name].as_str().unwrap()) };
        let tz = self.0.parse().unwrap();
        TimeRange::new(edge("bucket_start"), edge("bucket_end"), None, tz).unwrap()
    }
}

/// A bot of its own that talks and pays, or tries to, at a moment.
fn moment(platform: &str, name: &str, at: DateTime<Utc>, paid: bool) -> Vec<Draft> {
    let payment = format!("{platform} {name}");
    let failed = json!({"provider": "stripe", "payment_id": payment, "failure_kind": "issuer",
                        "amount": {"value": "1.00", "currency": "USD"}});
    let pay = if paid {
        captured(&payment, "1.00", "USD")
    } else {
        Draft::new("transaction.failed", failed)
    };
    let own = |draft: Draft| draft.with("platform", platform).at(&at.to_rfc3339());
    vec![
        own(conversation(name, &format!("{platform}:{name}"))),
        own(pay.with("bot_id", name)),
    ]
}

fn app() -> &'static TestApp {
    static APP: OnceLock<TestApp> = OnceLock::new();
    APP.get_or_init(|| TestApp::on(config(&shared_folder("periods"))))
}

/// Around the period before: too early, its first and its last quarter hour; then the first of the range.
fn post(case: &Case) {
    let (start, from) = (instant(case.3), case.range().from);
    let quarter = TimeDelta::minutes(15);
    let platform = case.platform();
    let events: Vec<Draft> = [
        moment(&platform, "early", start - quarter, true),
        moment(&platform, "first", start, false),
        moment(&platform, "last", from - quarter, true),
        moment(&platform, "now", from, true),
    ]
    .concat();
    app().client.post_events(&lines(&events));
}

#[test]
fn the_period_before_is_a_month_or_as_many_local_days_in_every_answer() {
    CASES.iter().for_each(post);
    app().wait_folded();
    for case in &CASES {
        let row = |question: &str| app().client.get_json(question)["rows"][0].clone();
        let (told, name) = (|row: &Value, column: &str| row[column].clone(), case.platform());
        let entered = row(&format!("{}&compare=previous_period", case.question("conversion")));
        assert_eq!(told(&entered, "entered_previous"), 2, "{name}");
        let activity = row(&case.question("bot-activity"));
        assert_eq!(
            (&activity["churned"], &activity["active"]),
            (&json!(2), &json!(1)),
            "{name}"
        );
        let change = row(&case.question("change"));
        assert_eq!(told(&change, "rate_previous"), 0.5, "{name}");
        let compared = case.range().earlier(Compare::PreviousPeriod).unwrap();
        assert_eq!(
            (compared.from, compared.to),
            (instant(case.3), case.range().from),
            "{name}"
        );
    }
}

#[test]
fn the_page_takes_the_same_period_before() {
    let app = TestApp::start();
    let events: Vec<Draft> = [
        moment("web", "august", instant("2016-08-31T23:00:00Z"), true),
        moment("web", "september", instant("2016-09-01T00:00:00Z"), true),
        moment("web", "october", instant("2016-10-31T12:00:00Z"), true),
    ]
    .concat();
    app.client.post_events(&lines(&events));
    app.wait_folded();
    let page = |query: &str| app.client.get(&format!("/?{query}")).expect_status(200).text();
    let october = page("from=2016-10-01&to=2016-11-01T00:00:00Z");
    assert!(october.contains("the period before, 1 Sep – 30 Sep 2016"), "{october}");
    // One day of 24 hours after one of 25.
    let day = page("from=2016-10-31T00:00:00%2B01:00&to=2016-11-01T00:00:00%2B01:00&tz=Europe/Berlin");
    assert!(day.contains("the period before, 30 Oct 2016"), "{day}");
}

#[test]
fn a_year_before_a_day_that_begins_at_one_o_clock_is_a_whole_day() {
    let tz = "America/Sao_Paulo".parse().unwrap();
    let of = |from: &str, to: &str| TimeRange::new(instant(from), instant(to), None, tz).unwrap();
    // 16 October 2016 began at 01:00; 16 October 2015 at midnight, and 18 October 2015 at 01:00.
    let before = of("2016-10-16T03:00:00Z", "2016-10-18T02:00:00Z").earlier(Compare::PreviousYear);
    let before = before.unwrap();
    assert_eq!(
        (before.from, before.to),
        (instant("2015-10-16T03:00:00Z"), instant("2015-10-18T03:00:00Z"))
    );
}
