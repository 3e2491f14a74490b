//! Our own SVG as pixels, with the embedded fonts and no others.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::unseen::is_unseen;
use super::{ChartError, fonts};

/// Rasterises a chart to a PNG of exactly `width` × `height` pixels.
pub(super) fn rasterised(svg: &str, width: u32, height: u32) -> Result<Vec<u8>, ChartError> {
    let options = Options {
        font_family: "DejaVu Sans".to_owned(),
        fontdb: database(),
        ..Options::default()
    };
    let tree = Tree::from_str(&in_families(svg), &options).map_err(|error| ChartError::Raster(error.to_string()))?;
    let mut pixels = Pixmap::new(width, height).ok_or(ChartError::Size)?;
    let scale = Transform::from_scale(width as f32 / tree.size().width(), height as f32 / tree.size().height());
    resvg::render(&tree, scale, &mut pixels.as_mut());
    pixels
        .encode_png()
        .map_err(|error| ChartError::Raster(error.to_string()))
}

/// The document with the family named of every letter that DejaVu lacks: resvg looks for one font for a whole text, and
/// gives up where a script's letters are not as many glyphs.
fn in_families(svg: &str) -> Cow<'_, str> {
    const END: &str = "</text>";
    if svg.is_ascii() {
        return Cow::Borrowed(svg);
    }
    let mut document = String::with_capacity(svg.len());
    for part in svg.split_inclusive(END) {
        match part.strip_suffix(END).and_then(|part| part.rsplit_once('>')) {
            Some((before, text)) => {
                document.push_str(before);
                document.push('>');
                push_runs(&mut document, text);
                document.push_str(END);
            }
            None => document.push_str(part),
        }
    }
    Cow::Owned(document)
}

/// A text with a span for each run of letters of one family; what leaves no mark stays with the letter before it.
fn push_runs(document: &mut String, text: &str) {
    let mut open = None;
    for character in text.chars() {
        let family = if is_unseen(character) {
            open
        } else {
            fonts::family(character)
        };
        if family != open {
            if open.is_some() {
                document.push_str("</tspan>");
            }
            if let Some(family) = family {
                document.push_str(&format!("<tspan font-family=\"{family}\">"));
            }
            open = family;
        }
        document.push(character);
    }
    if open.is_some() {
        document.push_str("</tspan>");
    }
}

/// Reads the embedded faces.
pub(super) fn warm_up() {
    drop(database());
}

/// The embedded faces, read once.
fn database() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut database = fontdb::Database::new();
        for face in fonts::all() {
            database.load_font_source(fontdb::Source::Binary(Arc::new(face)));
        }
        Arc::new(database)
    };
    Arc::clone(FONTS.get_or_init(load))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_dejavu_lacks_stand_in_the_family_that_has_them() {
        let svg = "<svg><title>\u{5e97}</title><text x=\"1\">a \u{5e97}\u{fe0f} 1</text><text>plain</text></svg>";
        assert_eq!(
            in_families(svg),
            "<svg><title>\u{5e97}</title><text x=\"1\">a <tspan font-family=\"Droid Sans Fallback\">\u{5e97}\u{fe0f}</tspan> 1</text>\
             <text>plain</text></svg>"
        );
    }

    #[test]
    fn every_family_is_called_as_it_is_named() {
        let database = database();
        let names: Vec<&str> = database
            .faces()
            .flat_map(|face| face.families.iter().map(|(name, _)| name.as_str()))
            .collect();
        for letter in "\u{5e97}\u{ac00}\u{1f355}\u{915}\u{e01}\u{995}\u{b95}\u{c15}\u{1000}\u{1200}".chars() {
            let family = fonts::family(letter).unwrap();
            assert!(names.contains(&family), "{family}: {names:?}");
        }
    }
}
