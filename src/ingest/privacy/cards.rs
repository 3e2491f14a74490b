//! Card numbers and security codes in texts, told by networks' prefixes and lengths and the Luhn digit.

/// The fewest and the most digits of a card number.
const FEWEST: usize = 12;
const MOST: usize = 19;
/// The longest gap between two groups of digits of one number: ` - `.
const GAP: usize = 3;
/// The longest gap between a word such as CVV and its digits: `": "` and a blank more.
const WORD_GAP: usize = 5;
/// The fewest digits of a security code.
const CODE: usize = 3;
/// What people call the three or four digits on a card.
const CODE_WORDS: [&str; 7] = [
    "cvv",
    "cvc",
    "cvn",
    "csc",
    "security code",
    "security_code",
    "card verification",
];

/// Ranges of the first six digits, with the lengths that numbers of this network have.
const NETWORKS: &[(u32, u32, &[usize])] = &[
    (180_000, 180_099, &[15]),                             // JCB
    (213_100, 213_199, &[15]),                             // JCB
    (220_000, 220_499, &[16, 17, 18, 19]),                 // Mir
    (222_100, 272_099, &[16]),                             // Mastercard
    (300_000, 305_999, &[14, 16, 17, 18, 19]),             // Diners Club
    (309_500, 309_599, &[14, 16, 17, 18, 19]),             // Diners Club
    (340_000, 349_999, &[15]),                             // American Express
    (352_800, 358_999, &[16, 17, 18, 19]),                 // JCB
    (360_000, 369_999, &[14, 15, 16, 17, 18, 19]),         // Diners Club
    (370_000, 379_999, &[15]),                             // American Express
    (380_000, 399_999, &[14, 16, 17, 18, 19]),             // Diners Club
    (400_000, 499_999, &[13, 16, 18, 19]),                 // Visa
    (500_000, 509_999, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro, RuPay, Verve, Elo
    (510_000, 559_999, &[16]),                             // Mastercard
    (560_000, 589_999, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    (600_000, 609_999, &[16, 17, 18, 19]),                 // Discover (6011), RuPay, Hipercard
    (620_000, 629_999, &[16, 17, 18, 19]),                 // UnionPay, Discover
    (630_000, 639_999, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro, Elo, Hiper
    (640_000, 659_999, &[16, 17, 18, 19]),                 // Discover, RuPay, Elo
    (670_000, 679_999, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    (810_000, 829_999, &[16, 17, 18, 19]),                 // UnionPay, RuPay
    (979_200, 979_299, &[16]),                             // Troy
];

/// One run of digits, and how many characters stand between it and the one before.
#[derive(Debug, Clone, Copy)]
struct Group<'a> {
    digits: &'a str,
    /// None where it does not continue the group before.
    gap: Option<usize>,
}

/// Whether digits without anything between them are a card number.
pub fn is_card(digits: &str) -> bool {
    let fits = |range: &(u32, u32, &[usize])| {
        let prefix = digits.get(..6).and_then(|prefix| prefix.parse::<u32>().ok());
        prefix.is_some_and(|prefix| range.0 <= prefix && prefix <= range.1) && range.2.contains(&digits.len())
    };
    digits.bytes().all(|b| b.is_ascii_digit()) && NETWORKS.iter().any(fits) && passes_luhn(digits)
}

/// The check digit: every second digit from the right is doubled, and the sum of all digits ends in 0.
fn passes_luhn(digits: &str) -> bool {
    let weigh = |(at, byte): (usize, u8)| {
        let digit = u32::from(byte.saturating_sub(b'0'));
        match (at % 2, digit * 2) {
            (0, _) => digit,
            (_, double @ 10..) => double - 9,
            (_, double) => double,
        }
    };
    digits.bytes().rev().enumerate().map(weigh).sum::<u32>() % 10 == 0
}

/// Whether a text holds a card number, written together or in groups, or a security code under its name.
pub fn in_text(text: &str) -> bool {
    if digits(text) >= FEWEST {
        let groups = groups(text, is_loose_separator);
        if holds(&groups, |_| true) {
            return true;
        }
    }
    holds_code(text)
}

/// Whether an id holds a number written as cards are printed: in groups, the first of four digits.
///
/// Digits without anything between them are left alone: pages, people and orders have such ids.
pub fn in_id(id: &str) -> bool {
    if id.len() < FEWEST || digits(id) < FEWEST {
        return false;
    }
    let printed = |groups: &[Group<'_>]| {
        let [first, rest @ ..] = groups else { return false };
        first.digits.len() == 4 && rest.len() >= 2 && rest.iter().all(|group| group.digits.len() <= 6)
    };
    holds(&groups(id, is_separator), printed)
}

/// Whether a JSON number is a card number, also with a fraction of zeros or an exponent.
pub fn in_number(raw: &str) -> bool {
    let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let zeros = exponent
        .parse::<usize>()
        .ok()
        .and_then(|e| e.checked_sub(fraction.len()));
    match zeros.filter(|zeros| *zeros <= MOST) {
        Some(zeros) => is_card(format!("{whole}{fraction}{}", "0".repeat(zeros)).trim_start_matches('-')),
        // A fraction stays: `4111111111111111.5` still shows the number.
        None => is_card(whole.trim_start_matches('-')),
    }
}

/// How many digits a text has.
pub fn digits(text: &str) -> usize {
    text.bytes().map(|byte| usize::from(byte.is_ascii_digit())).sum()
}

/// What people put between the groups of a number.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// As [`is_separator`], and what other programs put there.
fn is_loose_separator(c: char) -> bool {
    is_separator(c) || matches!(c, '_' | '.' | '+')
}

/// The runs of digits of a text.
fn groups(text: &str, is_separator: fn(char) -> bool) -> Vec<Group<'_>> {
    let mut groups = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let gap = before.chars().count();
        let continues = !groups.is_empty() && gap <= GAP && before.chars().all(is_separator);
        groups.push(Group {
            digits: &from[..end],
            gap: continues.then_some(gap),
        });
        rest = &from[end..];
    }
    groups
}

/// Whether neighbouring groups, written in a way that counts, make a card number.
fn holds(groups: &[Group<'_>], counts: impl Fn(&[Group<'_>]) -> bool) -> bool {
    groups.iter().enumerate().any(|(start, _)| {
        let mut digits = String::new();
        for (end, group) in groups.iter().enumerate().skip(start) {
            if end > start && group.gap.is_none() || digits.len() + group.digits.len() > MOST {
                break;
            }
            digits.push_str(group.digits);
            if is_card(&digits) && counts(groups.get(start..=end).unwrap_or_default()) {
                return true;
            }
        }
        false
    })
}

/// Whether a word for the security code is followed by three or four digits.
fn holds_code(text: &str) -> bool {
    if digits(text) < CODE {
        return false;
    }
    let small = text.to_ascii_lowercase();
    let follows = |word: &str| {
        small.match_indices(word).any(|(at, _)| {
            let rest = small.get(at + word.len()..).unwrap_or_default();
            // CVV2, CVC2: the digit belongs to the name.
            let rest = rest.strip_prefix('2').unwrap_or(rest);
            let start = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let (gap, rest) = rest.split_at(start);
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            matches!(length, 3 | 4) && gap.chars().count() <= WORD_GAP && !gap.contains(char::is_alphanumeric)
        })
    };
    CODE_WORDS.iter().any(|word| follows(word))
}
