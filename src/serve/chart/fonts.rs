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
        ($family, include_bytes!(concat!("fonts/", $name)) as &[u8])
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
pub(super) fn all() -> impl Iterator<Item = &'static [u8]> {
    let others = FALLBACKS.into_iter().map(|(_, font)| font);
    [dejavu::sans::regular(), dejavu::sans::bold()]
        .into_iter()
        .chain(others)
}

/// Reads the faces.
pub(super) fn warm_up() {
    let _ = faces();
}

fn faces() -> &'static [Face] {
    static FACES: OnceLock<Vec<Face>> = OnceLock::new();
    FACES.get_or_init(|| all().filter_map(Face::read).collect())
}

/// The family that has a character which DejaVu lacks.
pub(super) fn family(character: char) -> Option<&'static str> {
    if character.is_ascii() {
        return None;
    }
    let at = faces().iter().position(|face| face.has(character))?;
    FALLBACKS.get(at.checked_sub(OWN)?).map(|(family, _)| *family)
}

/// Whether DejaVu has a character, so that plotters measures it right.
pub(super) fn is_plain(character: char) -> bool {
    character.is_ascii() || faces().iter().take(OWN).all(|face| face.has(character))
}

/// Width in ems of a character that is not plain.
pub(super) fn width(character: char) -> f64 {
    if is_unseen(character) {
        return 0.0;
    }
    let known = faces().iter().find_map(|face| face.width(character));
    // A browser may have it: no script is wider than a square to the character.
    known.unwrap_or(1.0)
}

/// A text of characters that the fonts have: any other is written by its number, so that no two become the same box.
pub(super) fn legible(text: &str) -> Cow<'_, str> {
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
            written.push_str(&format!("U+{:04X}", u32::from(character)));
        }
    }
    Cow::Owned(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_font_can_be_read() {
        assert_eq!(faces().len(), all().count());
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
