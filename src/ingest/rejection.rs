//! Why an event is rejected: a code, the field at fault and a message.

use std::borrow::Cow;

use super::codes::codes;
use super::privacy;

codes! {
    /// Why an event is rejected, in the order in which an event is checked.
    Code {
        EventTooLarge = "event_too_large", "The event is larger than the configured limit (`event_bytes`).";
        Malformed = "malformed", "The event is not a JSON object, or a part of it that is read is not valid JSON in UTF-8 or appears twice.";
        MissingField = "missing_field", "A field that this event type requires is absent or null.";
        WrongType = "wrong_type", "A field has another JSON type than the contract requires.";
        UnsupportedSpecversion = "unsupported_specversion", "`specversion` is not \"1.0\".";
        UnknownType = "unknown_type", "`type` is not one of the event types.";
        InvalidTime = "invalid_time", "`time` is not an RFC 3339 timestamp, is before 1900, or has a second 60 where there was no leap second.";
        TimeInFuture = "time_in_future", "`time` is more than 24 hours ahead of the server's clock.";
        UnsupportedData = "unsupported_data", "The data is declared as something other than JSON, or is given twice (`data` and `data_base64`).";
        InvalidBase64 = "invalid_base64", "`data_base64` is not the Base64 of a JSON text in UTF-8.";
        DataNotObject = "data_not_object", "The data is not a JSON object.";
        Empty = "empty", "A text is empty.";
        TooLong = "too_long", "A text is longer than 256 bytes.";
        ControlCharacter = "control_character", "A text contains a control character.";
        CardNumber = "card_number", "An id is written like a card number, in groups of digits, or a name contains a card number.";
        InvalidWord = "invalid_word", "A name such as `provider` has characters other than a-z, 0-9 and _.";
        UnknownWord = "unknown_word", "A value is not one of the words that its field allows.";
        InvalidCountry = "invalid_country", "`country` is not two capital letters (ISO 3166-1 alpha-2).";
        OutOfRange = "out_of_range", "A number is negative, not whole, or too large.";
        AmountNotString = "amount_not_string", "`amount.value` is not a JSON string. A JSON number could lose decimals.";
        AmountNotDecimal = "amount_not_decimal", "`amount.value` is not a decimal number such as \"29.62\".";
        AmountNegative = "amount_negative", "`amount.value` is negative.";
        AmountTooManyDecimals = "amount_too_many_decimals", "`amount.value` has more decimals than its currency.";
        AmountTooLarge = "amount_too_large", "`amount.value` does not fit into 64 bits of minor units.";
        UnknownCurrency = "unknown_currency", "`amount.currency` is not an ISO 4217 code with a minor unit, and not XTR (Telegram Stars).";
        ExtraTooLarge = "extra_too_large", "The fields outside the contract are too many, too large or nested too deeply.";
    }
}

/// A rejected event: the code, the field at fault and a message for the sender.
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
