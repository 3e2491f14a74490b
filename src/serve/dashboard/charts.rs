//! Charts for a page that follows the reader's light or dark setting.
//!
//! A chart is drawn in both themes, which differ in nothing but colours. Where they differ a
//! variable of the style sheet takes the place of the colour, so that one drawing serves both.

/// Pairs of a light and a dark colour; a pair's position is its variable's number.
#[derive(Debug, Default)]
pub struct Colours(Vec<(String, String)>);

/// What stands before a colour in a drawing.
const MARK: &str = "=\"#";
/// Digits of a colour.
const DIGITS: usize = 6;

impl Colours {
    /// One drawing for both themes. Drawings that do not correspond yield the light one, as it stands.
    pub fn merge(&mut self, light: &str, dark: &str) -> String {
        let (ours, theirs): (Vec<_>, Vec<_>) = (colours(light).collect(), colours(dark).collect());
        if ours.len() != theirs.len() {
            return light.to_owned();
        }
        let mut merged = String::with_capacity(light.len());
        let mut done = 0;
        for ((at, light_colour), (_, dark_colour)) in ours.into_iter().zip(theirs) {
            merged.push_str(&light[done..at]);
            merged.push_str(&format!("var(--c{})", self.number(light_colour, dark_colour)));
            done = at + 1 + DIGITS;
        }
        merged.push_str(&light[done..]);
        merged
    }

    fn number(&mut self, light: &str, dark: &str) -> usize {
        let known = self.0.iter().position(|pair| pair.0 == light && pair.1 == dark);
        known.unwrap_or_else(|| {
            self.0.push((light.to_owned(), dark.to_owned()));
            self.0.len() - 1
        })
    }

    /// The variables as style rules.
    pub fn style(&self) -> String {
        let rules = |pick: fn(&(String, String)) -> &str| -> String {
            self.0
                .iter()
                .enumerate()
                .map(|(number, pair)| format!("--c{number}:#{};", pick(pair)))
                .collect()
        };
        let (light, dark) = (rules(|pair| &pair.0), rules(|pair| &pair.1));
        format!(":root{{{light}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}")
    }
}

/// The colours of a drawing, each with the position of its `#`.
fn colours(svg: &str) -> impl Iterator<Item = (usize, &str)> {
    svg.match_indices(MARK).filter_map(|(found, _)| {
        let at = found + MARK.len() - 1;
        let digits = svg.get(at + 1..at + 1 + DIGITS)?;
        let closed = svg.as_bytes().get(at + 1 + DIGITS) == Some(&b'"');
        (closed && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some((at, digits))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_drawing_carries_both_themes() {
        let mut colours = Colours::default();
        let light = r##"<rect fill="#FFFFFF"/><text fill="#111111">#1 of 2</text><rect fill="#FFFFFF"/>"##;
        let dark = r##"<rect fill="#000000"/><text fill="#EEEEEE">#1 of 2</text><rect fill="#222222"/>"##;
        let merged = colours.merge(light, dark);
        assert_eq!(
            merged,
            r##"<rect fill="var(--c0)"/><text fill="var(--c1)">#1 of 2</text><rect fill="var(--c2)"/>"##
        );
        assert_eq!(
            colours.style(),
            ":root{--c0:#FFFFFF;--c1:#111111;--c2:#FFFFFF;}\
             @media (prefers-color-scheme: dark){:root{--c0:#000000;--c1:#EEEEEE;--c2:#222222;}}"
        );
    }

    #[test]
    fn drawings_that_differ_in_more_than_colours_are_left_alone() {
        let light = r##"<rect fill="#FFFFFF"/>"##;
        assert_eq!(Colours::default().merge(light, "<svg/>"), light);
    }
}
