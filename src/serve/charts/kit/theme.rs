//! The colours of a chart, in light and in dark, by the place that each has in the palette.
//!
//! plotters carries a colour as three bytes. A chart is drawn with places instead of colours: the first byte names a
//! colour of the palette, the second how far it is mixed with the background, in percent, the third what is
//! special about it. So one drawing serves both themes, and the backend writes what its medium needs: the colour itself, or a
//! variable of the page's style sheet.
//!
//! The series follow Okabe and Ito: told apart with any kind of colour blindness, and of
//! differing lightness, so that they survive a black-and-white printer.

use std::collections::{BTreeMap, BTreeSet};

use plotters::style::RGBColor;

/// Whether a chart stands on white or on near-black.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Dark marks on white.
    #[default]
    Light,
    /// Light marks on near-black.
    Dark,
}

impl Theme {
    /// Reads the word used in questions.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "light" => Some(Theme::Light),
            "dark" => Some(Theme::Dark),
            _ => None,
        }
    }
}

/// Every colour a chart uses.
#[derive(Debug)]
pub(crate) struct Palette {
    pub background: RGBColor,
    pub text: RGBColor,
    pub muted: RGBColor,
    pub grid: RGBColor,
    pub axis: RGBColor,
    /// What is taken from a whole: dropped units, the track of a bar.
    pub track: RGBColor,
    /// Blue, orange, green, purple, sky, vermilion, yellow.
    pub series: [RGBColor; 7],
    /// For `none`, `unknown` and what is lumped together.
    pub neutral: [RGBColor; 3],
}

const fn place(index: u8) -> RGBColor {
    RGBColor(index, 0, 0)
}

/// The palette, in places of [`COLORS`].
pub(crate) const PALETTE: Palette = Palette {
    background: place(0),
    text: place(1),
    muted: place(2),
    grid: place(3),
    axis: place(4),
    track: place(5),
    series: [place(6), place(7), place(8), place(9), place(10), place(11), place(12)],
    neutral: [place(13), place(14), place(15)],
};

/// Each place's colour in light and in dark.
const COLORS: [[(u8, u8, u8); 2]; 16] = [
    [(255, 255, 255), (19, 23, 28)],
    [(28, 36, 44), (232, 236, 240)],
    [(88, 98, 108), (160, 170, 180)],
    [(228, 232, 236), (42, 49, 57)],
    [(128, 138, 148), (104, 114, 124)],
    [(222, 227, 232), (54, 62, 71)],
    [(0, 114, 178), (52, 146, 214)],
    [(230, 159, 0), (240, 172, 30)],
    [(0, 158, 115), (30, 180, 138)],
    [(190, 98, 150), (214, 136, 182)],
    [(86, 180, 233), (128, 206, 246)],
    [(213, 94, 0), (232, 110, 40)],
    [(214, 196, 20), (240, 228, 88)],
    [(150, 160, 170), (122, 132, 142)],
    [(184, 192, 200), (92, 101, 110)],
    [(120, 128, 136), (150, 158, 166)],
];

impl Palette {
    /// A colour moved towards the background; 0 is the colour, 1 the background.
    ///
    /// A solid tint instead of opacity: what lies beneath never shines through a mark.
    pub fn tint(&self, color: RGBColor, amount: f64) -> RGBColor {
        let left = (1.0 - f64::from(color.1) / 100.0) * (1.0 - amount.clamp(0.0, 1.0));
        RGBColor(color.0, ((1.0 - left) * 100.0).round() as u8, 0)
    }

    /// The colour of the series at a rank; `none` and `unknown` are always grey.
    pub fn of(&self, rank: usize, label: &str) -> RGBColor {
        match label {
            "none" => self.neutral[0],
            "unknown" => self.neutral[1],
            _ => self.series.get(rank).copied().unwrap_or(self.neutral[2]),
        }
    }
}

/// Third byte of a colour whose lines are dashed.
const DASHED: u8 = 1;
/// Third byte of the colour in which a text on a ground is read best.
const READABLE: u8 = 2;

/// A colour for dashed lines.
pub(crate) fn dashed(color: RGBColor) -> RGBColor {
    RGBColor(color.0, color.1, DASHED)
}

/// Whether lines of a colour are dashed.
pub(crate) fn is_dashed((_, _, special): (u8, u8, u8)) -> bool {
    special == DASHED
}

/// The colour of texts or the background, whichever is read better on a ground; it may differ between the themes.
pub(crate) fn readable_on(ground: RGBColor) -> RGBColor {
    RGBColor(ground.0, ground.1, READABLE)
}

