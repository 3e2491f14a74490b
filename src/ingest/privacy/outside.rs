//! What is kept of members that the contract does not have: numbers, truth values and short words, under names that
//! speak of no person and of nothing that somebody said.

use serde_json::value::RawValue;

use super::super::json::{self, MAX_DEPTH, Members};
use super::super::rejection::{Code, Rejection};
use super::super::{data, misspelt};
use super::{cards, fields};

/// The longest word that is kept.
const WORD: usize = 32;
/// The longest word in capital letters: countries and currencies have such.
const CODE: usize = 3;
/// The most digits of a number that is kept: ids, phone numbers, places and moments have more.
const DIGITS: usize = 6;

/// A name that holds one of these, as [`fields::plain`] writes it, is about somebody.
const SOMEBODY: &[&str] = &[
    "account",
    "author",
    "buyer",
    "contact",
    "conversation",
    "customer",
    "guest",
    "handle",
    "login",
    "member",
    "nick",
    "participant",
    "person",
    "psid",
    "recipient",
    "sender",
    "session",
    "user",
    "visitor",
];
/// A name that ends so tells one person or thing from another. A plural counts as well.
const TELLING: &[&str] = &[
    "actor",
    "by",
    "chat",
    "cookie",
    "fingerprint",
    "from",
    "guid",
    "hash",
    "id",
    "key",
    "lat",
    "latlng",
    "lng",
    "lon",
    "name",
    "number",
    "otp",
    "owner",
    "party",
    "password",
    "phone",
    "pin",
    "secret",
    "thread",
    "to",
    "token",
    "uid",
    "url",
    "uuid",
    "who",
];
/// A name that ends so may hold what somebody said or wrote. A plural counts as well.
const SAID: &[&str] = &[
    "about",
    "answer",
    "bio",
    "bodie",
    "body",
    "caption",
    "comment",
    "content",
    "description",
    "feedback",
    "greeting",
    "html",
    "input",
    "markdown",
    "memo",
    "message",
    "msg",
    "note",
    "payload",
    "prompt",
    "query",
    "querie",
    "question",
    "quickreply",
    "quote",
    "remark",
    "replie",
    "reply",
    "response",
    "review",
    "said",
    "say",
    "search",
    "speech",
    "subject",
    "summary",
    "term",
    "text",
    "title",
    "transcript",
    "txt",
    "utterance",
    "word",
];

/// What a name lets through.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lets {
    /// Nothing.
    Nothing,
    /// Numbers and truth values.
    Figures,
    /// Words, too.
    Words,
}

/// Appends a member that is not private with what is kept of it, in canonical form; nothing where none of it is kept.
///
/// # Errors
/// `extra_too_large` where it nests too deeply.
pub fn write_member(out: &mut String, name: &str, raw: &str) -> Result<(), Rejection> {
    member(out, name, public(name, raw), raw, 0).map(drop)
}

fn member(out: &mut String, name: &str, lets: Lets, raw: &str, depth: usize) -> Result<bool, Rejection> {
    if lets == Lets::Nothing {
        return Ok(false);
    }
    let start = out.len();
    json::write_string(out, name);
    out.push(':');
    let kept = value(out, lets, raw, depth)?;
    if !kept {
        out.truncate(start);
    }
    Ok(kept)
}

/// Appends what is kept of a value. An object or array of which nothing is kept, or that cannot be read, is not kept
/// either.
fn value(out: &mut String, lets: Lets, raw: &str, depth: usize) -> Result<bool, Rejection> {
    let nested = raw.starts_with(['{', '[']);
    if nested && depth >= MAX_DEPTH {
        let message = format!("arrays and objects may be nested at most {MAX_DEPTH} levels deep");
        return Err(Rejection::new(Code::ExtraTooLarge, message));
    }
    let start = out.len();
    match raw.as_bytes().first() {
        Some(b'{') => {
            out.push('{');
            for (name, raw) in Members::parse(raw).unwrap_or_default().iter() {
                let before = out.len();
                if before > start + 1 {
                    out.push(',');
                }
                if !member(out, name, lets.min(self::lets(name, raw.get())), raw.get(), depth + 1)? {
                    out.truncate(before);
                }
            }
            out.push('}');
        }
        Some(b'[') => {
            out.push('[');
            for raw in serde_json::from_str::<Vec<&RawValue>>(raw).unwrap_or_default() {
                let before = out.len();
                if before > start + 1 {
                    out.push(',');
                }
                if !value(out, lets, raw.get(), depth + 1)? {
                    out.truncate(before);
                }
            }
            out.push(']');
        }
        Some(b'"') => match json::string(raw) {
            Ok(Some(text)) if lets == Lets::Words && is_word(&text) => json::write_string(out, &text),
            _ => {}
        },
        Some(b't' | b'f') => out.push_str(raw),
        Some(b'-' | b'0'..=b'9') if !cards::in_number(raw) => {
            json::write_canonical(out, raw, depth)?;
            if cards::digits(&out[start..]) > DIGITS {
                out.truncate(start);
            }
        }
        _ => {}
    }
    if nested && out.len() == start + 2 {
        out.truncate(start);
    }
    Ok(out.len() > start)
}

/// What a member's name lets through.
fn lets(name: &str, raw: &str) -> Lets {
    if fields::is_private(name, raw) {
        Lets::Nothing
    } else {
        public(name, raw)
    }
}

/// What the name of a member that is not private lets through: no more than that of the field that it resembles.
fn public(name: &str, raw: &str) -> Lets {
    if !misspelt::is_plain(name) {
        return Lets::Nothing;
    }
    // Whether somebody has agreed or paid names nobody.
    if matches!(raw, "true" | "false") {
        return Lets::Words;
    }
    let meant = misspelt::nearest(name, data::all_names());
    by_name(name).min(meant.map_or(Lets::Words, by_name))
}

fn by_name(name: &str) -> Lets {
    let name = fields::plain(name);
    let one = name.strip_suffix('s').unwrap_or(&name);
    let ends = |list: &[&str]| list.iter().any(|end| name.ends_with(end) || one.ends_with(end));
    if SOMEBODY.iter().any(|part| name.contains(part)) || ends(TELLING) || name.starts_with("id") {
        Lets::Nothing
    } else if ends(SAID) && !one.ends_with("context") || name.contains("message") {
        Lets::Figures
    } else {
        Lets::Words
    }
}

/// Whether a text is a word of a program: `gold`, `new_customer`, `EUR`. Ids have digits, and people's names capitals.
fn is_word(text: &str) -> bool {
    let small = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '-');
    text.len() <= WORD && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(small)
        || (1..=CODE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase())
}
