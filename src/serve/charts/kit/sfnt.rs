//! Which characters a font has and how wide they are, read from its tables `cmap`, `head`, `hhea` and `hmtx`.
//!
//! ISO/IEC 14496-22, Open Font Format: the chapters of these tables.

/// The glyphs of a font by character.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Face {
    /// A subtable of `cmap`, of format 4 or 12.
    characters: &'static [u8],
    widths: &'static [u8],
    /// Glyphs with a width of their own; all later ones share the last.
    measured: u16,
    per_em: u16,
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes(pair.try_into().ok()?))
}

fn whole(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

impl Face {
    /// Reads a font; `None` where it is none, or names its characters in another way.
    pub fn read(font: &'static [u8]) -> Option<Self> {
        let table = |tag: &[u8; 4]| {
            let tables = usize::from(half(font, 4)?);
            let mut records = (0..tables).map(|index| 12 + 16 * index);
            let record = records.find(|at| font.get(*at..at + 4) == Some(tag.as_slice()))?;
            font.get(whole(font, record + 8)? as usize..)
        };
        let (cmap, head, hhea) = (table(b"cmap")?, table(b"head")?, table(b"hhea")?);
        let subtables = (0..usize::from(half(cmap, 2)?)).filter_map(|index| {
            let offset = whole(cmap, 4 + 8 * index + 4)?;
            cmap.get(offset as usize..)
        });
        let known = subtables.filter(|subtable| matches!(half(subtable, 0), Some(4 | 12)));
        Some(Face {
            // Format 12 has all planes, format 4 the first.
            characters: known.max_by_key(|subtable| half(subtable, 0))?,
            widths: table(b"hmtx")?,
            measured: half(hhea, 34)?,
            per_em: half(head, 18).filter(|units| *units > 0)?,
        })
    }

    /// Whether the font has a character.
    pub fn has(&self, character: char) -> bool {
        self.glyph(character).is_some()
    }

    /// Width of a character in ems; `None` where the font has none.
    pub fn width(&self, character: char) -> Option<f64> {
        let glyph = self.glyph(character)?.min(self.measured.checked_sub(1)?);
        let width = half(self.widths, 4 * usize::from(glyph))?;
        Some(f64::from(width) / f64::from(self.per_em))
    }

    fn glyph(&self, character: char) -> Option<u16> {
        let glyph = match half(self.characters, 0)? {
            12 => self.grouped(u32::from(character)),
            _ => self.segmented(u16::try_from(u32::from(character)).ok()?),
        };
        glyph.filter(|glyph| *glyph != 0)
    }

    /// Format 12: groups of characters in a row, sorted.
    fn grouped(&self, code: u32) -> Option<u16> {
        let (mut low, mut high) = (0, whole(self.characters, 12)? as usize);
        while low < high {
            let middle = low.midpoint(high);
            let at = 16 + 12 * middle;
            let (first, last) = (whole(self.characters, at)?, whole(self.characters, at + 4)?);
            if code < first {
                high = middle;
            } else if code > last {
                low = middle + 1;
            } else {
                let glyph = whole(self.characters, at + 8)?.checked_add(code - first)?;
                return u16::try_from(glyph).ok();
            }
        }
        None
    }

    /// Format 4: segments of the first plane, sorted by their last character.
    fn segmented(&self, code: u16) -> Option<u16> {
        let twice = usize::from(half(self.characters, 6)?);
        let (ends, starts) = (14, 16 + twice);
        let (deltas, offsets) = (starts + twice, starts + 2 * twice);
        let mut segments = (0..twice).step_by(2);
        let at = segments.find(|at| half(self.characters, ends + at).is_some_and(|end| end >= code))?;
        let start = half(self.characters, starts + at).filter(|start| *start <= code)?;
        let (delta, offset) = (
            half(self.characters, deltas + at)?,
            half(self.characters, offsets + at)?,
        );
        if offset == 0 {
            return Some(code.wrapping_add(delta));
        }
        // An offset counts from where it stands.
        let place = offsets + at + usize::from(offset) + 2 * usize::from(code - start);
        half(self.characters, place)
            .filter(|glyph| *glyph != 0)
            .map(|glyph| glyph.wrapping_add(delta))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_font_tells_its_characters_and_their_widths() {
        let face = Face::read(dejavu::sans::regular()).unwrap();
        assert!(face.has('A') && face.has('\u{5d0}') && face.has('\u{628}'));
        assert!(!face.has('\u{4e2d}') && !face.has('\u{1f355}'));
        // DejaVu Sans has 2048 units to the em; `A` takes 1401 of them.
        assert_eq!(face.width('A'), Some(1401.0 / 2048.0));
        assert_eq!(face.width('\u{4e2d}'), None);
    }

    #[test]
    fn what_is_no_font_is_none() {
        assert!(Face::read(b"").is_none());
        assert!(Face::read(b"\x00\x01\x00\x00\xff\xff no font at all").is_none());
    }
}
