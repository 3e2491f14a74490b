//! However a text is made, a rule looks at each of its characters a bounded number of times, and finds what a plain
//! and slow rule finds.

use botledger::ingest::privacy::cards::{Search, is_card};
use botledger::ingest::privacy::emails::Emails;
use botledger::ingest::privacy::fields::without_emails;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::app::{TestApp, source};
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
    let mut dice = ChaCha8Rng::seed_from_u64(6);
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

/// The rules as one would say them, without a thought for time.
mod plain {
    use super::is_card;

    /// Each address in angle brackets.
    pub fn without_emails(text: &str) -> String {
        let is_local = |c: char| c.is_alphanumeric() || "._-+%'".contains(c);
        let is_domain = |c: char| c.is_alphanumeric() || ".-".contains(c);
        let (mut out, mut done, mut from) = (String::new(), 0, 0);
        loop {
            let signs = ["@", "%40"].map(|sign| text[from..].find(sign).map(|at| (from + at, sign.len())));
            let Some((at, length)) = signs.into_iter().flatten().min() else {
                break;
            };
            from = at + length;
            let start = done + text[done..at].trim_end_matches(is_local).len();
            let domain = &text[from..from + text[from..].find(|c| !is_domain(c)).unwrap_or(text.len() - from)];
            let domain = domain.trim_end_matches(['.', '-']);
            if start < at && domain.trim_matches('.').contains('.') {
                let end = from + domain.len();
                out += &format!("{}<{}>", &text[done..start], &text[start..end]);
                (done, from) = (end, end);
            }
        }
        out + &text[done..]
    }

    pub fn in_text(text: &str) -> bool {
        let separates = |c: char| is_separator(c) || "_.+".contains(c);
        holds_card(text, separates, |_| true) || holds_code(&text.to_ascii_lowercase())
    }

    pub fn in_id(id: &str) -> bool {
        let printed = |groups: &[&str]| {
            groups[0].len() == 4 && groups.len() > 2 && groups[1..].iter().all(|group| group.len() <= 6)
        };
        holds_card(id, is_separator, printed)
    }

    fn is_separator(c: char) -> bool {
        c.is_whitespace() || c == '-' || ('\u{2010}'..='\u{2015}').contains(&c) || c == '\u{2212}'
    }

    /// Tries every stretch of a text that begins and ends with a whole group of digits.
    fn holds_card(text: &str, separates: impl Fn(char) -> bool, counts: impl Fn(&[&str]) -> bool) -> bool {
        let digit = |c: char| c.is_ascii_digit();
        let edge = |at: usize| text[..at].ends_with(digit) != text[at..].starts_with(digit);
        let edges: Vec<usize> = (0..=text.len())
            .filter(|at| text.is_char_boundary(*at) && edge(*at))
            .collect();
        edges.iter().any(|start| {
            text[*start..].starts_with(digit)
                && edges.iter().filter(|end| *end > start).any(|end| {
                    let stretch = &text[*start..*end];
                    let groups: Vec<&str> = stretch.split(|c| !digit(c)).filter(|group| !group.is_empty()).collect();
                    let mut gaps = stretch.split(digit);
                    gaps.all(|gap| gap.chars().count() <= 3 && gap.chars().all(&separates))
                        && is_card(&groups.concat())
                        && counts(&groups)
                })
        })
    }

    fn holds_code(text: &str) -> bool {
        let words = [
            "cvv",
            "cvc",
            "cvn",
            "csc",
            "security code",
            "security_code",
            "card verification",
        ];
        let follows = |word: &str| {
            text.match_indices(word).any(|(at, _)| {
                let rest = &text[at + word.len()..];
                let rest = rest.strip_prefix('2').unwrap_or(rest);
                let start = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
                let (gap, rest) = rest.split_at(start);
                let length = rest.bytes().take_while(u8::is_ascii_digit).count();
                matches!(length, 3 | 4) && gap.chars().count() <= 5 && !gap.contains(char::is_alphanumeric)
            })
        };
        words.iter().any(|word| follows(word))
    }
}
