//! A published exchange rate: a decimal number, kept exactly.

use std::sync::Arc;

use super::Currency;

/// Digits that a rate may have, and decimals: a product of two rates still fits 128 bits.
const MAX_DIGITS: usize = 15;

/// On `day`, one unit of `base` was `decimal` units of `quote`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The day of publication, in days since 1970-01-01.
    pub day: i32,
    /// One unit of this …
    pub base: Currency,
    /// … is so many of this.
    pub quote: Currency,
    /// How many.
    pub decimal: Decimal,
    /// Who published it.
    pub source: Arc<str>,
}

/// A positive decimal number, `digits` / 10^`scale`, without zeros at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// The digits.
    pub digits: i64,
    /// How many of them stand after the point.
    pub scale: u32,
}

impl Decimal {
    /// Reads digits with at most one point among them.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const NUMBER: &str = "must be a decimal number such as 1.1226";
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(fraction) || text.ends_with('.') {
            return Err(NUMBER);
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        if whole.len() + fraction.len() > MAX_DIGITS {
            return Err("has more than 15 digits");
        }
        let digits: i64 = [whole, fraction].concat().parse().unwrap_or(0);
        match u32::try_from(fraction.len()) {
            Ok(scale) if digits > 0 => Ok(Decimal { digits, scale }),
            _ => Err("must be above zero"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_exactly_and_has_one_spelling() {
        let read = |text| Decimal::parse(text).map(|decimal| (decimal.digits, decimal.scale));
        assert_eq!(read("1.1226"), Ok((11_226, 4)));
        assert_eq!(read("0.83380"), read("0.8338"));
        assert_eq!(read("136.00"), Ok((136, 0)));
        assert_eq!(read("0.000018"), Ok((18, 6)));
        assert_eq!(read("999999999.999999"), Ok((999_999_999_999_999, 6)));
        for wrong in [
            "",
            "0",
            "0.00",
            "-1",
            "+1",
            "1e3",
            "1,5",
            ".5",
            "5.",
            "1.2.3",
            " 1",
            "1234567890.123456",
            "N/A",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
