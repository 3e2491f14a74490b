//! Braintree's XML: no DTD, a bounded number of nodes, two spellings of each name, and explicit nulls.

use roxmltree::{Document, Error, Node, ParsingOptions};

/// Nodes of one document. A notification of a subscription with ten years of months has a tenth of it.
const MOST_NODES: u32 = 1_000_000;

/// The longest text that is taken for a value.
const LONGEST: usize = 500;

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
        _ => "malformed_xml",
    })
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
        Some(text).filter(|text| !null && !text.is_empty() && text.len() <= LONGEST)
    }

    /// The text of the element of a name.
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.child(name)?.value()
    }
}
