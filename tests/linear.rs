//! However a text is made, a rule looks at each of its characters a bounded number of times, and finds what a plain
//! and slow rule finds.

mod plain;

use botledger::ingest::data;
use botledger::ingest::misspelt::nearest;
use botledger::ingest::privacy::cards::Search;
use botledger::ingest::privacy::emails::Emails;
use botledger::ingest::privacy::fields::without_emails;
use rand::RngExt;

use crate::support::app::{TestApp, source};
use crate::support::chance::stream;
use crate::support::events::{bot_registered, lines};
use crate::support::ledger::Ledger;

/// What texts are made of that a rule could be tempted to look at again and again.
const UNITS: [&str; 36] = [
    "@",
    "a@",
    "@a",
    "a@b",
    "a@b.",
    "a@b.c ",
    "@.",
    "@-",
    "%",
    "%4",
    "%40",
    "a%40",
    "%40a.",
    "a%40b",
    ".",
    "a.",
    "a",
    "é",
    "é@",
    "4",
    "4 ",
    "4  -",
    "4444 ",
    "4.4",
    "4444-44444-",
    "0",
    "00000000000000000000 ",
    "c",
    "cvv",
    "cvc",
    "CVV2",
    "cvv ",
    "cvv1",
    "cvv: - 1",
    "csc csc",
    "security code",
];

/// Texts of about so many bytes, each one unit again and again, with every ending that might be looked for.
fn texts(bytes: usize) -> Vec<String> {
    let endings = ["", "a.b@a.b", "123"];
    let text = |unit: &str, ending: &str| unit.repeat(bytes / unit.len()) + ending;
    UNITS
        .iter()
        .flat_map(|unit| endings.map(|ending| text(unit, ending)))
        .collect()
}

/// Asserts that a rule takes no more than so many steps for each byte, and twice as many for twice as much.
fn assert_linear(rule: &str, most: usize, steps: impl Fn(&str) -> usize) {
    let bytes = 32 << 10;
    for (once, twice) in texts(bytes).iter().zip(texts(2 * bytes)) {
        let (few, many) = (steps(once), steps(&twice));
        let shown: String = once.chars().take(12).collect();
        assert!(many <= most * twice.len(), "{rule} takes {many} steps for {shown}…");
        assert!(
            many as f64 <= 2.2 * few as f64 + 100.0,
            "{rule} takes {few} and {many} steps for {shown}…"
        );
    }
}

#[test]
fn every_rule_of_what_is_kept_is_linear() {
    assert_linear("e-mail addresses", 3, |text| {
        let mut emails = Emails::of(text);
        emails.by_ref().for_each(drop);
        emails.steps()
    });
    assert_linear("cards in texts", 24, |text| {
        let mut search = Search::of(text);
        search.in_text();
        search.steps()
    });
    assert_linear("cards in ids", 24, |text| {
        let mut search = Search::of(text);
        search.in_id();
        search.steps()
    });
}

