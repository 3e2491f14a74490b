//! Values of an event's fields, read from their JSON text and checked.

use std::borrow::Cow;

use super::json;
use super::number;
use super::rejection::{Code, Rejection};
use crate::model::money::MoneyError;
use crate::model::{
    Acquisition, CheckoutPath, Credential, Currency, Direction, DisputeOutcome, DisputeStage, FailureKind, Mode, Money,
};

/// Longest text of a field, in bytes.
pub const MAX_TEXT_BYTES: usize = 256;

/// A closed vocabulary of the contract.
pub trait Vocabulary: Sized {
    /// Reads one of its words.
    fn read(word: &str) -> Option<Self>;
    /// All of its words.
    fn words() -> Vec<&'static str>;
}

macro_rules! vocabularies {
    ($($name:ident),+) => {
        $(impl Vocabulary for $name {
            fn read(word: &str) -> Option<Self> {
                $name::parse(word)
            }

            fn words() -> Vec<&'static str> {
                $name::ALL.iter().map(|word| word.as_str()).collect()
            }
        })+
    };
}

vocabularies!(
    Acquisition,
    CheckoutPath,
    Credential,
    Direction,
    DisputeOutcome,
    DisputeStage,
    FailureKind,
    Mode
);

/// Checks a text that names something: not empty, bounded, without control characters.
///
/// # Errors
/// `empty`, `too_long` or `control_character`.
pub fn check_text(text: &str) -> Result<(), Rejection> {
    if text.is_empty() {
        return Err(Rejection::new(
            Code::Empty,
            "must not be empty; leave the field out if it is not known",
        ));
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(Rejection::new(
            Code::TooLong,
            format!("must not have more than {MAX_TEXT_BYTES} bytes"),
        ));
    }
    let controlled = if text.is_ascii() {
        text.bytes().any(|b| b.is_ascii_control())
    } else {
        text.chars().any(char::is_control)
    };
    if controlled {
        return Err(Rejection::new(
            Code::ControlCharacter,
            "must not contain control characters",
        ));
    }
    Ok(())
}

/// A checked text.
///
/// # Errors
/// `wrong_type`, or as [`check_text`].
pub fn text(raw: &str) -> Result<Cow<'_, str>, Rejection> {
    let text = json::string(raw)?.ok_or_else(|| Rejection::new(Code::WrongType, "must be a string"))?;
    check_text(&text)?;
    Ok(text)
}

/// Checks a name in small letters, such as a provider.
///
/// # Errors
/// `invalid_word`.
pub fn check_word(word: &str) -> Result<(), Rejection> {
    if !word.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')) {
        return Err(Rejection::new(Code::InvalidWord, "may only contain a-z, 0-9 and _"));
    }
    Ok(())
}

/// A word of a closed vocabulary.
pub fn listed<T: Vocabulary>(raw: &str) -> Result<T, Rejection> {
    T::read(&text(raw)?)
        .ok_or_else(|| Rejection::new(Code::UnknownWord, format!("must be one of: {}", T::words().join(", "))))
}

/// An ISO 3166 alpha-2 country.
pub fn country(raw: &str) -> Result<String, Rejection> {
    let country = text(raw)?;
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(Rejection::new(
            Code::InvalidCountry,
            "must be two capital letters such as \"US\"",
        ));
    }
    Ok(country.into_owned())
}

/// True or false.
pub fn flag(raw: &str) -> Result<bool, Rejection> {
    match raw {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Rejection::new(Code::WrongType, "must be true or false")),
    }
}

/// A number of things.
pub fn count(raw: &str) -> Result<i64, Rejection> {
    if !number::is_number(raw) {
        return Err(Rejection::new(Code::WrongType, "must be a whole number"));
    }
    let bounded = number::plain(raw).parse::<u32>().map(i64::from);
    bounded.map_err(|_| Rejection::new(Code::OutOfRange, "must be a whole number from 0 to 4294967295"))
}

/// Appends the JSON text of an amount that has been read: its value with all of its currency's decimals.
///
/// # Errors
/// As [`json::write_canonical`].
pub fn write_amount(out: &mut String, raw: &str, money: Money) -> Result<(), Rejection> {
    json::write_members(out, raw, |out, name, member| {
        if name == "value" {
            json::write_string(out, &money.to_string());
            return Ok(());
        }
        json::write_canonical(out, member, 1)
    })
}

/// An amount of money, as an object of a decimal text and a currency.
pub fn amount(raw: &str) -> Result<Money, Rejection> {
    if !raw.starts_with('{') {
        let message = "must be an object such as {\"value\":\"29.62\",\"currency\":\"USD\"}";
        return Err(Rejection::new(Code::WrongType, message));
    }
    let (mut value, mut currency) = (None, None);
    let mut mended = String::new();
    for (name, member) in json::members(raw, &mut mended)?.iter() {
        match name {
            "value" => value = Some(member.get()),
            "currency" => currency = Some(member.get()),
            _ => {}
        }
    }
    let missing = |name: &'static str| Rejection::new(Code::MissingField, "an amount requires this field").at(name);
    let value = value.ok_or_else(|| missing("value"))?;
    let currency = currency.ok_or_else(|| missing("currency"))?;
    let read = |raw, name: &'static str| json::string(raw).map_err(|unreadable| unreadable.at(name));
    let value = read(value, "value")?.ok_or_else(|| {
        let message = "must be a JSON string such as \"29.62\", not a number";
        Rejection::new(Code::AmountNotString, message).at("value")
    })?;
    let code = read(currency, "currency")?
        .ok_or_else(|| Rejection::new(Code::WrongType, "must be a string").at("currency"))?;
    let currency = Currency::parse(&code).ok_or_else(|| {
        Rejection::new(Code::UnknownCurrency, "must be an ISO 4217 code such as USD, or XTR").at("currency")
    })?;
    Money::parse(&value, currency).map_err(|error| {
        let code = match error {
            MoneyError::NotADecimal => Code::AmountNotDecimal,
            MoneyError::Negative => Code::AmountNegative,
            MoneyError::TooManyDecimals => Code::AmountTooManyDecimals,
            MoneyError::TooLarge => Code::AmountTooLarge,
        };
        Rejection::new(code, error.to_string()).at("value")
    })
}
