//! The metrics' arithmetic on facts made by hand, against numbers worked by hand or published.

use botledger::metrics::fx::{Rates, Sum, divide};
use botledger::metrics::statistics::{hhi, newcombe, quantile, wilson};
use botledger::metrics::{self, Outcome, Question};
use botledger::model::{Currency, Decimal, Interval, Mode, TimeRange, Value};
use botledger::serve::answer::report::ANSWER_ROWS;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value as Json, json};

use crate::support::facts::Facts;

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}Z").parse().unwrap()
}

fn question(metric: &str, from: &str, to: &str, interval: Option<Interval>, zone: &str) -> Question {
    let metric = metrics::find(metric).unwrap();
    Question {
        range: TimeRange::new(at(from), at(to), interval, zone.parse().unwrap()).unwrap(),
        as_of: at("2020-01-01T00:00:00"),
        mode: Mode::Live,
        currency: Currency::parse("USD"),
        group_by: Vec::new(),
        filters: Vec::new(),
        most_values: None,
        whole: false,
        parameters: metric
            .parameters
            .iter()
            .map(|p| (p.name, p.read(p.default).unwrap()))
            .collect(),
    }
}

fn answer(metric: &str, question: &Question, facts: &Facts) -> Outcome {
    metrics::find(metric)
        .unwrap()
        .answer(question, facts, ANSWER_ROWS)
        .unwrap()
}

fn int(outcome: &Outcome, row: usize, column: &str) -> i64 {
    let cell = outcome.table.cell(row, column);
    cell.as_i64()
        .unwrap_or_else(|| panic!("{column} of row {row} is {cell:?}"))
}

fn ints(outcome: &Outcome, row: usize, columns: &[&str]) -> Vec<i64> {
    columns.iter().map(|column| int(outcome, row, column)).collect()
}

fn real(outcome: &Outcome, row: usize, column: &str) -> f64 {
    match outcome.table.cell(row, column) {
        Value::Number(number) => *number,
        other => panic!("{column} of row {row} is {other:?}"),
    }
}

fn shown(outcome: &Outcome, row: usize, column: &str) -> String {
    outcome.table.cell(row, column).to_text()
}

fn close(one: f64, two: f64, digits: i32) {
    assert!(
        (one - two).abs() < 0.5 * 10f64.powi(-digits) + 1e-12,
        "{one} is not {two}"
    );
}

#[test]
fn wilson_matches_the_published_table() {
    // Newcombe, Statistics in Medicine 17 (1998), 857–872, table I, method 3.
    for (hits, n, low, high) in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ] {
        let span = wilson(hits, n).unwrap();
        close(span.low, low, 4);
        close(span.high, high, 4);
    }
    assert_eq!(wilson(0, 0), None);
    assert_eq!(wilson(7, 7).unwrap().high, 1.0);
}

#[test]
fn newcombe_matches_the_published_table() {
    // Newcombe, Statistics in Medicine 17 (1998), 873–890, table II, method 10.
    for (hits, n, base_hits, base_n, low, high) in [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
        (10, 10, 0, 10, 0.6075, 1.0),
    ] {
        let (_, span) = newcombe(hits, n, base_hits, base_n).unwrap();
        close(span.low, low, 4);
        close(span.high, high, 4);
    }
}

#[test]
fn concentration_matches_the_published_example() {
    // US Department of Justice, Antitrust Division, "Herfindahl-Hirschman Index": four firms with 30, 30, 20 and
    // 20 per cent have 2,600. Of n equal firms it is 10,000 / n, and no more than 10,000 of one.
    close(hhi(&[30.0, 30.0, 20.0, 20.0]).unwrap(), 2600.0, 9);
    for firms in 1..20 {
        close(hhi(&vec![7.0; firms]).unwrap(), 10_000.0 / firms as f64, 8);
    }
}