#[test]
fn a_body_that_takes_too_long_to_read_is_refused_whole() {
    let mut app = TestApp::with(|config| {
        config.limits.parse_seconds = 0;
        let mut bot = source("telegram", &["token"]);
        bot.bot_id = Some("42".into());
        config.sources = vec![bot];
    });
    let two = [bot_registered("b1"), bot_registered("b2")];
    app.client.post_lines(&lines(&two)).problem(503, "parse_timeout");
    let batch = format!("[{},{}]", two[0].json(), two[1].json());
    let json = [("content-type", "application/json")];
    let late = app.client.post("/v1/events", &json, batch.as_bytes());
    assert_eq!(late.header("retry-after"), "1");
    late.problem(503, "parse_timeout");
    let calls = r#"{"batch": [{"type": "track", "event": "Opened", "messageId": "m1"}]}"#;
    app.client
        .post("/v1/batch", &json, calls.as_bytes())
        .problem(503, "parse_timeout");
    let token = [("x-telegram-bot-api-secret-token", "token")];
    app.client
        .post("/v1/webhooks/telegram/main", &token, br#"{"update_id": 1}"#)
        .problem(503, "parse_timeout");
    // One event is short enough: its bytes are bounded.
    app.client
        .post("/v1/events", &json, two[0].json().to_string().as_bytes())
        .expect_status(200);
    app.stop();
    let events = Ledger::open(&app.config.data_dir).rows("select id from events");
    assert_eq!(events.len(), 1, "{events:?}");
}

/// Random short texts over some units.
fn random(units: &[&str], longest: usize, count: usize) -> Vec<String> {
    let mut dice = stream(6);
    let text = |_| {
        let length = dice.random_range(1..=longest);
        (0..length).map(|_| units[dice.random_range(0..units.len())]).collect()
    };
    (0..count).map(text).collect()
}

const NASTY: [&str; 14] = ["@", ".", "%", "%40", "4", "0", "a", "é", " ", "-", ":", "/", "?", "&="];

#[test]
fn the_addresses_that_one_pass_finds_are_those_of_the_plain_rule() {
    let mut found = 0;
    for text in random(&[&NASTY[..], &["@", ".", ".", "a", "a"]].concat(), 24, 40_000) {
        let kept = without_emails(&text, |email| format!("<{email}>"));
        assert_eq!(kept, plain::without_emails(&text), "{text}");
        found += usize::from(kept != text);
    }
    assert!(found > 1_000, "{found}");
}

#[test]
fn the_cards_that_one_pass_finds_are_those_of_the_plain_rule() {
    let digits = [
        "4111 1111 1111 111",
        "4111-1111",
        "1111",
        "4",
        "1",
        "1",
        "3",
        " ",
        " - ",
        "-",
        ".",
        "_",
        "a",
        "\u{a0}   ",
    ];
    let (mut texts, mut ids) = (0, 0);
    for text in random(&NASTY, 40, 20_000).into_iter().chain(random(&digits, 7, 40_000)) {
        let found = (Search::of(&text).in_text(), Search::of(&text).in_id());
        assert_eq!(found, (plain::in_text(&text), plain::in_id(&text)), "{text}");
        texts += usize::from(found.0);
        ids += usize::from(found.1);
    }
    assert!(texts > 500 && ids > 500, "{texts} {ids}");
}

#[test]
fn the_security_codes_that_one_pass_finds_are_those_of_the_plain_rule() {
    let units = [
        "cvv",
        "CvC",
        "cvc",
        "vc",
        "csc",
        "sc",
        "cvn",
        "security",
        "code",
        "card verification",
        " ",
        "_",
        ": ",
        "-",
        "1",
        "2",
        "12",
        "é",
        "a",
    ];
    let mut found = 0;
    for text in random(&units, 10, 60_000) {
        assert_eq!(Search::of(&text).in_text(), plain::in_text(&text), "{text}");
        found += usize::from(plain::in_text(&text));
    }
    assert!(found > 1_000, "{found}");
}

#[test]
fn the_field_that_a_name_resembles_is_that_of_the_plain_rule() {
    let known: Vec<&str> = data::all_names().collect();
    let pieces = [
        "bot", "id", "_", "i", "d", "user", "usr", "@", "pay", "ment", "conver", "sation", "saton", "İ", "e", "2",
    ];
    let mut names = random(&pieces, 5, 20_000);
    let slips = random(&["a", "i", "d", "K", "\u{212a}", "@", "_"], 2, 4_000);
    // Fields with a letter too many, too few, or another one.
    names.extend(slips.iter().enumerate().flat_map(|(number, slip)| {
        let field = known[number % known.len()];
        let at = number % field.len();
        [0, 1, 2].map(|gone| format!("{}{slip}{}", &field[..at], field.get(at + gone..).unwrap_or_default()))
    }));
    let mut found = 0;
    for name in names {
        let meant = nearest(&name, data::all_names());
        assert_eq!(meant, plain::nearest(&name, &known), "{name}");
        found += usize::from(meant.is_some());
    }
    assert!(found > 4_000, "{found}");
}
