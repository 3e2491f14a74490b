//! Money converted by exchange rates, against numbers worked out by hand and by another program.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::events::{captured, lines};
use crate::support::read;

pub const SAMPLE: &str = "sample-data/ecb-2016.csv";
pub const QUESTION: &str = "/v1/metrics/payments?from=2016-09-01&to=2016-11-01";

/// Posts a file and gives how many rates were new, replaced and unchanged.
pub fn import(app: &TestApp, file: &str) -> [u64; 3] {
    let answer = app.client.post_rates(file).expect_status(200).json();
    ["new", "replaced", "unchanged"].map(|name| answer[name].as_u64().unwrap())
}

/// A plain file of one source.
pub fn plain(rows: &[&str]) -> String {
    let rows: String = rows.iter().map(|row| format!("{row},test\n")).collect();
    format!("date,base,quote,rate,source\n{rows}")
}

pub fn pay(app: &TestApp, id: &str, value: &str, currency: &str, time: &str) {
    app.client
        .post_events(&lines(&[captured(id, value, currency).at(time)]));
}

fn refund(app: &TestApp, payment: &str, value: &str, currency: &str, time: &str) {
    let event = json!({
        "specversion": "1.0", "id": format!("refund of {payment}"), "source": "/tests", "time": time,
        "type": "transaction.refunded",
        "data": {"provider": "stripe", "payment_id": payment, "refund_id": "r1",
                 "amount": {"value": value, "currency": currency}},
    });
    app.client.post_events(&event.to_string());
}

/// The answer about September and October in a currency; more parameters may follow.
pub fn ask(app: &TestApp, currency: &str) -> Value {
    app.wait_folded();
    app.client.get_json(&format!("{QUESTION}&currency={currency}"))
}

pub fn cell(answer: &Value, column: &str) -> Value {
    answer["rows"][0][column].clone()
}

#[test]
fn amounts_take_the_rate_of_their_capture_s_last_published_day() {
    let app = TestApp::start();
    import(&app, &read(SAMPLE));
    // Monday 12 September 2016: 1.1226 dollars for a euro. 100 / 1.1226 = 89.0789…
    pay(&app, "p1", "100.00", "USD", "2016-09-12T10:00:00Z");
    let answer = ask(&app, "EUR");
    assert_eq!(cell(&answer, "gross"), "89.08");
    assert_eq!(cell(&answer, "currency"), "EUR");
    // Saturday: Friday's rate, 1.1226 again. 50 / 1.1226 = 44.5394…; together 133.6183…
    pay(&app, "p2", "50.00", "USD", "2016-09-17T23:59:59Z");
    let answer = ask(&app, "EUR");
    assert_eq!(cell(&answer, "gross"), "133.62");
    assert_eq!(
        answer["meta"]["rates"],
        json!([{"from": "USD", "to": "EUR", "sources": ["ECB"], "first_day": "2016-09-12",
                "last_day": "2016-09-16", "days": 2}])
    );
    // A month later a euro is 1.1020 dollars; the refund is worth what it was at the capture: 40 / 1.1226 = 35.6315…
    refund(&app, "p1", "40.00", "USD", "2016-10-12T10:00:00Z");
    let answer = ask(&app, "EUR");
    assert_eq!(
        (cell(&answer, "refunded"), cell(&answer, "net")),
        ("35.63".into(), "97.99".into())
    );
    assert_eq!(cell(&answer, "unconverted"), 0);
    assert_eq!(answer["meta"]["warnings"], json!([]));
    let back = app
        .client
        .get_json("/v1/metrics/payments?from=2016-10-01&to=2016-11-01&currency=EUR");
    assert_eq!(
        cell(&back, "refunded"),
        "35.63",
        "also where the capture lies before the range"
    );
}

#[test]
fn neither_in_euros_goes_through_the_euro_and_decimals_are_the_currency_s_own() {
    let app = TestApp::start();
    import(&app, &read(SAMPLE));
    import(&app, &plain(&["2016-09-12,USD,KWD,0.3012"]));
    // 10 / 0.84475 × 114.38 = 1354.0100…
    pay(&app, "p1", "10.00", "GBP", "2016-09-12T10:00:00Z");
    assert_eq!(cell(&ask(&app, "JPY"), "gross"), "1354");
    // The same in dinars, by the dollar: 10 / 0.84475 × 1.1226 × 0.3012 = 4.00270…
    let answer = ask(&app, "KWD");
    assert_eq!(cell(&answer, "gross"), "4.003");
    assert_eq!(answer["meta"]["rates"][0]["sources"], json!(["ECB", "test"]));
    // 1.234 dinars are 1.234 / 0.3012 / 1.1226 × 0.84475 = 3.0829… pounds.
    pay(&app, "p2", "1.234", "KWD", "2016-09-13T00:00:00Z");
    app.wait_folded();
    let day = "/v1/metrics/payments?from=2016-09-13&to=2016-09-14&currency=GBP";
    // On the 13th the pound is at 0.84763 and the dollar at 1.1247; the dinar's last quote is of the day before.
    let answer = app.client.get_json(day);
    assert_eq!(
        cell(&answer, "gross"),
        "3.09",
        "1.234 / 0.3012 / 1.1247 × 0.84763 = 3.0876…"
    );
    assert_eq!(answer["meta"]["rates"][0]["first_day"], "2016-09-12");
    assert_eq!(answer["meta"]["rates"][0]["last_day"], "2016-09-13");
}