#[test]
fn percentiles_match_the_published_ones() {
    // NIST/SEMATECH, e-Handbook of Statistical Methods, 7.2.6.2: twelve gauge readings, whose 90th percentile by
    // definition 7 of Hyndman and Fan is 95.1957 (by definition 6, the Handbook's own, it would be 95.1981).
    let mut readings = [
        95.1772, 95.1567, 95.1937, 95.1959, 95.1442, 95.0610, 95.1591, 95.1195, 95.1065, 95.0925, 95.1990, 95.1682,
    ];
    readings.sort_by(f64::total_cmp);
    close(quantile(&readings, 0.9).unwrap(), 95.1957, 4);
    // The 40th percentile of five values, "Percentile" in Wikipedia, second variant: 29.
    close(quantile(&[15.0, 20.0, 35.0, 40.0, 50.0], 0.4).unwrap(), 29.0, 12);
    // The ends are the smallest and the largest, and of one value every quantile is that.
    assert_eq!(
        [0.0, 1.0].map(|q| quantile(&readings, q)),
        [Some(95.0610), Some(95.1990)]
    );
    assert_eq!(quantile(&[3.0], 0.9), Some(3.0));
}

#[test]
fn concentration_and_quantiles_by_hand() {
    // 50² + 30² + 20² = 3,800, whatever the size of the whole.
    close(hhi(&[5.0, 3.0, 2.0]).unwrap(), 3800.0, 9);
    assert_eq!(hhi(&[4.0]), Some(10_000.0));
    assert_eq!(hhi(&[0.0, 0.0]), None);
    assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.5), Some(2.5));
    close(quantile(&[1.0, 2.0, 3.0, 4.0], 0.9).unwrap(), 3.7, 9);
    assert_eq!(quantile(&[], 0.5), None);
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// Units of a currency for one euro on day 100.
fn euro_rates(quotes: &[(&str, &str)]) -> Rates {
    let mut rates = Rates::default();
    for (code, decimal) in quotes {
        let decimal = Decimal::parse(decimal).unwrap();
        rates.insert(100, currency("EUR"), currency(code), decimal, "ECB".into());
    }
    rates
}

#[test]
fn money_is_converted_exactly_and_rounded_once_half_to_even() {
    let rates = euro_rates(&[("USD", "1.25"), ("JPY", "120")]);
    let rate = |from: &str, to: &str, day| {
        rates
            .convert(currency(from), currency(to), day)
            .map(|conversion| conversion.minor)
    };
    let minor = |from: &str, to: &str, day| rate(from, to, day).map(|f| (f.numerator, f.denominator));
    assert_eq!(minor("USD", "EUR", 100), Some((4, 5)));
    assert_eq!(minor("JPY", "EUR", 107), Some((5, 6)));
    assert_eq!(minor("JPY", "USD", 107), Some((25, 24)));
    assert_eq!(minor("USD", "EUR", 108), None, "a rate of eight days ago is no rate");
    assert_eq!(minor("USD", "EUR", 99), None, "tomorrow's rate is not known today");
    assert_eq!(minor("USD", "USD", 99), Some((1, 1)));
    // 3 yen are 2.5 cents: to even. With 0.8 and 1.6 cents beside them the sum is 4.9.
    let mut sum = Sum::default();
    let (yen, dollars) = (rate("JPY", "EUR", 100), rate("USD", "EUR", 100));
    assert!(sum.add(3, yen).unwrap());
    assert_eq!(sum.total(), Some(2));
    assert!(sum.add(1, dollars).unwrap() && sum.add(2, dollars).unwrap());
    assert_eq!(sum.total(), Some(5));
    assert!(!sum.add(1, None).unwrap());
    assert_eq!(sum.total(), Some(5), "what has no rate is left out");
    let mut nothing = Sum::default();
    assert_eq!(nothing.total(), Some(0));
    nothing.add(1, None).unwrap();
    assert_eq!(nothing.total(), None, "nothing converts");
}

#[test]
fn a_sum_of_many_fractions_finds_the_tie() {
    // 1/3 + 1/6 is exactly one half, which stays 0; a billionth more is 1.
    let mut sum = Sum::default();
    let fraction = |numerator, denominator| Some(metrics::fx::Fraction { numerator, denominator });
    sum.add(1, fraction(1, 3)).unwrap();
    sum.add(1, fraction(1, 6)).unwrap();
    assert_eq!(sum.total(), Some(0));
    sum.add(1, fraction(1, 1_000_000_007)).unwrap();
    assert_eq!(sum.total(), Some(1));
    let primes = [999_999_937u128, 999_999_929, 999_999_893, 999_999_883, 999_999_797];
    primes
        .iter()
        .for_each(|prime| assert!(sum.add(i128::from(i64::MAX), fraction(1, *prime)).unwrap()));
    let whole: i128 = primes.iter().map(|prime| i128::from(i64::MAX) / *prime as i128).sum();
    assert!((whole..=whole + 6).contains(&sum.total().unwrap()));
    assert_eq!([1, 3, 5, 7].map(|n| divide(n, 2).unwrap()), [0, 2, 2, 4]);
    assert_eq!(divide(1, 0), None);
}

