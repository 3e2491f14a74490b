//! The fonts in the program: DejaVu for Latin, Greek, Cyrillic, Arabic and Hebrew, and others for what it lacks.
//!
//! Pictures are measured with these, and pixels are made with these alone. A browser that shows an SVG takes its
//! own beside DejaVu.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::sfnt::Face;
use super::unseen::is_unseen;

macro_rules! font {
    ($family:literal, $name:literal) => {
        ($family, include_bytes!(concat!("../fonts/", $name)) as &[u8])
    };
}

/// What takes over where DejaVu has no glyph, in this order, by family. `fonts/README.md` says where they come from.
const FALLBACKS: [(&str, &[u8]); 18] = [
    font!("Droid Sans Fallback", "DroidSansFallback.ttf"),
    font!("Noto Sans CJK KR", "NotoSansKR.otf"),
    font!("Noto Emoji", "NotoEmoji.ttf"),
    font!("Noto Sans Devanagari", "NotoSansDevanagari.ttf"),
    font!("Noto Sans Thai", "NotoSansThai.ttf"),
    font!("Noto Sans Bengali", "NotoSansBengali.ttf"),
    font!("Noto Sans Tamil", "NotoSansTamil.ttf"),
    font!("Noto Sans Telugu", "NotoSansTelugu.ttf"),
    font!("Noto Sans Gujarati", "NotoSansGujarati.ttf"),
    font!("Noto Sans Gurmukhi", "NotoSansGurmukhi.ttf"),
    font!("Noto Sans Kannada", "NotoSansKannada.ttf"),
    font!("Noto Sans Malayalam", "NotoSansMalayalam.ttf"),
    font!("Noto Sans Oriya", "NotoSansOriya.ttf"),
    font!("Noto Sans Sinhala", "NotoSansSinhala.ttf"),
    font!("Noto Sans Myanmar", "NotoSansMyanmar.ttf"),
    font!("Noto Sans Khmer", "NotoSansKhmer.ttf"),
    font!("Noto Sans Lao", "NotoSansLao.ttf"),
    font!("Noto Sans Ethiopic", "NotoSansEthiopic.ttf"),
];

/// Faces of DejaVu, before those of the others.
const OWN: usize = 2;

/// Every font, in the order in which they are tried.
pub(crate) fn all() -> impl Iterator<Item = &'static [u8]> {
    let others = FALLBACKS.into_iter().map(|(_, font)| font);
    [dejavu::sans::regular(), dejavu::sans::bold()]
        .into_iter()
        .chain(others)
}

/// Reads the faces.
pub(crate) fn warm_up() {
    let _ = faces();
}

fn faces() -> &'static [Face] {
    static FACES: OnceLock<Vec<Face>> = OnceLock::new();
    FACES.get_or_init(|| all().filter_map(Face::read).collect())
}

/// The family that has a character which DejaVu lacks.
fn family(character: char) -> Option<&'static str> {
    if character.is_ascii() {
        return None;
    }
    let at = faces().iter().position(|face| face.has(character))?;
    FALLBACKS.get(at.checked_sub(OWN)?).map(|(family, _)| *family)
}

/// Width of a text of a size, in the unit of the size.
pub(crate) fn measure(text: &str, size: f64, bold: bool) -> f64 {
    let narrow = &ascii()[usize::from(bold)];
    let width = |character: char| match narrow.get(character as usize) {
        Some(width) => *width,
        None => width(character, bold),
    };
    text.chars().map(width).sum::<f64>() * size
}

/// Width of the widest of some texts.
pub(crate) fn widest<'t>(texts: impl IntoIterator<Item = &'t String>, size: f64, bold: bool) -> f64 {
    let widths = texts.into_iter().map(|text| measure(text, size, bold));
    widths.fold(0.0, f64::max)
}

/// The widths of the ASCII characters in ems, regular and bold.
fn ascii() -> &'static [[f64; 128]; OWN] {
    static WIDTHS: OnceLock<[[f64; 128]; OWN]> = OnceLock::new();
    WIDTHS.get_or_init(|| [false, true].map(|bold| std::array::from_fn(|code| width(char::from(code as u8), bold))))
}

