//! Money: a whole number of minor units and a currency. It never passes through a float.

use std::fmt;

/// Telegram Stars, which ISO 4217 does not list.
const STARS: &str = "XTR";

/// A currency code that is known, with the number of its decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

impl Currency {
    /// Reads an ISO 4217 code in capitals (withdrawn codes too), or `XTR`.
    ///
    /// Codes without a minor unit (gold, test codes) are not accepted.
    pub fn parse(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        if code == STARS {
            return Some(Currency {
                code: bytes,
                exponent: 0,
            });
        }
        if !bytes.iter().all(u8::is_ascii_uppercase) {
            return None;
        }
        let exponent = iso_currency::Currency::from_code(code)?.exponent()?;
        Some(Currency {
            code: bytes,
            exponent: u8::try_from(exponent).ok()?,
        })
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// Decimals of the currency: 2 for USD, 0 for JPY, 3 for KWD.
    pub fn exponent(&self) -> u32 {
        u32::from(self.exponent)
    }
}

/// Why an amount is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not digits with at most one point.
    #[error("is not a decimal number such as \"29.62\"")]
    NotADecimal,
    /// Below zero.
    #[error("is negative")]
    Negative,
    /// More decimals than the currency has, trailing zeros aside.
    #[error("has more decimals than the currency")]
    TooManyDecimals,
    /// Beyond 64 bits of minor units.
    #[error("is too large")]
    TooLarge,
}

/// An amount in minor units of its currency, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units: cents for USD, whole yen for JPY.
    pub minor: i64,
    /// The currency that gives them meaning.
    pub currency: Currency,
}

impl Money {
    /// Reads a decimal string exactly; nothing is rounded.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let digits = match text.strip_prefix('-') {
            Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => rest,
            Some(_) => return Err(MoneyError::Negative),
            None => text,
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !is_number(whole) || !is_number(fraction) {
            return Err(MoneyError::NotADecimal);
        }
        let fraction = fraction.trim_end_matches('0');
        let exponent = currency.exponent() as usize;
        if fraction.len() > exponent {
            return Err(MoneyError::TooManyDecimals);
        }
        let mut minor: i64 = 0;
        let padding = std::iter::repeat_n(b'0', exponent - fraction.len());
        for digit in whole.bytes().chain(fraction.bytes()).chain(padding) {
            minor = minor
                .checked_mul(10)
                .and_then(|m| m.checked_add(i64::from(digit - b'0')))
                .ok_or(MoneyError::TooLarge)?;
        }
        Ok(Money { minor, currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_minor(i128::from(self.minor), self.currency.exponent()))
    }
}

/// Writes minor units as a decimal string with exactly `exponent` decimals.
pub fn format_minor(minor: i128, exponent: u32) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", minor.unsigned_abs(), width = exponent as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - exponent as usize);
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}