#[test]
fn growth_counts_members_at_edges_and_flows_between() {
    let question = question(
        "bot-growth",
        "2016-09-01T00:00:00",
        "2016-09-03T00:00:00",
        Some(Interval::Day),
        "UTC",
    );
    let (a, b, c) = ("2016-09-01T00:00:00", "2016-09-02T00:00:00", "2016-09-03T00:00:00");
    // An old member; one that enters at the first edge and leaves at the second; one that leaves at
    // the first edge; one that comes back on the second day; one entering at the last edge is not read.
    let member = |bot: i64, since: &str, until: Option<&str>| {
        json!({"bot_key": bot, "kind": "member", "reinstated": false, "inferred": false,
               "time": since, "until": until})
    };
    let mut spans = [
        member(1, "2016-01-01T00:00:00", None),
        member(2, a, Some(b)),
        member(3, "2016-02-01T00:00:00", Some(a)),
        member(4, "2016-09-02T12:00:00", None),
        member(5, c, None),
        json!({"bot_key": 1, "kind": "suspended", "time": "2016-09-01T06:00:00", "until": c}),
    ];
    spans[1]["inferred"] = true.into();
    spans[3]["reinstated"] = true.into();
    let outcome = answer(
        "bot-growth",
        &question,
        &Facts::default().rows("facts/spans", &spans.into()),
    );
    let columns = [
        "opening",
        "registered",
        "reinstated",
        "retired",
        "closing",
        "residual",
        "inferred",
        "suspended",
    ];
    assert_eq!(ints(&outcome, 0, &columns), [2, 1, 0, 1, 2, 0, 1, 1]);
    assert_eq!(ints(&outcome, 1, &columns), [2, 0, 1, 1, 2, 0, 0, 1]);
    assert_eq!(real(&outcome, 0, "growth_rate"), 0.0);
    assert_eq!(*outcome.table.cell(0, "doubling_days"), Value::Null);
}

#[test]
fn growth_doubles_in_a_day_and_an_empty_ledger_has_rows_too() {
    let mut question = question("bot-growth", "2016-09-01T00:00:00", "2016-09-02T00:00:00", None, "UTC");
    let facts = Facts::default()
        .rows(
            "facts/bots",
            &json!([{"bot_key": 1, "platform": "web"}, {"bot_key": 2}]),
        )
        .rows(
            "facts/spans",
            &json!([
                {"bot_key": 1, "kind": "member", "inferred": false, "time": "2016-01-01T00:00:00"},
                {"bot_key": 2, "kind": "member", "inferred": false, "time": "2016-09-01T00:00:01"},
            ]),
        );
    let outcome = answer("bot-growth", &question, &facts);
    assert_eq!(real(&outcome, 0, "growth_rate"), 1.0);
    close(real(&outcome, 0, "doubling_days"), 1.0, 12);
    question.group_by = vec!["platform"];
    let outcome = answer("bot-growth", &question, &facts);
    assert_eq!(
        [shown(&outcome, 0, "platform"), shown(&outcome, 1, "platform")],
        ["web", ""]
    );
    assert_eq!(ints(&outcome, 1, &["opening", "closing"]), [0, 1]);
    let outcome = answer("bot-growth", &question, &Facts::default());
    assert_eq!(outcome.table.rows.len(), 1);
    assert_eq!(*outcome.table.cell(0, "platform"), Value::Null);
    assert_eq!(int(&outcome, 0, "closing"), 0);
    assert_eq!(*outcome.table.cell(0, "growth_rate"), Value::Null);
}

const ACTIVITY: [&str; 6] = ["active", "new", "retained", "resurrected", "churned", "residual"];

