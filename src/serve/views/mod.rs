//! How each metric is shown: its picture, its sentence and its place on the page. A view reads a report and computes
//! nothing. One more is its file and its line in `ALL`.

mod bot_activation;
mod bot_activity;
mod bot_growth;
mod bot_retention;
mod change;
mod conversation_length;
mod conversion;
mod coverage;
mod declines;
mod forecast;
mod milestones;
mod path_effect;
mod payments;
mod provider_share;
pub mod row;

use super::answer::report::Report;
use super::charts::pictures::lines;
use super::charts::{ChartRequest, Medium, Picture};
use crate::metrics::Question;
use crate::model::{Currency, Interval, Table, TimeRange};

pub use provider_share::largest;

/// How one metric is shown.
#[derive(Debug)]
pub struct View {
    /// The metric's name.
    pub metric: &'static str,
    /// Its picture.
    pub(crate) picture: Picture,
    /// Whether the picture, the sentence or a key figure tells of the whole range beside its buckets.
    pub whole: bool,
    /// The title of the picture, where it is not the metric's.
    pub title: Option<fn(&Question) -> String>,
    /// What stands in a cell of the page's table, by its row and column, instead of a number that tells nothing.
    pub in_words: fn(&Table, usize, &str) -> Option<&'static str>,
    /// Where it stands on the page; `None`: nowhere.
    pub place: Option<Place>,
}

/// A section of the page.
#[derive(Debug)]
pub struct Place {
    /// Its title; its name in addresses follows from it.
    pub title: &'static str,
    /// The parameters of the metric's own with which it asks.
    pub own: &'static [(&'static str, &'static str)],
    /// The interval of its buckets, from the page's range and interval; `None` takes the range as one.
    pub buckets: fn(&TimeRange, Interval) -> Option<Interval>,
    /// What its picture is of.
    pub pictured: Pictured,
    /// Height of the picture on a phone, in pixels.
    pub phone: u32,
    /// The height that the rows of the picture need, in pixels; `None` where it has no rows.
    pub rows: fn(&Report) -> Option<u32>,
    /// What the period says, in words. The second argument is the reason why the period before cannot be compared with.
    pub sentence: fn(&Report, Option<&str>) -> String,
}

/// What a picture of the page is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictured {
    /// The buckets.
    Buckets,
    /// A change against the period before: no picture where that has no data or the period is not over.
    Change,
    /// The whole period.
    Whole,
    /// The whole period, and below it the buckets.
    WholeAndTrend,
}

/// How a metric is shown that has no view of its own.
const PLAIN: View = View {
    metric: "",
    picture: Picture::of(lines::draw),
    whole: false,
    title: None,
    in_words: |_, _, _| None,
    place: None,
};

/// A place with nothing special about it.
const PLACE: Place = Place {
    title: "",
    own: &[],
    buckets: |_, interval| Some(interval),
    pictured: Pictured::Buckets,
    phone: 320,
    rows: |_| None,
    sentence: |_, _| String::new(),
};

/// Every view. Those with a place stand on the page in this order.
const ALL: &[View] = &[
    path_effect::VIEW,
    bot_growth::VIEW,
    milestones::VIEW,
    forecast::BOTS,
    bot_activity::VIEW,
    bot_activation::VIEW,
    bot_retention::VIEW,
    conversion::VIEW,
    conversation_length::VIEW,
    payments::VIEW,
    forecast::MONEY,
    provider_share::PROVIDERS,
    provider_share::NETWORKS,
    change::VIEW,
    declines::VIEW,
    coverage::VIEW,
];

/// The first view of a metric.
pub fn find(metric: &str) -> &'static View {
    ALL.iter().find(|view| view.metric == metric).unwrap_or(&PLAIN)
}

/// The views that have a place on the page, in its order.
pub fn placed() -> impl Iterator<Item = (&'static View, &'static Place)> {
    ALL.iter().filter_map(|view| Some((view, view.place.as_ref()?)))
}

/// The height of so many rows of a picture and of its title, in pixels.
fn height(rows: usize, row: u32) -> u32 {
    const TITLE: u32 = 84;
    let rows = u32::try_from(rows).unwrap_or(u32::MAX);
    rows.saturating_mul(row).saturating_add(TITLE)
}

impl Place {
    /// Its name in addresses.
    pub fn anchor(&self) -> String {
        self.title.to_lowercase().replace(' ', "-")
    }
}

impl View {
    /// Has its picture of a report drawn, so many pixels wide and high. `subtitle` says what narrows the question.
    pub(crate) fn drawn<T>(
        &self,
        report: &Report,
        subtitle: &str,
        (width, height): (u32, u32),
        medium: Medium,
        draw: impl FnOnce(&ChartRequest) -> T,
    ) -> T {
        let question = &report.question;
        let dimension = question.parameter("dimension");
        let title = self.title.map(|title| title(question));
        draw(&ChartRequest {
            metric: report.metric.name,
            picture: self.picture,
            title: title.as_deref().unwrap_or(report.metric.title),
            subtitle,
            table: &report.table,
            whole: report.whole_range(),
            left_out: report.left_out.as_ref(),
            range: &question.range,
            as_of: question.as_of,
            group_by: &question.group_by,
            currency: question.currency.as_ref().map(Currency::code),
            annotations: &report.meta.annotations,
            annotations_left_out: report.meta.annotations_left_out,
            dimension: (!dimension.is_empty()).then_some(dimension),
            width,
            height,
            medium,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::metrics;

    #[test]
    fn every_place_has_a_name_of_its_own_and_asks_a_metric_for_what_it_takes() {
        let mut anchors = BTreeSet::new();
        for (view, place) in placed() {
            assert!(anchors.insert(place.anchor()), "{}", place.title);
            let metric = metrics::find(view.metric).unwrap();
            for (name, value) in place.own {
                let parameter = metric.parameters.iter().find(|one| one.name == *name).unwrap();
                assert!(parameter.read(value).is_ok(), "{name}={value} of {}", metric.name);
            }
        }
    }

    #[test]
    fn a_metric_without_a_view_has_no_place_and_is_not_read_twice() {
        let view = find("one more");
        assert!(view.place.is_none() && !view.whole);
    }
}
