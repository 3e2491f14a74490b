//! Why an event is refused: a closed set of codes, each with a stable word.

use std::borrow::Cow;
use std::fmt;

use super::privacy;

/// Declares the codes with their words and their sentence for the documentation.
macro_rules! codes {
    ($($variant:ident = $word:literal, $meaning:literal;)+) => {
        /// Why an event is refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $meaning] $variant,)+ }

        impl Code {
            /// Every code, in the order in which an event is checked.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// The stable word.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $word,)+ }
            }

            /// One sentence: when it is given.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$variant => $meaning,)+ }
            }
        }
    };
}

codes! {
    EventTooLarge = "event_too_large", "The event has more bytes than the configured limit.";
    Malformed = "malformed", "The event is no JSON object, or what is read of it is no valid JSON in UTF-8 or stands twice.";
    MissingField = "missing_field", "A field that this type of event needs is absent or null.";
    WrongType = "wrong_type", "A field has another JSON type than the contract says.";
    UnsupportedSpecversion = "unsupported_specversion", "`specversion` is not \"1.0\".";
    UnknownType = "unknown_type", "`type` is none of the contract's event types.";
    InvalidTime = "invalid_time", "`time` is no RFC 3339 timestamp, lies before 1900, or has a second 60 where no leap second was.";
    TimeInFuture = "time_in_future", "`time` lies more than 24 hours ahead of the server's clock.";
    UnsupportedData = "unsupported_data", "The data is not declared as JSON, or is given twice (`data` and `data_base64`).";
    InvalidBase64 = "invalid_base64", "`data_base64` is no base64 of a JSON text in UTF-8.";
    DataNotObject = "data_not_object", "The data is no JSON object.";
    Empty = "empty", "A text is empty.";
    TooLong = "too_long", "A text has more than 256 bytes.";
    ControlCharacter = "control_character", "A text holds a control character.";
    CardNumber = "card_number", "An id is written like a card number, in groups of digits, or a name holds one.";
    InvalidWord = "invalid_word", "A name such as `provider` is not made of a-z, 0-9 and _.";
    UnknownWord = "unknown_word", "A word is not in its closed vocabulary.";
    InvalidCountry = "invalid_country", "`country` is not two capital letters (ISO 3166 alpha-2).";
    OutOfRange = "out_of_range", "A number is negative, not whole, or too large.";
    AmountNotString = "amount_not_string", "`amount.value` is not a JSON string; a number would lose its decimals.";
    AmountNotDecimal = "amount_not_decimal", "`amount.value` is no decimal number such as \"29.62\".";
    AmountNegative = "amount_negative", "`amount.value` is below zero.";
    AmountTooManyDecimals = "amount_too_many_decimals", "`amount.value` has more decimals than its currency.";
    AmountTooLarge = "amount_too_large", "`amount.value` is beyond 64 bits of minor units.";
    UnknownCurrency = "unknown_currency", "`amount.currency` is no ISO 4217 code with a minor unit, nor XTR.";
    ExtraTooLarge = "extra_too_large", "Fields outside the contract are too many, too large or nested too deeply.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refused event: the code, the field at fault and a sentence for its sender.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}{}: {message}", self.field.as_deref().map(|field| format!(" at {field}")).unwrap_or_default())]
pub struct Rejection {
    /// The stable code.
    pub code: Code,
    /// The event's `id`, where it could be read.
    pub id: Option<String>,
    /// The path of the field at fault, such as `data.amount.value`.
    pub field: Option<Cow<'static, str>>,
    /// What is wrong and what would be accepted.
    pub message: Cow<'static, str>,
}

impl Rejection {
    /// A rejection of the event as a whole.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        // What is put together may repeat what was sent, as a parser's words do.
        let message = match message.into() {
            Cow::Borrowed(fixed) => fixed.into(),
            Cow::Owned(made) => privacy::sentence(made).into(),
        };
        Rejection {
            code,
            id: None,
            field: None,
            message,
        }
    }

    /// Names the field at fault.
    pub fn at(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Puts the fault below `parent`: `value` becomes `amount.value`, no field becomes `parent` itself.
    pub fn under(mut self, parent: &str) -> Self {
        self.field = Some(match self.field.take() {
            Some(child) => format!("{parent}.{child}").into(),
            None => parent.to_owned().into(),
        });
        self
    }

    /// Names the event.
    pub fn of(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }
}
