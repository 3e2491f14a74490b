//! The colours of a chart, in light and in dark.
//!
//! The series follow Okabe and Ito: told apart with any kind of colour blindness, and of
//! differing lightness, so that they survive a black-and-white printer.

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

    /// The colours.
    pub(super) fn palette(self) -> &'static Palette {
        match self {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }
}

/// Every colour a chart uses.
#[derive(Debug)]
pub(super) struct Palette {
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

const LIGHT: Palette = Palette {
    background: RGBColor(255, 255, 255),
    text: RGBColor(28, 36, 44),
    muted: RGBColor(88, 98, 108),
    grid: RGBColor(228, 232, 236),
    axis: RGBColor(128, 138, 148),
    track: RGBColor(222, 227, 232),
    series: [
        RGBColor(0, 114, 178),
        RGBColor(230, 159, 0),
        RGBColor(0, 158, 115),
        RGBColor(190, 98, 150),
        RGBColor(86, 180, 233),
        RGBColor(213, 94, 0),
        RGBColor(214, 196, 20),
    ],
    neutral: [
        RGBColor(150, 160, 170),
        RGBColor(184, 192, 200),
        RGBColor(120, 128, 136),
    ],
};

const DARK: Palette = Palette {
    background: RGBColor(19, 23, 28),
    text: RGBColor(232, 236, 240),
    muted: RGBColor(160, 170, 180),
    grid: RGBColor(42, 49, 57),
    axis: RGBColor(104, 114, 124),
    track: RGBColor(54, 62, 71),
    series: [
        RGBColor(52, 146, 214),
        RGBColor(240, 172, 30),
        RGBColor(30, 180, 138),
        RGBColor(214, 136, 182),
        RGBColor(128, 206, 246),
        RGBColor(232, 110, 40),
        RGBColor(240, 228, 88),
    ],
    neutral: [RGBColor(122, 132, 142), RGBColor(92, 101, 110), RGBColor(150, 158, 166)],
};

impl Palette {
    /// A colour moved towards the background; 0 is the colour, 1 the background.
    ///
    /// A solid tint instead of opacity: what lies beneath never shines through a mark.
    pub fn tint(&self, color: RGBColor, amount: f64) -> RGBColor {
        let mix = |from: u8, to: u8| {
            (f64::from(from) + (f64::from(to) - f64::from(from)) * amount.clamp(0.0, 1.0)).round() as u8
        };
        let to = self.background;
        RGBColor(mix(color.0, to.0), mix(color.1, to.1), mix(color.2, to.2))
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