#[test]
fn a_quote_of_the_pair_goes_before_a_chain_and_the_later_direction_before_the_earlier() {
    let app = TestApp::start();
    pay(&app, "p1", "100.00", "USD", "2016-09-14T10:00:00Z");
    let gross = |file: &[&str]| {
        import(&app, &plain(file));
        cell(&ask(&app, "GBP"), "gross")
    };
    assert_eq!(
        gross(&["2016-09-14,CHF,USD,2", "2016-09-14,CHF,GBP,1"]),
        "50.00",
        "by any common currency"
    );
    assert_eq!(
        gross(&["2016-09-14,EUR,USD,4", "2016-09-14,EUR,GBP,3"]),
        "75.00",
        "rather by the euro"
    );
    assert_eq!(
        gross(&["2016-09-08,GBP,USD,1.25"]),
        "80.00",
        "rather by the pair itself, also the other way round"
    );
    assert_eq!(gross(&["2016-09-09,USD,GBP,0.7"]), "70.00", "of both ways the later");
    assert_eq!(gross(&["2016-09-09,GBP,USD,1.25"]), "70.00", "of one day the direct");
}

#[test]
fn a_rate_is_good_for_seven_days_and_not_before_its_own() {
    let app = TestApp::start();
    import(&app, &plain(&["2016-09-12,EUR,USD,2"]));
    pay(&app, "late", "10.00", "USD", "2016-09-20T00:00:00Z");
    let answer = ask(&app, "EUR");
    assert_eq!(
        (cell(&answer, "gross"), cell(&answer, "unconverted")),
        (Value::Null, 1.into())
    );
    assert_eq!(
        (cell(&answer, "net"), cell(&answer, "payments")),
        (Value::Null, 1.into())
    );
    assert_eq!(cell(&answer, "average"), Value::Null);
    let warning = answer["meta"]["warnings"][0].as_str().unwrap();
    assert!(warning.contains("in USD have no exchange rate to EUR"), "{warning}");
    pay(&app, "early", "10.00", "USD", "2016-09-11T23:59:59Z");
    assert_eq!(cell(&ask(&app, "EUR"), "unconverted"), 2);
    pay(&app, "last", "10.00", "USD", "2016-09-19T23:59:59Z");
    pay(&app, "own", "1.00", "EUR", "2016-09-30T00:00:00Z");
    let answer = ask(&app, "EUR");
    assert_eq!(
        (cell(&answer, "gross"), cell(&answer, "unconverted")),
        ("6.00".into(), 2.into())
    );
    // Of four payments two have no rate: 6.00 / 2.
    assert_eq!(
        (cell(&answer, "payments"), cell(&answer, "average")),
        (4.into(), "3.00".into())
    );
    let original = ask(&app, "original");
    assert_eq!(original["meta"]["rates"], json!([]));
    assert_eq!(original["rows"].as_array().unwrap().len(), 2);
}

#[test]
fn a_sum_is_rounded_once_and_half_to_even() {
    let app = TestApp::start();
    import(&app, &plain(&["2016-09-12,EUR,USD,2"]));
    let gross = || cell(&ask(&app, "EUR"), "gross");
    // Each cent is half a euro cent, which alone is rounded to 0.
    for (id, sum) in [
        ("a", "0.00"),
        ("b", "0.01"),
        ("c", "0.02"),
        ("d", "0.02"),
        ("e", "0.02"),
        ("f", "0.03"),
        ("g", "0.04"),
    ] {
        pay(&app, id, "0.01", "USD", "2016-09-12T10:00:00Z");
        assert_eq!(gross(), sum, "half cents up to {id}");
    }
}

