//! Braintree's XML: no DTD, a bounded number of nodes, two spellings of each name, and explicit nulls.

use roxmltree::{Document, Error, Node, ParsingOptions};

/// Nodes of one document. A notification of a subscription with ten years of months has a tenth of it.
const MOST_NODES: u32 = 1_000_000;

/// The longest text that is taken for a value.
const LONGEST: usize = 500;

/// The word for a document that is no XML.
pub(super) const MALFORMED: &str = "malformed_xml";

/// The word for a document in another encoding.
pub(super) const NOT_UTF8: &str = "not_utf8";

/// Reads a document; white space before it and no prolog are both fine.
///
/// # Errors
/// The word that is kept with the unread notification.
pub(super) fn parse(text: &str) -> Result<Document<'_>, &'static str> {
    // An empty declaration would pass the parser; nothing that declares a type is read.
    if text.contains("<!DOCTYPE") {
        return Err("doctype");
    }
    let options = ParsingOptions {
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text.trim(), options).map_err(|error| match error {
        Error::DtdDetected => "doctype",
        Error::NodesLimitReached | Error::AttributesLimitReached | Error::NamespacesLimitReached => "too_many_nodes",
        _ => MALFORMED,
    })
}

/// Stands for what cannot be read; a text with it is no value.
const UNREADABLE: char = '\u{fffd}';

/// The longest reference to a character, behind its `&`.
const LONGEST_REFERENCE: usize = 12;

/// A document whose texts hold [`UNREADABLE`] for bytes that are no UTF-8, for characters that XML does not have and
/// for references to none.
pub(super) fn mended(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(c) = rest.chars().next() {
        let (kept, length) = match c {
            '&' => match reference(rest) {
                Some(length) => (rest.get(..length), length),
                None => (None, 1),
            },
            c if is_character(c) => (rest.get(..c.len_utf8()), c.len_utf8()),
            c => (None, c.len_utf8()),
        };
        match kept {
            Some(kept) => out.push_str(kept),
            None => out.push(UNREADABLE),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// The length of the reference that a text begins with; none where it stands for no character.
fn reference(text: &str) -> Option<usize> {
    let end = text.bytes().take(LONGEST_REFERENCE).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let number = match name.strip_prefix('#') {
        None => return matches!(name, "amp" | "lt" | "gt" | "quot" | "apos").then_some(end + 1),
        Some(number) => number,
    };
    let code = match number.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    code.ok()
        .and_then(char::from_u32)
        .filter(|c| is_character(*c))
        .map(|_| end + 1)
}

/// Whether XML 1.0 has this character.
fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// An element. Its names match with `-` and with `_`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a>(Node<'a, 'a>);

impl<'a> Element<'a> {
    /// The `notification` of a document.
    pub fn root(document: &'a Document<'a>) -> Option<Self> {
        Some(Element(document.root_element())).filter(|root| root.is("notification"))
    }

    /// Its name, with `-` between words.
    pub fn name(self) -> String {
        self.0.tag_name().name().replace('_', "-")
    }

    /// Whether it goes by this name.
    pub fn is(self, name: &str) -> bool {
        let own = self.0.tag_name().name();
        own.len() == name.len()
            && own
                .bytes()
                .zip(name.bytes())
                .all(|(one, other)| one == other || (one, other) == (b'_', b'-'))
    }

    /// Its elements.
    pub fn children(self) -> impl Iterator<Item = Element<'a>> {
        self.0.children().filter(Node::is_element).map(Element)
    }

    /// All elements below it.
    pub fn descendants(self) -> impl Iterator<Item = Element<'a>> {
        self.0.descendants().filter(Node::is_element).map(Element)
    }

    /// The element of a name.
    pub fn child(self, name: &str) -> Option<Element<'a>> {
        self.children().find(|child| child.is(name))
    }

    /// The elements of the array of a name.
    pub fn list(self, name: &str) -> impl Iterator<Item = Element<'a>> {
        self.child(name).into_iter().flat_map(Element::children)
    }

    /// Its own text; none where it is null, empty or no value.
    pub fn value(self) -> Option<&'a str> {
        let text = self.0.text()?.trim();
        let null = self.0.attribute("nil") == Some("true");
        Some(text).filter(|text| !null && !text.is_empty() && text.len() <= LONGEST && !text.contains(UNREADABLE))
    }

    /// The text of the element of a name.
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.child(name)?.value()
    }
}