#[test]
fn activity_follows_the_local_calendar_across_a_clock_change() {
    // In Berlin 27 March 2016 has 23 hours: from 23:00 UTC of the 26th to 22:00 UTC of the 27th.
    let question = question(
        "bot-activity",
        "2016-03-26T23:00:00",
        "2016-03-28T22:00:00",
        Some(Interval::Day),
        "Europe/Berlin",
    );
    let activity = [
        (1, "2016-03-26T22:45:00"), // the day before, and the last quarter of the 27th: retained, then churned
        (1, "2016-03-27T21:45:00"),
        (2, "2016-03-27T22:00:00"), // the first quarter of the 28th: new there
        (3, "2016-01-01T00:00:00"), // long ago, and the 28th: resurrected
        (3, "2016-03-28T12:00:00"),
        (4, "2016-03-26T00:00:00"), // only the day before: churned on the 27th
    ];
    let outcome = answer("bot-activity", &question, &Facts::default().active(&activity));
    assert_eq!(ints(&outcome, 0, &ACTIVITY), [1, 0, 1, 0, 1, 0]);
    assert_eq!(ints(&outcome, 1, &ACTIVITY), [2, 1, 0, 1, 1, 0]);
    assert_eq!(real(&outcome, 1, "quick_ratio"), 2.0);
    assert_eq!(*outcome.table.cell(0, "quick_ratio"), Value::Number(0.0));
    assert!(outcome.warnings.is_empty());
    assert_eq!(shown(&outcome, 1, "bucket_end"), "2016-03-29T00:00:00+02:00");
}

#[test]
fn activity_adds_up_over_all_hours_of_many_days() {
    let question = question(
        "bot-activity",
        "2016-09-01T00:00:00",
        "2016-09-09T00:00:00",
        Some(Interval::Hour),
        "UTC",
    );
    // Bot k is active in every (k+1)-th hour and in the hour before the range for even k.
    let mut activity: Vec<(i64, String)> = Vec::new();
    for bot in 0..7i64 {
        let hours = (0..192)
            .filter(|hour| hour % (bot + 1) == 0)
            .chain((bot % 2 == 0).then_some(-1));
        let moment = |hour: i64| {
            (at("2016-09-01T00:00:00") + TimeDelta::hours(hour))
                .format("%FT%T")
                .to_string()
        };
        activity.extend(hours.map(|hour| (bot, moment(hour))));
    }
    let given: Vec<(i64, &str)> = activity.iter().map(|(bot, instant)| (*bot, instant.as_str())).collect();
    let outcome = answer("bot-activity", &question, &Facts::default().active(&given));
    assert_eq!(outcome.table.rows.len(), 192);
    for row in 0..192 {
        let active = (0..7).filter(|bot| row % (bot + 1) == 0).count() as i64;
        assert_eq!(int(&outcome, row, "active"), active, "hour {row}");
        assert_eq!(int(&outcome, row, "residual"), 0);
        assert_eq!(int(&outcome, row, "new"), if row == 0 { 3 } else { 0 });
    }
}

#[test]
fn an_edge_inside_a_quarter_hour_is_named() {
    let question = question(
        "bot-activity",
        "2016-09-01T00:07:00",
        "2016-09-01T01:00:00",
        None,
        "UTC",
    );
    let facts = Facts::default().active(&[(1, "2016-09-01T00:00:00")]);
    let outcome = answer("bot-activity", &question, &facts);
    assert_eq!(ints(&outcome, 0, &ACTIVITY), [1, 1, 0, 0, 0, 0]);
    assert_eq!(outcome.warnings.len(), 1);
}

/// On one day 10 closed conversations, of which 4 check out in the thread and 2 by redirect, and 3 and 1 pay; 5 open
/// ones, of which 1 has checked out in the thread.
fn funnel() -> Facts {
    const SECOND: i64 = 1_000_000;
    let went_on = |start: &str, path: &str, checkout: i64, paid: Option<i64>| {
        json!({"start": start, "path": path, "checkout_after": checkout * SECOND,
               "paid_after": paid.map(|paid| paid * SECOND)})
    };
    let ended = |start: &str| json!({"start": start});
    let (morning, noon, evening) = ("2016-09-01T06:00:00", "2016-09-01T12:05:00", "2016-09-01T18:00:00");
    let mut conversations = vec![
        went_on(morning, "in_thread", 10, Some(15)),
        went_on(morning, "in_thread", 20, Some(26)),
        went_on(noon, "in_thread", 30, Some(37)),
        went_on(noon, "in_thread", 40, None),
        went_on(morning, "redirect", 100, Some(400)),
        went_on(noon, "redirect", 200, None),
        went_on(evening, "in_thread", 50, None),
    ];
    conversations.extend([morning, morning, morning, noon].map(ended));
    conversations.extend([evening; 4].map(ended));
    Facts::default().rows("facts/conversations", &conversations.into())
}

