//! Card numbers and security codes in texts, recognized by the networks' prefixes and lengths and the Luhn digit.

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

/// Whether digits without anything between them are a card number.
pub fn is_card(digits: &str) -> bool {
    let digits = digits.as_bytes();
    (FEWEST..=MOST).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && is_luhn(digits.iter().rev().zip(0..).map(|(digit, at)| weight(*digit, at)).sum())
        && is_issued(digits)
}

/// Whether a text holds a card number, written together or in groups, or a security code under its name.
pub fn in_text(text: &str) -> bool {
    Search::of(text).in_text()
}

/// Whether an id holds a number written as cards are printed: in groups, the first of four digits.
///
/// Digits without anything between them are left alone: pages, people and orders have such ids.
pub fn in_id(id: &str) -> bool {
    Search::of(id).in_id()
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

/// What a digit adds to the sum of the check digit, by its place from the right: every second one is doubled.
fn weight(digit: u8, at: usize) -> u32 {
    let digit = u32::from(digit.saturating_sub(b'0'));
    match (at % 2, digit * 2) {
        (0, _) => digit,
        (_, double @ 10..) => double - 9,
        (_, double) => double,
    }
}

/// Whether the sum of all digits ends in 0.
fn is_luhn(sum: u32) -> bool {
    sum.is_multiple_of(10)
}

/// Whether a network has numbers that begin so and are as long.
fn is_issued(digits: &[u8]) -> bool {
    let first = digits.iter().take(6);
    let prefix = first.fold(0, |prefix, digit| prefix * 10 + u32::from(digit.saturating_sub(b'0')));
    let issues =
        |(from, to, lengths): &(u32, u32, &[usize])| (*from..=*to).contains(&prefix) && lengths.contains(&digits.len());
    digits.len() >= FEWEST && NETWORKS.iter().any(issues)
}

/// A search of one text, which counts the characters that it looks at.
#[derive(Debug)]
pub struct Search<'a> {
    text: &'a str,
    steps: usize,
}

impl<'a> Search<'a> {
    /// A search that has not begun.
    pub fn of(text: &'a str) -> Self {
        Search { text, steps: 0 }
    }

    /// How many characters have been looked at so far.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// As [`in_text`].
    pub fn in_text(&mut self) -> bool {
        self.steps += self.text.len();
        let digits = digits(self.text);
        digits >= FEWEST && self.holds_card(is_loose_separator, |_| true) || digits >= CODE && self.holds_code()
    }

    /// As [`in_id`].
    pub fn in_id(&mut self) -> bool {
        let printed = |groups: &[usize]| match groups {
            [4, rest @ ..] => rest.len() >= 2 && rest.iter().all(|length| *length <= 6),
            _ => false,
        };
        self.steps += self.text.len();
        digits(self.text) >= FEWEST && self.holds_card(is_separator, printed)
    }

    /// Whether neighbouring groups of digits, of lengths that count, make a card number.
    fn holds_card(&mut self, separates: fn(char) -> bool, counts: fn(&[usize]) -> bool) -> bool {
        let mut run = Run::default();
        // What stands between the last digit and here, and whether it may stand between groups of one number.
        let (mut gap, mut separated) = (0, false);
        for c in self.text.chars() {
            self.steps += 1;
            if let Ok(digit @ b'0'..=b'9') = u8::try_from(c) {
                if gap > 0 && !(separated && gap <= GAP) {
                    run.clear();
                }
                run.push(digit, gap > 0);
                (gap, separated) = (0, true);
            } else {
                if gap == 0 && self.is_card(&run, counts) {
                    return true;
                }
                gap += 1;
                separated &= separates(c);
            }
        }
        gap == 0 && self.is_card(&run, counts)
    }

    /// Whether the last groups of a run, however many, make a card number.
    fn is_card(&mut self, run: &Run, counts: fn(&[usize]) -> bool) -> bool {
        let (mut sum, mut length) = (0, 0);
        for (first, group) in run.groups.iter().enumerate().rev() {
            if length + group > MOST {
                return false;
            }
            let before = &run.digits[..run.digits.len() - length];
            for digit in before.iter().rev().take(*group) {
                sum += weight(*digit, length);
                length += 1;
            }
            self.steps += group;
            let number = &run.digits[run.digits.len() - length..];
            if is_luhn(sum) && is_issued(number) && counts(&run.groups[first..]) {
                return true;
            }
        }
        false
    }

    /// Whether a word for the security code is followed by three or four digits.
    fn holds_code(&mut self) -> bool {
        // A word is not looked for within itself.
        let mut free = [0; CODE_WORDS.len()];
        let bytes = self.text.as_bytes();
        for (at, _) in bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| matches!(byte, b'c' | b'C' | b's' | b'S'))
        {
            for (word, free) in CODE_WORDS.iter().zip(&mut free) {
                self.steps += 1;
                let end = at + word.len();
                let is_here = bytes
                    .get(at..end)
                    .is_some_and(|here| here.eq_ignore_ascii_case(word.as_bytes()));
                if is_here && at >= *free {
                    *free = end;
                    if self.is_code(end) {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Whether three or four digits stand here, or a little further on.
    fn is_code(&mut self, at: usize) -> bool {
        let rest = &self.text[at..];
        // CVV2, CVC2: the digit belongs to the name.
        let rest = rest.strip_prefix('2').unwrap_or(rest);
        let gap = rest.chars().take(WORD_GAP).take_while(|c| !c.is_alphanumeric());
        let rest = &rest[gap.map(char::len_utf8).sum()..];
        let digits = rest.bytes().take(CODE + 2).take_while(u8::is_ascii_digit).count();
        self.steps += WORD_GAP + CODE + 2;
        matches!(digits, 3 | 4)
    }
}

/// Digits in groups that may all belong to one number.
#[derive(Debug, Default)]
struct Run {
    digits: Vec<u8>,
    /// How many digits each group has.
    groups: Vec<usize>,
}

impl Run {
    /// Adds a digit, which begins a group or goes on with the last one.
    fn push(&mut self, digit: u8, begins: bool) {
        self.digits.push(digit);
        match self.groups.last_mut().filter(|_| !begins) {
            Some(length) => *length += 1,
            None => self.groups.push(1),
        }
    }

    fn clear(&mut self) {
        self.digits.clear();
        self.groups.clear();
    }
}
