//! The page of a product manager: gathered from answers, rendered without a script.
//!
//! `gather` asks the questions, all as of one moment, and fills a [`PageModel`];
//! [`render`] turns that into HTML and knows neither the store nor the web server.

mod asker;
mod choices;
mod controls;
mod drawing;
mod failures;
mod figure;
mod figures;
mod format;
mod gather;
mod links;
mod lives;
mod maturity;
mod missing;
mod outlook;
mod paths;
mod rates;
mod readings;
mod refusals;
mod render;
pub mod routes;
mod sources;
mod table;
mod takings;

pub use choices::{Choices, FieldProblem};
pub use render::render;
pub(in crate::serve) use render::{STYLE, quoted};
pub use routes::configure;
pub(in crate::serve) use routes::written;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::metrics::{LeftOut, RateUse};
use crate::model::{Annotation, Interval, Table};
use crate::serve::answer::maturity::Maturity;
use crate::serve::sources::Sources;

/// Everything that the page shows.
#[derive(Debug)]
pub struct PageModel {
    /// What the address says.
    pub choices: Choices,
    /// What the controls offer.
    pub options: Options,
    /// A parameter that cannot be answered; the controls stay, the answers are left out.
    pub problem: Option<FieldProblem>,
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
    /// The whole period as one bucket.
    pub current: Totals,
    /// The same of the period before.
    pub before: Totals,
    /// `provider-share` by network, of the whole period as one bucket.
    pub networks: Answer,
    /// `coverage` by provider, of the whole period as one bucket.
    pub coverage: Answer,
    /// What people have marked in the period, in the order of time.
    pub annotations: Vec<Annotation>,
    /// Earlier ones that no answer has room for.
    pub annotations_left_out: u64,
    /// One per metric, in the order of the page.
    pub sections: Vec<Section>,
    /// The colours of the sections' charts.
    pub colours: crate::serve::charts::Colours,
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

/// The answers for a period as one bucket.
#[derive(Debug, Default)]
pub struct Totals {
    /// `bot-growth`.
    pub growth: Answer,
    /// `bot-activity`.
    pub activity: Answer,
    /// `conversion`.
    pub conversion: Answer,
    /// `provider-share` by provider.
    pub providers: Answer,
    /// `payments`.
    pub payments: Answer,
}

/// A table and what a reader must know beside it.
#[derive(Debug, Default)]
pub struct Answer {
    /// The rows.
    pub table: Table,
    /// Warnings of the metric.
    pub warnings: Vec<String>,
    /// The exchange rates by which amounts were converted.
    pub rates: Vec<RateUse>,
    /// What settles late, and which buckets have not.
    pub maturity: Vec<Maturity>,
    /// Buckets of the range.
    pub buckets: usize,
    /// Those of them that had not begun at the moment that answers: they have no rows.
    pub not_begun: usize,
    /// The values that one row tells of together.
    pub left_out: Option<LeftOut>,
    /// Why there is no answer, in words; the rows are none then.
    pub lacking: Option<String>,
}

impl Answer {
    /// Whether a text stands for all the values that are not told one by one.
    pub fn tells_of_others(&self, text: &str) -> bool {
        self.left_out.as_ref().is_some_and(|left_out| left_out.label == text)
    }
}

/// What a section is about; it chooses its one-sentence reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Paying in the thread against leaving it.
    Paths,
    /// Growth of the population.
    Population,
    /// When the population reached which number.
    Milestones,
    /// What the population comes to if things go on as they went.
    Forecast,
    /// Active, new and churned bots.
    Activity,
    /// How many bots come to talk, to sell and to be paid.
    Activation,
    /// How many bots stay.
    Retention,
    /// The funnel.
    Conversion,
    /// Who processes the money.
    Providers,
    /// Which card network carries it.
    Networks,
    /// Why the rate of approval moved.
    Change,
    /// Why attempts fail.
    Declines,
    /// How much of the money belongs to a bot.
    Joining,
    /// Money and success rates.
    Payments,
    /// What money comes in if things go on as they went.
    Outlook,
}

/// One metric: its chart, its table and its meaning.
#[derive(Debug)]
pub struct Section {
    /// What it is about.
    pub topic: Topic,
    /// The metric's name in addresses.
    pub metric: &'static str,
    /// The metric's meaning.
    pub meaning: Meaning,
    /// The length of a bucket of its rows; `None` where they are of the whole period.
    pub interval: Option<Interval>,
    /// The rows behind the chart.
    pub answer: Answer,
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

/// The meaning of a metric's numbers, as its definition says it.
#[derive(Debug, Clone, Copy)]
pub struct Meaning {
    /// One paragraph.
    pub text: &'static str,
    /// What is counted above the line.
    pub numerator: &'static str,
    /// What is counted below the line.
    pub denominator: &'static str,
    /// What is left out.
    pub excludes: &'static [&'static str],
    /// Version of the meaning.
    pub version: u32,
}
