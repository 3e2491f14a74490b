//! The text of an event's data: what its digest is made from, and what stays in `extra`.
//!
//! The content of an event is what is kept of it. Earlier versions kept more of what stands outside the contract; the
//! digest by their rule is made too, so that an event that they stored is known when it is sent again.

use super::json;
use super::privacy::{fields, outside};
use super::rejection::{Code, Rejection};
use crate::model::Event;
use crate::model::event::content_key;

/// Longest text of what is kept of the fields outside the contract, in bytes.
pub const MAX_EXTRA_BYTES: usize = 16 << 10;

/// The texts that data is told apart by, and what is kept beside the contract.
pub(super) struct Texts {
    /// What is kept.
    now: String,
    /// The same as earlier versions kept it; none while nothing stands outside the contract.
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
    /// Adds a field of the contract.
    pub fn member(&mut self, name: &str, value: impl Fn(&mut String)) {
        for out in [Some(&mut self.now), self.former.as_mut()].into_iter().flatten() {
            json::write_string(out, name);
            out.push(':');
            value(out);
            out.push(',');
        }
    }

    /// Adds what is kept of a member outside the contract.
    ///
    /// # Errors
    /// `extra_too_large`.
    pub fn outside(&mut self, name: &str, raw: &str) -> Result<(), Rejection> {
        let former = self.former.get_or_insert_with(|| self.now.clone());
        if !fields::is_private(name, raw) {
            let start = former.len();
            json::write_string(former, name);
            former.push(':');
            match json::write_canonical(former, raw, 0) {
                Ok(()) => former.push(','),
                // Earlier versions refused such an event, so none of it is stored.
                Err(_) => former.truncate(start),
            }
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

/// An object whose members each end with a comma, closed.
fn closed(mut text: String) -> String {
    text.truncate(text.strip_suffix(',').unwrap_or(&text).len());
    text.push('}');
    text
}
