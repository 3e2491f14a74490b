//! The text of an event's data: what its digest is made from, and what stays in `extra`.
//!
//! The content of an event is what is kept of it, compared by value. Earlier versions kept more of what stands outside
//! the contract, and told `5.0` from `5.00`; the digest by their rules is made too where it differs, so that an event
//! that they stored is known when it is sent again.

use super::json;
use super::privacy::{fields, outside};
use super::rejection::{Code, Rejection};
use crate::model::Event;
use crate::model::event::content_key;

/// Longest text of what is kept of the fields outside the contract, in bytes.
pub const MAX_EXTRA_BYTES: usize = 16 << 10;

/// The texts that data is told apart by, and what is kept beside the contract.
pub(super) struct Texts {
    /// What is kept, every member by its value.
    now: String,
    /// The same as earlier versions kept and wrote it; none while there is no difference.
    former: Option<String>,
    /// What is kept of what stands outside the contract.
    extra: String,
}

impl Default for Texts {
    fn default() -> Self {
        let mut now = String::with_capacity(384);
        now.push('{');
        Texts {
            now,
            former: None,
            extra: "{".into(),
        }
    }
}

impl Texts {
    /// Adds a field of the contract that has one spelling.
    pub fn member(&mut self, name: &str, value: impl Fn(&mut String)) {
        for out in [Some(&mut self.now), self.former.as_mut()].into_iter().flatten() {
            json::write_string(out, name);
            out.push(':');
            value(out);
            out.push(',');
        }
    }

    /// Adds a field of the contract that has several spellings: its JSON text by its value, and as it was sent.
    pub fn spelled(&mut self, name: &str, value: &str, sent: &str) {
        if value != sent {
            self.differ();
        }
        add(&mut self.now, name, value);
        if let Some(former) = &mut self.former {
            add(former, name, sent);
        }
    }

    /// Adds what is kept of a member outside the contract.
    ///
    /// # Errors
    /// `extra_too_large`.
    pub fn outside(&mut self, name: &str, raw: &str) -> Result<(), Rejection> {
        let former = self.differ();
        let mut sent = String::new();
        // Where it fails, earlier versions refused such an event, so none of it is stored.
        if !fields::is_private(name, raw) && json::write_as_sent(&mut sent, raw, 0).is_ok() {
            add(former, name, &sent);
        }
        let start = self.extra.len();
        if outside::write_member(&mut self.extra, name, raw).map_err(|fault| fault.under("data"))? {
            self.extra.push(',');
            self.now.push_str(&self.extra[start..]);
        }
        if self.extra.len() > MAX_EXTRA_BYTES {
            let message = format!("fields outside the contract may have {MAX_EXTRA_BYTES} bytes together");
            return Err(Rejection::new(Code::ExtraTooLarge, message).at("data"));
        }
        Ok(())
    }

    /// From here on the text of earlier versions may be another.
    fn differ(&mut self) -> &mut String {
        self.former.get_or_insert_with(|| self.now.clone())
    }

    /// Puts the digests and what is kept beside the contract into an event.
    pub fn put(self, event: &mut Event) {
        let (kind, subject) = (event.kind.as_str(), event.subject.as_deref());
        let content = |text: String| content_key(kind, subject, &closed(text));
        let former = self.former.map(content);
        event.content = content(self.now);
        event.former = former.filter(|former| *former != event.content);
        event.extra = (self.extra.len() > 1).then(|| closed(self.extra));
    }
}

/// Adds a member to an object.
fn add(out: &mut String, name: &str, value: &str) {
    json::write_string(out, name);
    out.push(':');
    out.push_str(value);
    out.push(',');
}

/// An object whose members each end with a comma, closed.
fn closed(mut text: String) -> String {
    text.truncate(text.strip_suffix(',').unwrap_or(&text).len());
    text.push('}');
    text
}
