//! The page of a product manager: gathered from answers, rendered without a script.
//!
//! `gather` asks the questions, all as of one moment, and fills a [`PageModel`];
//! [`render`] turns that into HTML and knows neither the store nor the web server.

mod asker;
mod choices;
mod controls;
mod drawing;
mod figure;
mod figures;
mod gather;
mod links;
mod maturity;
mod missing;
mod rates;
mod refusals;
mod render;
pub mod routes;
mod sources;
mod table;
mod takings;

pub use choices::Choices;
pub use render::render;
pub(in crate::serve) use render::{STYLE, quoted};
pub use routes::configure;
pub(in crate::serve) use routes::written;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::metrics::Metric;
use crate::model::{Annotation, Interval, Table};
use crate::serve::answer::question::QuestionError;
use crate::serve::answer::report::Report;
use crate::serve::charts::Colours;
use crate::serve::dates;
use crate::serve::sources::Sources;
use crate::serve::views::{Place, View};

/// Everything that the page shows.
#[derive(Debug)]
pub struct PageModel {
    /// What the address says.
    pub choices: Choices,
    /// What the controls offer.
    pub options: Options,
    /// A parameter that cannot be answered; the controls stay, the answers are left out.
    pub problem: Option<QuestionError>,
    /// How fresh the data is; `None` while the question is wrong.
    pub freshness: Option<Freshness>,
    /// The answers; `None` where the question is wrong or its range has no data.
    pub answers: Option<Answers>,
    /// The ways in, as of now, or why they cannot be told, in words; `None` while the question is wrong.
    pub sources: Option<Result<Sources, String>>,
}

/// What the controls offer.
#[derive(Debug, Default)]
pub struct Options {
    /// Platforms that the store knows.
    pub platforms: Vec<String>,
    /// First and last moment that the data tells of.
    pub data_range: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Why the platforms or the range are not known, in words.
    pub lacking: Option<String>,
    /// The configured reporting currency.
    pub currency: String,
    /// The present local date, for the quick links.
    pub today: NaiveDate,
}

/// How fresh the answers are.
#[derive(Debug)]
pub struct Freshness {
    /// Everything that happened before is in.
    pub complete_until: Option<DateTime<Utc>>,
    /// The moment whose knowledge answers.
    pub as_of: DateTime<Utc>,
    /// The store's data version at that moment; `None` where it cannot be told.
    pub data_version: Option<i64>,
}

/// The answers to the page's questions.
#[derive(Debug)]
pub struct Answers {
    /// The asked period.
    pub period: Period,
    /// The period before, as a comparison takes it.
    pub previous: Period,
    /// The first moment that the data of these platforms and this mode tells of; `None` where it cannot be told.
    pub begins: Option<DateTime<Utc>>,
    /// The zone in which days begin.
    pub tz: Tz,
    /// The length of a bucket in charts and tables.
    pub interval: Interval,
    /// What the key figures are compared with: the answers for the period before, by metric.
    pub before: Vec<(&'static str, Told)>,
    /// What people have marked in the period, in the order of time.
    pub annotations: Vec<Annotation>,
    /// Earlier ones that no answer has room for.
    pub annotations_left_out: u64,
    /// In the order of the page.
    pub sections: Vec<Section>,
    /// The colours of the sections' charts.
    pub colours: Colours,
}

/// A half-open period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First instant inside.
    pub from: DateTime<Utc>,
    /// First instant after.
    pub to: DateTime<Utc>,
    /// True where the period is over at the moment that answers.
    pub complete: bool,
    /// True where the data begins at or before its first instant.
    pub covered: bool,
}

/// An answer, or why it cannot be had, in words.
pub type Told = Result<Report, String>;

/// One metric: its chart, its table and its meaning.
#[derive(Debug)]
pub struct Section {
    /// How the metric is shown.
    pub view: &'static View,
    /// Where.
    pub place: &'static Place,
    /// The metric.
    pub metric: &'static Metric,
    /// The rows behind the chart.
    pub answer: Told,
    /// The chart, drawn for two widths.
    pub chart: Option<Chart>,
    /// Whether a chart could not be drawn; the server's log says why.
    pub undrawn: bool,
    /// The same by bucket, where the chart is of the whole period and buckets tell more.
    pub trend: Option<Chart>,
    /// The same question as a query string, without `?`.
    pub query: String,
}

/// A chart as inline SVG; its colours are variables of the page's style sheet.
#[derive(Debug)]
pub struct Chart {
    /// For a desk.
    pub wide: String,
    /// For a phone; `None` where a second copy would weigh too much.
    pub narrow: Option<String>,
}

impl Period {
    /// Its first and last day, or its instants.
    fn text(&self, tz: Tz) -> String {
        dates::period(self.from, self.to, tz)
    }
}

impl Answers {
    /// The answer to a metric's first place.
    pub fn report(&self, metric: &str) -> Option<&Told> {
        let mut sections = self.sections.iter();
        let section = sections.find(|section| section.metric.name == metric);
        section.map(|section| &section.answer)
    }

    /// The answers that there are, in the order of the page.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.sections.iter().filter_map(|section| section.answer.as_ref().ok())
    }

    /// The rows of the whole period as one bucket; none where there is no answer.
    pub fn now(&self, metric: &str) -> &Table {
        rows(self.report(metric))
    }

    /// The same of the period before.
    pub fn before(&self, metric: &str) -> &Table {
        let mut before = self.before.iter();
        rows(before.find(|(name, _)| *name == metric).map(|(_, told)| told))
    }
}

fn rows(told: Option<&Told>) -> &Table {
    static NONE: Table = Table {
        columns: Vec::new(),
        rows: Vec::new(),
    };
    told.and_then(|told| told.as_ref().ok())
        .map_or(&NONE, Report::whole_range)
}
