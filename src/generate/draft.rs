//! An event on its way to a line: the envelope as values, the data as finished JSON.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Timelike};

use crate::model::EventType;
use crate::model::money::{Currency, format_minor};

/// An event that still has to be sent.
#[derive(Debug, Clone)]
pub struct Draft {
    /// CloudEvents `source`.
    pub source: Arc<str>,
    /// The number in CloudEvents `id`.
    pub id: u64,
    /// What happens.
    pub kind: EventType,
    /// When, in milliseconds since 1970.
    pub time: i64,
    /// The JSON object of `data`.
    pub data: String,
}

impl Draft {
    /// Appends the event as one line of CloudEvents JSON, without the line break.
    pub fn render(&self, line: &mut String) {
        line.push_str(r#"{"specversion":"1.0","id":"e"#);
        push_number(line, self.id);
        // What changes from line to line stands together, which compresses better.
        line.push_str(r#"","time":""#);
        push_time(line, self.time);
        line.push_str(r#"","source":""#);
        line.push_str(&self.source);
        line.push_str(r#"","type":""#);
        line.push_str(self.kind.as_str());
        line.push_str(r#"","data":"#);
        line.push_str(&self.data);
        line.push('}');
    }

    /// The same identity with other content: what a sender does that reuses an id.
    pub fn contradicted(&self) -> Draft {
        let mut other = self.clone();
        if self.kind == EventType::ConversationMessage {
            other.data = swap(&self.data, r#""direction":"in""#, r#""direction":"out""#);
        } else {
            // A larger amount, so that a ledger which believes the second would show it.
            other.data = self.data.replacen(r#""value":""#, r#""value":"9"#, 1);
        }
        if other.data == self.data {
            other.data.pop();
            other.data.push_str(r#","note":"changed"}"#);
        }
        other
    }
}

/// Exchanges whichever of two texts is there for the other.
fn swap(text: &str, one: &str, two: &str) -> String {
    if text.contains(one) {
        text.replacen(one, two, 1)
    } else {
        text.replacen(two, one, 1)
    }
}

/// Writes a JSON object field by field. The words are ours and need no escapes.
pub struct Data(String);

impl Data {
    /// An object without fields.
    pub fn new() -> Self {
        let mut text = String::with_capacity(224);
        text.push('{');
        Data(text)
    }

    fn key(&mut self, key: &str) {
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
    }

    /// Adds a text.
    pub fn text(mut self, key: &str, value: &str) -> Self {
        debug_assert!(!value.contains(['"', '\\']), "{value} would need escapes");
        self.key(key);
        self.0.push('"');
        self.0.push_str(value);
        self.0.push_str("\",");
        self
    }

    /// Adds a text if there is one.
    pub fn maybe(self, key: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(key, value),
            None => self,
        }
    }

    /// Adds an identifier made of a prefix and a number.
    pub fn id(mut self, key: &str, prefix: &str, number: u64) -> Self {
        self.key(key);
        self.0.push('"');
        self.0.push_str(prefix);
        push_number(&mut self.0, number);
        self.0.push_str("\",");
        self
    }

    /// Adds a truth value.
    pub fn flag(mut self, key: &str, value: bool) -> Self {
        self.key(key);
        self.0.push_str(if value { "true," } else { "false," });
        self
    }

    /// Adds a number.
    pub fn number(mut self, key: &str, value: u64) -> Self {
        self.key(key);
        push_number(&mut self.0, value);
        self.0.push(',');
        self
    }

    /// Adds an amount of money.
    pub fn amount(mut self, minor: i64, currency: Currency) -> Self {
        self.0.push_str(r#""amount":{"value":""#);
        self.0.push_str(&format_minor(i128::from(minor), currency.exponent()));
        self.0.push_str(r#"","currency":""#);
        self.0.push_str(currency.code());
        self.0.push_str("\"},");
        self
    }

    /// The finished object.
    pub fn finish(mut self) -> String {
        if self.0.ends_with(',') {
            self.0.pop();
        }
        self.0.push('}');
        self.0
    }
}

/// Appends a number in decimal.
pub fn push_number(line: &mut String, number: u64) {
    // Writing to a String cannot fail.
    let _ = write!(line, "{number}");
}

/// Appends an instant as RFC 3339 in UTC; milliseconds only where there are any.
fn push_time(line: &mut String, millis: i64) {
    let Some(time) = DateTime::from_timestamp_millis(millis) else {
        return;
    };
    push_number(line, u64::try_from(time.year()).unwrap_or_default());
    for (mark, part) in [
        ('-', time.month()),
        ('-', time.day()),
        ('T', time.hour()),
        (':', time.minute()),
        (':', time.second()),
    ] {
        line.push(mark);
        push_digits(line, part, 10);
    }
    let fraction = time.timestamp_subsec_millis();
    if fraction > 0 {
        line.push('.');
        push_digits(line, fraction, 100);
    }
    line.push('Z');
}

/// Appends a number with leading zeros, beginning at the digit worth `unit`.
fn push_digits(line: &mut String, number: u32, mut unit: u32) {
    while unit > 0 {
        line.push(char::from(b'0' + (number / unit % 10) as u8));
        unit /= 10;
    }
}