/// A question about that day, asked when the conversations of its evening are open. The cube answers until noon.
fn of_the_funnel(interval: Option<Interval>) -> Question {
    Question {
        as_of: at("2016-09-02T12:10:00"),
        ..question(
            "conversion",
            "2016-09-01T00:00:00",
            "2016-09-02T00:00:00",
            interval,
            "UTC",
        )
    }
}

const FUNNEL: [&str; 6] = ["step_index", "entered", "reached", "dropped", "open", "open_reached"];

#[test]
fn the_funnel_counts_closed_units_and_sets_open_ones_apart() {
    let outcome = answer("conversion", &of_the_funnel(Some(Interval::Day)), &funnel());
    assert_eq!(ints(&outcome, 0, &FUNNEL), [1, 15, 10, 0, 5, 5]);
    assert_eq!(ints(&outcome, 1, &FUNNEL), [2, 15, 6, 4, 5, 1]);
    assert_eq!(ints(&outcome, 2, &FUNNEL), [3, 15, 4, 6, 5, 0]);
    assert_eq!([real(&outcome, 1, "rate"), real(&outcome, 2, "rate")], [0.6, 0.4]);
    close(real(&outcome, 2, "rate_from_previous"), 4.0 / 6.0, 12);
    close(real(&outcome, 2, "rate_from_previous_ci_low"), 0.3000, 4);
    assert_eq!(*outcome.table.cell(0, "rate_from_previous"), Value::Null);
    assert_eq!(
        [0, 1, 2].map(|row| int(&outcome, row, "rate_from_previous_n")),
        [0, 10, 6]
    );
    // Sorted 10 20 30 40 100 200: the middle lies at 35, 90 % at 150.
    close(real(&outcome, 1, "median_seconds"), 35.0, 9);
    close(real(&outcome, 1, "p90_seconds"), 150.0, 9);
    // From the step before: 5, 6, 7 and 300 seconds.
    close(real(&outcome, 2, "seconds_from_previous"), 6.5, 9);
    assert_eq!(real(&outcome, 0, "median_seconds"), 0.0);
}

#[test]
fn a_path_splits_the_funnel_from_the_checkout_on() {
    let mut question = of_the_funnel(None);
    question.group_by = vec!["path"];
    let outcome = answer("conversion", &question, &funnel());
    assert_eq!(outcome.table.rows.len(), 9);
    assert_eq!(
        *outcome.table.cell(0, "entered"),
        Value::Null,
        "no path is known at the start"
    );
    assert_eq!(ints(&outcome, 1, &FUNNEL), [2, 5, 4, 0, 1, 1]);
    assert_eq!(ints(&outcome, 2, &FUNNEL), [3, 5, 3, 1, 1, 0]);
    assert_eq!(real(&outcome, 2, "rate_from_previous"), 0.75);
    assert_eq!(shown(&outcome, 6, "path"), "");
    assert_eq!(ints(&outcome, 6, &FUNNEL), [1, 15, 10, 0, 5, 5]);
    assert_eq!(ints(&outcome, 7, &FUNNEL), [2, 8, 0, 4, 4, 0]);
    for step in [1, 2] {
        let entered: i64 = (0..3).map(|group| int(&outcome, group * 3 + step, "entered")).sum();
        assert_eq!(entered, 15);
    }
}

const FIRST: &str = "2016-09-01T08:00:00";
const SECOND: &str = "2016-09-02T08:00:00";

/// Three captures by Stripe, one by PayPal and one there in euros, a refund, and two chargebacks on the second day.
fn movements() -> Json {
    let moved = |at: &str, payment: i64, kind: &str, provider: &str, currency: &str, minor: i64| {
        json!({"activity": at, "payment_key": payment, "kind": kind, "provider": provider,
               "currency": currency, "minor": minor})
    };
    json!([
        moved(FIRST, 1, "capture", "stripe", "USD", 500),
        moved(FIRST, 2, "capture", "stripe", "USD", 1_200),
        moved(FIRST, 3, "capture", "stripe", "USD", 1_300),
        moved(FIRST, 6, "capture", "paypal", "USD", 1_000),
        moved(FIRST, 7, "capture", "paypal", "EUR", 500),
        moved(FIRST, 1, "refund", "stripe", "USD", 250),
        moved(SECOND, 1, "chargeback_opened", "stripe", "USD", 0),
        moved(SECOND, 2, "chargeback_opened", "stripe", "USD", 0),
    ])
}

