//! The metrics' arithmetic on frames made by hand, against numbers worked by hand or published.

use std::collections::{BTreeMap, BTreeSet};

use botledger::metrics::fx::{Rates, Sum, divide};
use botledger::metrics::statistics::{hhi, newcombe, quantile, wilson};
use botledger::metrics::{self, Filter, Frames, Outcome, Question};
use botledger::model::{Currency, Decimal, Interval, Mode, Param, TimeRange, Value};
use chrono::{DateTime, Utc};
use polars::prelude::{DataFrame, df};

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}Z").parse().unwrap()
}

fn micros(text: &str) -> i64 {
    at(text).timestamp_micros()
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
        parameters: metric
            .parameters
            .iter()
            .map(|p| (p.name, p.default.to_owned()))
            .collect(),
    }
}

fn answer(metric: &str, question: &Question, frames: Vec<(&'static str, DataFrame)>) -> Outcome {
    let frames = Frames(frames.into_iter().collect());
    (metrics::find(metric).unwrap().compute)(question, &frames).unwrap()
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
    let spans = df!(
        "kind" => [0i64, 0, 0, 0, 1],
        "reinstated" => [0i64, 0, 0, 1, 0],
        "inferred" => [0i64, 1, 0, 0, 0],
        "since" => [micros("2016-01-01T00:00:00"), micros(a), micros("2016-02-01T00:00:00"),
                    micros("2016-09-02T12:00:00"), micros("2016-09-01T06:00:00")],
        "until" => [None, Some(micros(b)), Some(micros(a)), None, Some(micros(c))],
    )
    .unwrap();
    let outcome = answer("bot-growth", &question, vec![("spans", spans)]);
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
    let spans = df!(
        "kind" => [0i64, 0],
        "reinstated" => [0i64, 0],
        "inferred" => [0i64, 0],
        "since" => [micros("2016-01-01T00:00:00"), micros("2016-09-01T00:00:01")],
        "until" => [None::<i64>, None],
        "platform" => [Some("web"), None],
    )
    .unwrap();
    let outcome = answer("bot-growth", &question, vec![("spans", spans.clone())]);
    assert_eq!(real(&outcome, 0, "growth_rate"), 1.0);
    close(real(&outcome, 0, "doubling_days"), 1.0, 12);
    question.group_by = vec!["platform"];
    let outcome = answer("bot-growth", &question, vec![("spans", spans.clone())]);
    assert_eq!(
        [shown(&outcome, 0, "platform"), shown(&outcome, 1, "platform")],
        ["web", ""]
    );
    assert_eq!(ints(&outcome, 1, &["opening", "closing"]), [0, 1]);
    let outcome = answer("bot-growth", &question, vec![("spans", spans.clear())]);
    assert_eq!(outcome.table.rows.len(), 1);
    assert_eq!(*outcome.table.cell(0, "platform"), Value::Null);
    assert_eq!(int(&outcome, 0, "closing"), 0);
    assert_eq!(*outcome.table.cell(0, "growth_rate"), Value::Null);
}

/// What the query of activity yields for quarter hours given as (bot, instant).
fn words(question: &Question, activity: &[(i64, &str)]) -> DataFrame {
    let params: BTreeMap<_, _> = (metrics::find("bot-activity").unwrap().inputs[0].params)(question)
        .into_iter()
        .collect();
    let list = |name: &str| match &params[name] {
        Param::Ints(values) => values.clone(),
        other => panic!("{other:?}"),
    };
    let one = |name: &str| match &params[name] {
        Param::Int(value) => *value,
        other => panic!("{other:?}"),
    };
    let (word, bit, day, low, high) = (list("word"), list("bit"), list("day"), list("low"), list("high"));
    let mut bits: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    let mut before = BTreeSet::new();
    for (bot, instant) in activity {
        let quarter = at(instant).timestamp() / 900;
        let (on, cell) = (quarter / 96, quarter % 96);
        let hits = |low: i64, high: i64| {
            if cell < 48 {
                low >> cell & 1 == 1
            } else {
                high >> (cell - 48) & 1 == 1
            }
        };
        for slot in 0..day.len() {
            if day[slot] == on && hits(low[slot], high[slot]) {
                *bits.entry((*bot, word[slot])).or_default() |= 1 << bit[slot];
            }
        }
        if on < one("from_day") || on == one("from_day") && hits(one("from_low"), one("from_high")) {
            before.insert(*bot);
        }
    }
    df!(
        "bot_key" => bits.keys().map(|key| key.0).collect::<Vec<_>>(),
        "word" => bits.keys().map(|key| key.1).collect::<Vec<_>>(),
        "bits" => bits.values().copied().collect::<Vec<_>>(),
        "before" => bits.keys().map(|key| i64::from(before.contains(&key.0))).collect::<Vec<_>>(),
    )
    .unwrap()
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
    let outcome = answer("bot-activity", &question, vec![("words", words(&question, &activity))]);
    assert_eq!(ints(&outcome, 0, &ACTIVITY), [1, 0, 1, 0, 1, 0]);
    assert_eq!(ints(&outcome, 1, &ACTIVITY), [2, 1, 0, 1, 1, 0]);
    assert_eq!(real(&outcome, 1, "quick_ratio"), 2.0);
    assert_eq!(*outcome.table.cell(0, "quick_ratio"), Value::Number(0.0));
    assert!(outcome.warnings.is_empty());
    assert_eq!(shown(&outcome, 1, "bucket_end"), "2016-03-29T00:00:00+02:00");
}

#[test]
fn activity_adds_up_over_more_buckets_than_a_word_has_bits() {
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
        let start = at("2016-09-01T00:00:00");
        activity.extend(hours.map(|hour| {
            (
                bot,
                (start + chrono::TimeDelta::hours(hour))
                    .format("%Y-%m-%dT%H:%M:%S")
                    .to_string(),
            )
        }));
    }
    let given: Vec<(i64, &str)> = activity.iter().map(|(bot, instant)| (*bot, instant.as_str())).collect();
    let outcome = answer("bot-activity", &question, vec![("words", words(&question, &given))]);
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
    let outcome = answer(
        "bot-activity",
        &question,
        vec![("words", words(&question, &[(1, "2016-09-01T00:00:00")]))],
    );
    assert_eq!(ints(&outcome, 0, &ACTIVITY), [1, 1, 0, 0, 0, 0]);
    assert_eq!(outcome.warnings.len(), 1);
}

