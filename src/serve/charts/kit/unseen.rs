//! Characters that leave no mark: two texts that differ in nothing else look alike.

/// Whether a character leaves no mark: joiners, direction marks, variation selectors and the like.
///
/// The Unicode Standard, property `Default_Ignorable_Code_Point`.
pub(crate) fn is_unseen(character: char) -> bool {
    matches!(
        u32::from(character),
        0xad | 0x34f
            | 0x61c
            | 0x115f..=0x1160
            | 0x17b4..=0x17b5
            | 0x180b..=0x180f
            | 0x200b..=0x200f
            | 0x202a..=0x202e
            | 0x2060..=0x206f
            | 0x3164
            | 0xfe00..=0xfe0f
            | 0xfeff
            | 0xffa0
            | 0xfff0..=0xfff8
            | 0x1bca0..=0x1bca3
            | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff
    )
}

/// What a reader sees of a text: without what leaves no mark, any blanks as one.
pub(crate) fn seen(text: &str) -> String {
    let marks = text.chars().filter(|character| !is_unseen(*character));
    let blank = |character: char| if character.is_control() { ' ' } else { character };
    let shown: String = marks.map(blank).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text has letters that run from right to left.
pub(crate) fn runs_leftwards(text: &str) -> bool {
    text.chars().any(|character| {
        matches!(u32::from(character),
            0x590..=0x8ff | 0xfb1d..=0xfdff | 0xfe70..=0xfefc | 0x10800..=0x10fff | 0x1e800..=0x1efff)
    })
}