/// Width of a character in ems.
fn width(character: char, bold: bool) -> f64 {
    if is_unseen(character) {
        return 0.0;
    }
    let own = faces().get(usize::from(bold)).and_then(|face| face.width(character));
    let known = own.or_else(|| faces().iter().find_map(|face| face.width(character)));
    // A browser may have it; pixels tell its number.
    known.unwrap_or_else(|| numbered(character).chars().map(|letter| width(letter, bold)).sum())
}

/// A text between tags with the family named of every letter that DejaVu lacks: resvg looks for one font for a whole
/// text, and gives up where a script's letters are not as many glyphs. What leaves no mark stays with the letter before.
pub(crate) fn in_families(text: &str) -> String {
    let (mut spans, mut open) = (String::with_capacity(text.len()), None);
    for character in text.chars() {
        let family = if is_unseen(character) { open } else { family(character) };
        if family != open {
            spans.push_str(open.map_or("", |_| "</tspan>"));
            if let Some(family) = family {
                spans.push_str(&format!("<tspan font-family=\"{family}\">"));
            }
            open = family;
        }
        spans.push(character);
    }
    spans.push_str(open.map_or("", |_| "</tspan>"));
    spans
}

/// A text of characters that the fonts have: any other is written by its number, so that no two become the same box.
pub(crate) fn legible(text: &str) -> Cow<'_, str> {
    let known = |character: char| {
        character.is_ascii() || is_unseen(character) || character.is_whitespace() || character.is_control() || {
            faces().iter().any(|face| face.has(character))
        }
    };
    if text.chars().all(known) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        if known(character) {
            written.push(character);
        } else {
            written.push_str(&numbered(character));
        }
    }
    Cow::Owned(written)
}

fn numbered(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_font_can_be_read() {
        assert_eq!(faces().len(), all().count());
    }

    #[test]
    fn letters_that_dejavu_lacks_stand_in_the_family_that_has_them() {
        assert_eq!(
            in_families("a \u{5e97}\u{fe0f} 1"),
            "a <tspan font-family=\"Droid Sans Fallback\">\u{5e97}\u{fe0f}</tspan> 1"
        );
        assert_eq!(in_families("plain"), "plain");
    }

    #[test]
    fn every_family_is_called_as_it_is_named() {
        let mut database = resvg::usvg::fontdb::Database::new();
        all().for_each(|font| database.load_font_data(font.to_vec()));
        let named = |family: &str| {
            database
                .faces()
                .any(|face| face.families.iter().any(|(name, _)| name == family))
        };
        for letter in "\u{5e97}\u{ac00}\u{1f355}\u{915}\u{e01}\u{995}\u{b95}\u{c15}\u{1000}\u{1200}".chars() {
            let family = family(letter).unwrap();
            assert!(named(family), "{family}");
        }
    }

    #[test]
    fn a_text_is_as_wide_as_its_glyphs() {
        // DejaVu Sans has 2048 units to the em; `A` takes 1401 of them, and bold 1585.
        assert_eq!(measure("AA", 10.0, false), 20.0 * 1401.0 / 2048.0);
        assert_eq!(measure("A", 10.0, true), 10.0 * 1585.0 / 2048.0);
        assert_eq!(measure("\u{200b}", 10.0, false), 0.0);
    }

    #[test]
    fn the_scripts_of_the_world_have_glyphs() {
        for text in [
            "小店 商店",
            "ショップ 東京",
            "가게 서울",
            "متجر",
            "חנות",
            "दुकान",
            "ร้าน",
            "দোকান",
            "கடை",
            "🍕🛒🇩🇪👩‍🍳",
            "Ελλάδα магазин",
        ] {
            assert_eq!(legible(text), text);
        }
    }

    #[test]
    fn a_character_that_no_font_has_is_told_by_its_number() {
        assert_eq!(legible("shop \u{12000}\u{12001}"), "shop U+12000U+12001");
        assert_eq!(legible("\u{e000}"), "U+E000");
    }
}