#[test]
fn shares_and_rates_by_amount_are_converted_too() {
    let app = TestApp::start();
    import(&app, &plain(&["2016-09-12,EUR,USD,2", "2016-09-12,EUR,JPY,100"]));
    pay(&app, "p1", "60.00", "USD", "2016-09-12T10:00:00Z");
    pay(&app, "p2", "10.00", "EUR", "2016-09-12T10:00:00Z");
    let declined = json!({
        "specversion": "1.0", "id": "no", "source": "/tests", "time": "2016-09-12T11:00:00Z", "type": "transaction.failed",
        "data": {"provider": "stripe", "payment_id": "p3", "amount": {"value": "1000", "currency": "JPY"}},
    });
    app.client.post_events(&declined.to_string());
    let paypal = lines(&[captured("p4", "20.00", "KWD")
        .with("provider", "paypal")
        .at("2016-09-12T10:00:00Z")]);
    app.client.post_events(&paypal);
    let answer = ask(&app, "EUR");
    // Approved 30 + 10 of 50 euros; the dinars are in neither.
    assert_eq!(cell(&answer, "attempt_approval_by_amount"), 0.8);
    assert_eq!(
        (cell(&answer, "attempt_approval_n"), cell(&answer, "unconverted")),
        (4.into(), 1.into())
    );
    let shares = app
        .client
        .get_json("/v1/metrics/provider-share?from=2016-09-01&to=2016-11-01&currency=USD");
    let row = |value: &str| {
        let rows = shares["rows"].as_array().unwrap();
        rows.iter().find(|row| row["value"] == value).unwrap().clone()
    };
    assert_eq!(
        (&row("stripe")["gross"], &row("stripe")["share_by_amount"]),
        (&"80.00".into(), &1.0.into())
    );
    assert_eq!(
        (&row("paypal")["gross"], &row("paypal")["share_by_amount"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(shares["meta"]["rates"][0]["from"], "EUR");
    let chart = app
        .client
        .get("/v1/charts/payments.svg?from=2016-09-01&to=2016-11-01&currency=EUR");
    assert!(chart.expect_status(200).text().contains("EUR"));
    let page = app.client.get("/?from=2016-09-01&to=2016-10-31&currency=EUR").text();
    assert!(
        page.contains("USD converted to EUR at rates of test, 12 Sep 2016."),
        "the page names the source"
    );
}

#[test]
fn a_comparison_tells_of_the_rates_of_both_ranges() {
    let app = TestApp::start();
    import(&app, &plain(&["2016-09-12,EUR,USD,2", "2016-10-12,EUR,USD,1"]));
    pay(&app, "p1", "10.00", "USD", "2016-09-12T10:00:00Z");
    pay(&app, "p2", "10.00", "USD", "2016-10-12T10:00:00Z");
    app.wait_folded();
    let question =
        "/v1/metrics/payments?from=2016-10-01&to=2016-11-01&interval=month&currency=EUR&compare=previous_period";
    let answer = app.client.get_json(question);
    assert_eq!(cell(&answer, "gross"), "10.00");
    assert_eq!(
        (cell(&answer, "gross_previous"), cell(&answer, "gross_change")),
        ("5.00".into(), "5.00".into())
    );
    assert_eq!(answer["meta"]["rates"][0]["days"], 2);
}

#[test]
fn a_rate_counts_from_its_receipt_on_and_an_earlier_moment_keeps_its_answer() {
    let mut app = TestApp::start();
    pay(&app, "p1", "10.00", "USD", "2016-09-12T10:00:00Z");
    let mut told = Vec::new();
    let mut remember = |app: &TestApp| {
        let answer = ask(app, "EUR");
        let as_of = answer["query"]["as_of"].as_str().unwrap().replace('+', "%2B");
        let path = format!("{QUESTION}&currency=EUR&as_of={as_of}");
        let gross = cell(&answer, "gross");
        let body = app.client.get(&path).expect_status(200).body;
        let version = answer["meta"]["data_version"].as_i64().unwrap();
        told.push((path, body));
        app.clock.advance(chrono::TimeDelta::hours(1));
        (gross, version)
    };
    assert_eq!(remember(&app), (Value::Null, 1));
    assert_eq!(import(&app, &plain(&["2016-09-12,EUR,USD,2"])), [1, 0, 0]);
    assert_eq!(remember(&app), ("5.00".into(), 2));
    assert_eq!(
        import(&app, &plain(&["2016-09-12,EUR,USD,2.00"])),
        [0, 0, 1],
        "the same number, written otherwise"
    );
    assert_eq!(remember(&app), ("5.00".into(), 2));
    assert_eq!(
        import(&app, &plain(&["2016-09-12,EUR,USD,2.5", "2016-09-13,EUR,USD,3"])),
        [1, 1, 0]
    );
    assert_eq!(remember(&app), ("4.00".into(), 3));
    assert_eq!(
        import(&app, &plain(&["2016-09-12,EUR,USD,2"])),
        [0, 1, 0],
        "back again is a change too"
    );
    assert_eq!(remember(&app), ("5.00".into(), 4));
    // A later payment is another commit; the earlier answers stand.
    pay(&app, "p2", "1.00", "USD", "2016-09-12T10:00:00Z");
    assert_eq!(remember(&app), ("5.50".into(), 5));
    let stand = |app: &TestApp| {
        for (path, body) in &told {
            let again = app.client.get(path).expect_status(200).body;
            assert_eq!(String::from_utf8_lossy(body), String::from_utf8_lossy(&again), "{path}");
        }
    };
    stand(&app);
    app.restart();
    stand(&app);
    let span = app.store().data_range().unwrap().unwrap();
    assert_eq!(span.0.to_rfc3339(), "2016-09-12T10:00:00+00:00", "rates are no events");
}

#[test]
fn an_independent_reading_of_the_rates_comes_to_the_same_sums() {
    let app = TestApp::start();
    import(&app, &read(SAMPLE));
    let told = crate::sdks::run("fx_oracle.py", &[&app.client.url("")]);
    assert_eq!(told["differences"], json!([]), "{told}");
    assert!(told["compared"].as_u64().unwrap() > 500, "{told}");
    assert!(told["unconverted"].as_u64().unwrap() > 0, "some have no rate: {told}");
}