type Rgb = (u8, u8, u8);

/// A colour of the palette, how far it is mixed with the background in percent, and whether it is the ground of a text
/// instead of its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ink {
    place: u8,
    tint: u8,
    readable: bool,
}

impl Ink {
    /// What three bytes of plotters stand for.
    pub fn of((place, tint, special): Rgb) -> Self {
        let readable = special == READABLE;
        Ink { place, tint, readable }
    }

    /// The colour as `#RRGGBB`.
    pub fn hex(self, theme: Theme) -> String {
        let own = self.mixed(theme);
        let (r, g, b) = match self.readable {
            true => {
                let [text, background] = [at(1, theme), at(0, theme)];
                let better = contrast(text, own) >= contrast(background, own);
                if better { text } else { background }
            }
            false => own,
        };
        format!("#{r:02X}{g:02X}{b:02X}")
    }

    fn mixed(self, theme: Theme) -> Rgb {
        let (from, to) = (at(self.place.into(), theme), at(0, theme));
        let share = f64::from(self.tint) / 100.0;
        let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
        (mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
    }

    /// Its name in variables and classes.
    pub fn name(self) -> String {
        let kind = if self.readable { "t" } else { "c" };
        match self.tint {
            0 => format!("{kind}{}", self.place),
            tint => format!("{kind}{}-{tint}", self.place),
        }
    }
}

fn at(place: usize, theme: Theme) -> Rgb {
    COLORS[place.min(COLORS.len() - 1)][usize::from(theme == Theme::Dark)]
}

/// How well a text of one colour is read on another, from 1 to 21.
///
/// World Wide Web Consortium, Web Content Accessibility Guidelines 2.1, "contrast ratio".
fn contrast(text: Rgb, ground: Rgb) -> f64 {
    let linear = |part: u8| match f64::from(part) / 255.0 {
        part if part <= 0.03928 => part / 12.92,
        part => ((part + 0.055) / 1.055).powf(2.4),
    };
    let light = |color: Rgb| 0.2126 * linear(color.0) + 0.7152 * linear(color.1) + 0.0722 * linear(color.2);
    let (one, other) = (light(text) + 0.05, light(ground) + 0.05);
    one.max(other) / one.min(other)
}

/// The colours and classes that charts use.
#[derive(Debug, Default)]
pub struct Colours {
    /// The colours.
    pub(crate) inks: BTreeSet<Ink>,
    /// What each class stands for, by its name.
    pub(crate) classes: BTreeMap<String, String>,
}

impl Colours {
    /// Adds those of a chart.
    pub(crate) fn add(&mut self, other: Colours) {
        self.inks.extend(other.inks);
        self.classes.extend(other.classes);
    }

    /// The classes as style rules.
    pub(crate) fn rules(&self) -> String {
        let rules = self.classes.iter();
        rules
            .map(|(name, stands_for)| format!("svg .{name}{{{stands_for}}}"))
            .collect()
    }

    /// The rules of a page: its variables for both themes, and the classes.
    pub fn style(&self) -> String {
        let variables = |theme| -> String {
            let variable = |ink: &Ink| format!("--{}:{};", ink.name(), ink.hex(theme));
            self.inks.iter().map(variable).collect()
        };
        let (light, dark) = (variables(Theme::Light), variables(Theme::Dark));
        let rules = self.rules();
        format!(":root{{{light}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}{rules}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_written_for_a_theme_or_as_a_variable_of_the_page() {
        let ink = |color: RGBColor| Ink::of((color.0, color.1, color.2));
        let (blue, pale) = (PALETTE.series[0], PALETTE.tint(PALETTE.series[0], 0.5));
        assert_eq!(ink(blue).hex(Theme::Light), "#0072B2");
        assert_eq!(ink(blue).hex(Theme::Dark), "#3492D6");
        // White is read better on blue than black.
        assert_eq!(ink(readable_on(blue)).hex(Theme::Light), "#FFFFFF");
        // Half way from (0, 114, 178) to white.
        assert_eq!(ink(pale).hex(Theme::Light), "#80B9D9");
        let colours = Colours {
            inks: [ink(blue), ink(pale)].into(),
            classes: [("fc6".to_owned(), "fill:var(--c6)".to_owned())].into(),
        };
        assert_eq!(
            colours.style(),
            ":root{--c6:#0072B2;--c6-50:#80B9D9;}\
             @media (prefers-color-scheme: dark){:root{--c6:#3492D6;--c6-50:#245579;}}\
             svg .fc6{fill:var(--c6)}"
        );
    }
}
