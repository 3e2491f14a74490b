//! The text of an event's data: what its digest is made from, and what stays in `extra`.
//!
//! Content is compared by value. A field outside the contract that is not kept is represented by a digest under the
//! ledger's key, so that events which differ there differ, and the database does not reveal the value. Earlier versions
//! kept such texts and distinguished `5.0` from `5.00`. If the digest by their rules differs, it is made as well, so
//! that an event that they stored is recognized when it is sent again.

use super::json;
use super::privacy::{Privacy, fields, outside};
use super::rejection::{Code, Rejection};
use crate::model::Event;
use crate::model::event::content_key;

/// Longest text of what is kept of the fields outside the contract, in bytes.
pub const MAX_EXTRA_BYTES: usize = 16 << 10;

/// The texts that data is compared by, and what is kept of fields outside the contract.
pub(super) struct Texts {
    /// Every member by its value, or by its digest where it is not kept.
    now: String,
    /// The same as earlier versions wrote it; none while there is no difference.
    former: Option<String>,
    /// What is kept of fields outside the contract.
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
        if value != sent && self.former.is_none() {
            self.former = Some(self.now.clone());
        }
        add(&mut self.now, name, value);
        if let Some(former) = &mut self.former {
            add(former, name, sent);
        }
    }

    /// Adds a member outside the contract: what is kept of it, and the digest of what is not.
    ///
    /// # Errors
    /// `extra_too_large`.
    pub fn outside(&mut self, name: &str, raw: &str, privacy: &Privacy) -> Result<(), Rejection> {
        if fields::is_private(name, raw) {
            return Ok(());
        }
        let mut kept = String::new();
        outside::write_member(&mut kept, name, raw).map_err(|fault| fault.under("data"))?;
        if !kept.is_empty() {
            self.extra.push_str(&kept);
            self.extra.push(',');
        }
        if self.extra.len() > MAX_EXTRA_BYTES {
            let message = format!("the fields outside the contract may have at most {MAX_EXTRA_BYTES} bytes together");
            return Err(Rejection::new(Code::ExtraTooLarge, message).at("data"));
        }
        // What nests too deeply, where nothing of it would be kept anyway, goes by its own text.
        let written = |write: fn(&mut String, &str, usize) -> Result<(), Rejection>| {
            let mut out = String::new();
            write(&mut out, raw, 0).map_or_else(|_| raw.to_owned(), |()| out)
        };
        let (mut value, sent) = (written(json::write_canonical), written(json::write_as_sent));
        let mut whole = String::new();
        add(&mut whole, name, &value);
        if whole.strip_suffix(',') != Some(&kept) {
            value = quoted(&privacy.digest(&value));
        }
        self.spelled(name, &value, &sent);
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

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::new();
    json::write_string(&mut out, text);
    out
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
