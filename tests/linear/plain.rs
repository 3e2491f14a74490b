//! The rules as one would say them, without a thought for time.

use botledger::ingest::privacy::cards::is_card;
use botledger::ingest::privacy::fields;

/// The field that takes the fewest slips, of as many as its length allows.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let written = fields::plain(name);
    let slips = |field: &str| {
        let begins = written.chars().next() == field.chars().next();
        let allowed = match written.len().min(field.len()) {
            0..4 => 0,
            4 => usize::from(begins),
            5..=6 => 1,
            _ => 2,
        };
        Some(strsim::osa_distance(&written, field)).filter(|slips| *slips <= allowed)
    };
    let edits = |field: &str| {
        let field = fields::plain(field);
        let stem = field
            .strip_suffix("id")
            .filter(|stem| *stem == written || stem.len() > 6);
        slips(&field).or_else(|| Some(1 + slips(stem.filter(|stem| !stem.is_empty())?)?))
    };
    let near = known.iter().filter_map(|field| Some((edits(field)?, *field)));
    near.min_by_key(|(edits, _)| *edits).map(|(_, field)| field)
}

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
    let printed =
        |groups: &[&str]| groups[0].len() == 4 && groups.len() > 2 && groups[1..].iter().all(|group| group.len() <= 6);
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