fn funnel() -> Vec<(&'static str, DataFrame)> {
    // One day, cells of one day: 10 closed conversations, of which 4 check out in the thread and
    // 2 by redirect, and 3 and 1 pay; 5 open ones, of which 1 has checked out in the thread.
    let counts = df!(
        "cell" => [0i64, 0, 0, 0, 0],
        "open" => [0i64, 0, 0, 1, 1],
        "path" => [None, Some("in_thread"), Some("redirect"), None, Some("in_thread")],
        "entered" => [4i64, 4, 2, 4, 1],
        "checkout" => [0i64, 4, 2, 0, 1],
        "paid" => [0i64, 3, 1, 0, 0],
    )
    .unwrap();
    let second = |n: i64| n * 1_000_000;
    let durations = df!(
        "cell" => [0i64; 6],
        "path" => ["in_thread", "in_thread", "in_thread", "in_thread", "redirect", "redirect"],
        "to_checkout" => [second(10), second(20), second(30), second(40), second(100), second(200)],
        "to_paid" => [Some(second(15)), Some(second(26)), Some(second(37)), None, Some(second(400)), None],
    )
    .unwrap();
    vec![
        ("cells", DataFrame::empty()),
        ("counts", counts),
        ("durations", durations),
    ]
}

const FUNNEL: [&str; 6] = ["step_index", "entered", "reached", "dropped", "open", "open_reached"];