#[test]
fn shares_sum_to_one_and_the_silent_provider_has_its_row() {
    let question = question(
        "provider-share",
        "2016-09-01T00:00:00",
        "2016-09-03T00:00:00",
        Some(Interval::Day),
        "UTC",
    );
    let captured = |(provider, at, payments): (&str, &str, usize)| {
        vec![json!({"provider": provider, "capture": at, "currency": "USD"}); payments]
    };
    let payments = [
        ("stripe", FIRST, 3),
        ("paypal", FIRST, 2),
        ("braintree", "2016-08-31T08:00:00", 9),
        ("unknown", FIRST, 5),
    ];
    let payments: Vec<Json> = payments.into_iter().flat_map(captured).collect();
    let facts = Facts::default()
        .rows("facts/payments", &payments.into())
        .rows("facts/movements", &movements());
    let outcome = answer("provider-share", &question, &facts);
    let values: Vec<String> = (0..4).map(|row| shown(&outcome, row, "value")).collect();
    assert_eq!(values, ["braintree", "paypal", "stripe", "unknown"]);
    assert_eq!(int(&outcome, 0, "payments"), 0);
    assert_eq!(shown(&outcome, 0, "gross"), "0.00");
    assert_eq!(
        [shown(&outcome, 2, "gross"), shown(&outcome, 2, "net")],
        ["30.00", "27.50"]
    );
    assert_eq!(shown(&outcome, 1, "gross"), "10.00");
    let shares: f64 = (0..4).map(|row| real(&outcome, row, "share_by_count")).sum();
    close(shares, 1.0, 12);
    close(real(&outcome, 2, "share_by_amount"), 0.75, 12);
    // Named: 3 and 2 of 5: 60² + 40² = 5,200; they cover half of all.
    close(real(&outcome, 0, "hhi"), 5200.0, 9);
    close(real(&outcome, 0, "hhi_by_amount"), 6250.0, 9);
    close(real(&outcome, 0, "effective_number"), 10_000.0 / 5200.0, 12);
    close(real(&outcome, 0, "covered_share"), 0.5, 12);
    close(real(&outcome, 0, "top1"), 0.3, 12);
    assert_eq!(
        *outcome.table.cell(4, "share_by_count"),
        Value::Null,
        "the second day has none"
    );
    assert_eq!(outcome.table.rows.len(), 8);
    assert_eq!(outcome.warnings.len(), 1);
}

/// Four payments of the first day, one of the second and two that wait; attempts, and checkouts that nobody paid.
fn payments() -> Facts {
    let (noon, midnight) = ("2016-09-01T12:00:00", "2016-09-02T00:00:00");
    let payments = json!([
        {"capture": FIRST, "provider": "stripe", "currency": "USD", "user_key": 1, "bot_key": 1, "credential": "saved",
         "refunded_after": 60 * DAY},
        {"capture": noon, "provider": "stripe", "currency": "USD", "user_key": 1, "bot_key": 1, "credential": "new",
         "refunded_after": 60 * DAY + 1},
        {"capture": FIRST, "provider": "stripe", "currency": "USD", "user_key": 2, "bot_key": 2, "credential": "new"},
        {"capture": FIRST, "provider": "paypal", "currency": "EUR", "bot_key": 3, "disputed_after": 120 * DAY},
        {"capture": midnight, "provider": "paypal", "currency": "USD", "user_key": 2},
        {"fact": SECOND, "provider": "stripe", "currency": "USD", "state": "initiated"},
        {"fact": SECOND, "provider": "stripe", "currency": "USD", "state": "requires_action"},
    ]);
    let attempt = |minor: i64, approved: bool| {
        json!({"time": FIRST, "provider": "stripe", "currency": "USD", "minor": minor, "first": true, "decided": true,
               "approved": approved})
    };
    let decision = |minor: i64, captured: bool| {
        json!({"time": FIRST, "provider": "stripe", "currency": "USD", "minor": minor,
               "captured": captured})
    };
    let each = [(500, true), (1_200, true), (1_300, true), (1_000, false)];
    let attempts: Vec<Json> = each
        .into_iter()
        .map(|(minor, approved)| attempt(minor, approved))
        .collect();
    let decisions: Vec<Json> = each
        .into_iter()
        .map(|(minor, captured)| decision(minor, captured))
        .collect();
    Facts::default()
        .rows("facts/payments", &payments)
        .rows("facts/movements", &movements())
        .rows("facts/attempts", &attempts.into())
        .rows("facts/decisions", &decisions.into())
        .rows("facts/checkouts", &vec![json!({"time": FIRST}); 20].into())
}

