//! Braintree's XML: no DTD, a bounded number of nodes, two spellings of each name, and explicit nulls.

use roxmltree::{Document, Error, Node, ParsingOptions};

use crate::ingest::verdict::Reason;

/// Nodes of one document. A notification of a subscription with ten years of months has a tenth of it.
const MOST_NODES: u32 = 1_000_000;

/// Attributes of one element, of which Braintree's have two: each is compared with the others.
const MOST_ATTRIBUTES: usize = 50;

/// Namespaces that a document declares, of which Braintree's has none: an element has those of all around it.
const MOST_NAMESPACES: usize = 20;

/// Nodes right below one: they are searched for each value that is read.
const MOST_CHILDREN: usize = 2_000;

/// The longest text that is taken for a value.
const LONGEST: usize = 500;

/// What begins with `<` and is no tag, and where it ends; anything may stand in it.
const NO_TAGS: [(&str, &str); 3] = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];

/// Reads a document; white space before it and no prolog are both fine.
///
/// # Errors
/// Why the notification is quarantined.
pub(super) fn parse(text: &str) -> Result<Document<'_>, Reason> {
    // An empty declaration would pass the parser; nothing that declares a type is read.
    if text.contains("<!DOCTYPE") {
        return Err(Reason::Doctype);
    }
    if !has_few_attributes(text) {
        return Err(Reason::TooManyNodes);
    }
    let options = ParsingOptions {
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text.trim(), options).map_err(|error| match error {
        Error::DtdDetected => Reason::Doctype,
        Error::NodesLimitReached | Error::AttributesLimitReached | Error::NamespacesLimitReached => {
            Reason::TooManyNodes
        }
        _ => Reason::MalformedXml,
    })?;
    let is_wide = |node: Node<'_, '_>| node.children().nth(MOST_CHILDREN).is_some();
    if document.descendants().any(is_wide) {
        return Err(Reason::TooManyNodes);
    }
    Ok(document)
}

/// Whether no element has more attributes, and the document no more namespaces, than are read. A text that is no XML
/// has few up to its first fault.
fn has_few_attributes(text: &str) -> bool {
    let (mut rest, mut namespaces) = (text, 0);
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        let other = NO_TAGS.iter().find(|(begin, _)| rest.starts_with(begin));
        if let Some((begin, end)) = other {
            let inside = &rest[begin.len()..];
            let Some(length) = inside.find(end) else { break };
            rest = &inside[length + end.len()..];
            continue;
        }
        let (tag, attributes) = tag(rest);
        namespaces += tag.matches("xmlns").count();
        if attributes > MOST_ATTRIBUTES || namespaces > MOST_NAMESPACES {
            return false;
        }
        rest = &rest[tag.len()..];
    }
    true
}

/// The tag that a text begins with, and how many attributes it has.
fn tag(text: &str) -> (&str, usize) {
    let (mut quote, mut attributes) = (None, 0);
    let end = text.bytes().position(|byte| {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None, b'=') => attributes += 1,
            _ => {}
        }
        quote.is_none() && byte == b'>'
    });
    (&text[..end.map_or(text.len(), |end| end + 1)], attributes)
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