#[test]
fn the_funnel_counts_closed_units_and_sets_open_ones_apart() {
    let question = question(
        "conversion",
        "2016-09-01T00:00:00",
        "2016-09-02T00:00:00",
        Some(Interval::Day),
        "UTC",
    );
    let outcome = answer("conversion", &question, funnel());
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
    let mut question = question("conversion", "2016-09-01T00:00:00", "2016-09-02T00:00:00", None, "UTC");
    question.group_by = vec!["path"];
    let outcome = answer("conversion", &question, funnel());
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

fn movements() -> DataFrame {
    df!(
        "cell" => [0i64, 0, 0, 0, 1],
        "kind" => ["capture", "capture", "capture", "refund", "chargeback_opened"],
        "provider" => ["stripe", "paypal", "paypal", "stripe", "stripe"],
        "currency" => ["USD", "USD", "EUR", "USD", "USD"],
        "exponent" => [2i64; 5],
        "rate_day" => [17_045i64; 5],
        "foreign_key" => [None, None, Some(7i64), None, None],
        "movements" => [3i64, 1, 1, 1, 2],
        "minor_high" => [0i64, 0, 0, 0, 0],
        "minor_low" => [3_000i64, 1_000, 500, 250, 0],
    )
    .unwrap()
}

fn no_rates() -> DataFrame {
    let (whole, text) = (Vec::<i64>::new(), Vec::<String>::new());
    df!("day" => &whole, "base" => &text, "quote" => &text, "digits" => &whole, "scale" => &whole, "source" => &text)
        .unwrap()
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
    let counts = df!(
        "cell" => [0i64, 0, -1, 0],
        "provider" => ["stripe", "paypal", "braintree", "unknown"],
        "currency" => [None::<&str>, None, None, None],
        "payments" => [3i64, 2, 9, 5],
    )
    .unwrap();
    let outcome = answer(
        "provider-share",
        &question,
        vec![("counts", counts), ("movements", movements()), ("rates", no_rates())],
    );
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

fn payment_frames() -> Vec<(&'static str, DataFrame)> {
    let captured = df!(
        "cell" => [0i64, 0, 0, 0, 1],
        "provider" => ["stripe", "stripe", "stripe", "paypal", "paypal"],
        "currency" => [None::<&str>, None, None, None, None],
        "paid_in" => ["USD", "USD", "USD", "EUR", "USD"],
        "rate_day" => [17_045i64, 17_045, 17_045, 17_045, 17_046],
        "user_key" => [Some(1i64), Some(1), Some(2), None, Some(2)],
        "bot_key" => [Some(1i64), Some(1), Some(2), Some(3), None],
        "saved" => [Some(1i64), Some(0), Some(0), None, None],
        "refunded" => [1i64, 0, 0, 0, 0],
        "disputed" => [0i64, 0, 0, 1, 0],
        "second_at" => [Some(micros("2016-09-01T12:00:00")), Some(micros("2016-09-01T12:00:00")),
                        Some(micros("2016-09-02T00:00:00")), None, Some(micros("2016-09-02T00:00:00"))],
    )
    .unwrap();
    let sums = |name: &str, flag: [i64; 2], count: [i64; 2]| {
        df!(
            "cell" => [0i64, 0],
            name => flag,
            "first" => [1i64, 1],
            "provider" => ["stripe", "stripe"],
            "currency" => ["USD", "USD"],
            "exponent" => [2i64, 2],
            "rate_day" => [17_045i64, 17_045],
            "attempts" => count,
            "payments" => count,
            "minor_high" => [0i64, 0],
            "minor_low" => [3_000i64, 1_000],
        )
        .unwrap()
    };
    let pending = df!("cell" => [1i64], "provider" => ["stripe"], "currency" => [None::<&str>], "payments" => [2i64]);
    let checkouts = df!("cell" => [0i64], "checkouts" => [20i64], "paid" => [0i64]);
    vec![
        ("captured", captured),
        ("movements", movements()),
        ("attempts", sums("approved", [1, 0], [3, 1])),
        ("decided", sums("captured", [1, 0], [3, 1])),
        ("pending", pending.unwrap()),
        ("checkouts", checkouts.unwrap()),
        ("rates", no_rates()),
    ]
}

#[test]
fn payments_count_people_and_rates_by_hand() {
    let mut question = question(
        "payments",
        "2016-09-01T00:00:00",
        "2016-09-03T00:00:00",
        Some(Interval::Day),
        "UTC",
    );
    let outcome = answer("payments", &question, payment_frames());
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
    let young = answer("payments", &question, payment_frames());
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
    let outcome = answer("payments", &question, payment_frames());
    assert_eq!(outcome.table.rows.len(), 4);
    assert_eq!(
        [shown(&outcome, 0, "provider"), shown(&outcome, 1, "provider")],
        ["paypal", "stripe"]
    );
    assert_eq!(ints(&outcome, 1, &["payments", "repeat_payers"]), [3, 1]);
    assert_eq!(*outcome.table.cell(1, "checkout_conversion_n"), Value::Null);
}

#[test]
fn every_query_gets_exactly_the_parameters_it_names() {
    let filter = Filter {
        dimension: "platform",
        any_of: vec![Some("web".into())],
        none_of: Vec::new(),
    };
    for metric in metrics::ALL {
        let mut question = question(metric.name, "2016-09-01T00:00:00", "2016-09-03T00:00:00", None, "UTC");
        question.filters = vec![filter.clone()];
        for input in metric.inputs {
            // What the default question does not need is read for another one.
            let mut other = question.clone();
            other.parameters.insert("steps", "checkout".into());
            other.parameters.insert("unit", "user".into());
            let asked = [&question, &other].map(input.params);
            let given = asked.iter().find(|params| !params.is_empty()).into_iter().flatten();
            let given: BTreeSet<&str> = given.map(|(name, _)| *name).collect();
            let code = input
                .query
                .sql
                .lines()
                .filter(|line| !line.starts_with("--"))
                .collect::<Vec<_>>()
                .join("\n");
            let named: BTreeSet<&str> = code
                .split('$')
                .skip(1)
                .map(|rest| {
                    rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                        .next()
                        .unwrap()
                })
                .collect();
            assert_eq!(given, named, "{}", input.query.name);
        }
    }
}