/// Microseconds.
const DAY: i64 = 86_400_000_000;

#[test]
fn payments_count_people_and_rates_by_hand() {
    let mut question = question(
        "payments",
        "2016-09-01T00:00:00",
        "2016-09-03T00:00:00",
        Some(Interval::Day),
        "UTC",
    );
    let outcome = answer("payments", &question, &payments());
    let columns = ["payments", "payers", "repeat_payers", "bots", "unconverted"];
    assert_eq!(ints(&outcome, 0, &columns), [4, 2, 1, 3, 1]);
    assert_eq!(ints(&outcome, 1, &columns), [1, 1, 1, 0, 0]);
    assert_eq!(shown(&outcome, 0, "gross"), "40.00");
    assert_eq!(shown(&outcome, 0, "refunded"), "2.50");
    assert_eq!(shown(&outcome, 0, "net"), "37.50");
    // One of the four has no rate: 40.00 / 3.
    assert_eq!(shown(&outcome, 0, "average"), "13.33");
    assert_eq!(shown(&outcome, 0, "currency"), "USD");
    close(real(&outcome, 0, "saved_share"), 1.0 / 3.0, 12);
    assert_eq!(int(&outcome, 0, "saved_share_n"), 3, "of the fourth nothing is known");
    close(real(&outcome, 0, "saved_share_ci_low"), 0.0615, 4);
    close(real(&outcome, 0, "saved_share_ci_high"), 0.7923, 4);
    assert_eq!(real(&outcome, 0, "attempt_approval"), 0.75);
    assert_eq!(int(&outcome, 0, "attempt_approval_n"), 4);
    assert_eq!(real(&outcome, 0, "payment_success_by_amount"), 0.75);
    // 0 of 20 is in the published table of the Wilson interval.
    close(real(&outcome, 0, "checkout_conversion_ci_high"), 0.1611, 4);
    for rate in ["refund_rate", "dispute_rate"] {
        assert_eq!(real(&outcome, 0, rate), 0.25);
        assert_eq!(int(&outcome, 0, &format!("{rate}_n")), 4);
        close(real(&outcome, 0, &format!("{rate}_ci_low")), 0.0456, 4);
        close(real(&outcome, 0, &format!("{rate}_ci_high")), 0.6994, 4);
    }
    assert_eq!(ints(&outcome, 1, &["pending", "chargebacks_opened"]), [2, 2]);
    assert_eq!(
        *outcome.table.cell(1, "attempt_approval"),
        Value::Null,
        "no data is not 0"
    );
    question.as_of = at("2016-11-30T00:00:00");
    let young = answer("payments", &question, &payments());
    assert_eq!(real(&young, 0, "refund_rate"), 0.25);
    assert_eq!(
        *young.table.cell(0, "dispute_rate"),
        Value::Null,
        "120 days are not over"
    );
    assert_eq!(ints(&young, 0, &["refund_rate_n", "dispute_rate_n"]), [4, 0]);
    assert_eq!(*young.table.cell(0, "dispute_rate_ci_high"), Value::Null);
}

#[test]
fn groups_without_checkouts_have_no_checkout_rate() {
    let mut question = question(
        "payments",
        "2016-09-01T00:00:00",
        "2016-09-03T00:00:00",
        Some(Interval::Day),
        "UTC",
    );
    question.group_by = vec!["provider"];
    let outcome = answer("payments", &question, &payments());
    assert_eq!(outcome.table.rows.len(), 4);
    assert_eq!(
        [shown(&outcome, 0, "provider"), shown(&outcome, 1, "provider")],
        ["paypal", "stripe"]
    );
    assert_eq!(ints(&outcome, 1, &["payments", "repeat_payers"]), [3, 1]);
    assert_eq!(*outcome.table.cell(1, "checkout_conversion_n"), Value::Null);
}
