//! A funnel's figures: what is counted at each step of each bucket and group, and what follows from it.

use polars::prelude::{Expr, LazyFrame, QuantileMethod, col, lit};

use super::steps::Steps;
use crate::metrics::grouping::{Accumulators, Group, counts, groups, keys};
use crate::metrics::{Filter, MetricError, Question};

/// One step of one bucket and group.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct StepCounters {
    pub entered: i64,
    pub reached: i64,
    pub open: i64,
    pub open_reached: i64,
    median: Option<f64>,
    p90: Option<f64>,
    from_previous: Option<f64>,
}

/// Of each bucket and group its steps; none where nothing was counted.
pub(super) type Counters = Accumulators<Vec<StepCounters>>;

/// The funnel of a question.
pub(super) struct Funnel<'a> {
    pub question: &'a Question,
    pub steps: Steps,
    /// What the facts are split by: the asked dimensions, then those that only late filters name.
    pub split: Vec<&'static str>,
}

impl<'a> Funnel<'a> {
    /// The funnel that a question asks for.
    pub fn of(question: &'a Question) -> Self {
        let mut funnel = Funnel {
            question,
            steps: Steps::of(question),
            split: question.group_by.clone(),
        };
        let late = question.filters.iter().filter(|filter| funnel.is_late(filter));
        let hidden = late.map(|filter| filter.dimension);
        let hidden: Vec<_> = hidden.filter(|name| !question.group_by.contains(name)).collect();
        funnel.split.extend(hidden);
        funnel
    }

    /// Whether a filter keeps what has no value, and is of a dimension that a step does not know: there no unit
    /// has a value, and all stay.
    fn is_late(&self, filter: &Filter) -> bool {
        filter.keeps(None) && self.steps.known_from(filter.dimension) != Some(0)
    }

    /// The question that the facts are cut for: late filters are left to the steps.
    pub fn early(&self) -> Question {
        let mut asked = self.question.clone();
        asked.filters.retain(|filter| !self.is_late(filter));
        asked.group_by.clone_from(&self.split);
        asked
    }

    /// The late filters that apply at a step.
    fn late(&self, step: usize) -> impl Iterator<Item = &Filter> {
        let filters = self.question.filters.iter();
        filters.filter(move |filter| self.is_late(filter) && self.steps.knows(filter.dimension, step))
    }

    /// The counter of a step, in the group as it is known there: values that come later are not there yet.
    /// None where the step leaves the values of [`Funnel::split`] out.
    pub fn step<'t>(
        &self,
        counters: &'t mut Counters,
        bucket: usize,
        group: &Group,
        step: usize,
    ) -> Option<&'t mut StepCounters> {
        let known = |(name, value): (&&str, &Option<String>)| value.clone().filter(|_| self.steps.knows(name, step));
        let leaves_out = |filter: &Filter| {
            let mut values = self.split.iter().zip(group);
            values.any(|(name, found)| *name == filter.dimension && !filter.keeps(found.as_deref()))
        };
        if self.late(step).any(leaves_out) {
            return None;
        }
        let group: Group = self.question.group_by.iter().zip(group).map(known).collect();
        let steps = counters.at(bucket, &group)?;
        steps.resize(self.steps.0.len(), StepCounters::default());
        steps.get_mut(step)
    }

    /// Median and 90th percentile of a step's times, in microseconds by `bucket` and group.
    pub fn time(
        &self,
        reached: LazyFrame,
        step: usize,
        from_entry: Expr,
        from_previous: Expr,
        counters: &mut Counters,
    ) -> Result<(), MetricError> {
        let quantile = |after: Expr, q: f64| (after / lit(1e6)).quantile(lit(q), QuantileMethod::Linear);
        let group_by = &self.question.group_by;
        let names: Vec<&str> = group_by
            .iter()
            .copied()
            .filter(|name| self.steps.knows(name, step))
            .collect();
        let reached = self.late(step).map(kept).fold(reached, LazyFrame::filter);
        let summary = reached
            .group_by(keys(&names))
            .agg([
                quantile(from_entry.clone(), 0.5).alias("median"),
                quantile(from_entry, 0.9).alias("p90"),
                quantile(from_previous, 0.5).alias("from_previous"),
            ])
            .collect()?;
        let at = counts(&summary, "bucket")?;
        let floats =
            |name: &str| -> Result<Vec<Option<f64>>, MetricError> { Ok(summary.column(name)?.f64()?.iter().collect()) };
        let (median, p90, previous) = (floats("median")?, floats("p90")?, floats("from_previous")?);
        for (row, known) in groups(&summary, &names)?.into_iter().enumerate() {
            let mut values = known.into_iter();
            let value = |name: &&str| match self.steps.knows(name, step) {
                true => values.next().flatten(),
                false => None,
            };
            let group: Group = group_by.iter().map(value).collect();
            let bucket = usize::try_from(at[row]).unwrap_or(usize::MAX);
            if let Some(counter) = self.step(counters, bucket, &group, step) {
                (counter.median, counter.p90, counter.from_previous) = (median[row], p90[row], previous[row]);
            }
        }
        Ok(())
    }

    /// The figures of a step, by the names of their columns; none where the step knows nothing of the group.
    pub fn figures(&self, group: &Group, counters: &[StepCounters], index: usize) -> Figures {
        let early = |name: &str| !self.steps.knows(name, index);
        let (group_by, filters) = (&self.question.group_by, &self.question.filters);
        let named = |(name, value): (&&str, &Option<String>)| early(name) && value.is_some();
        let wanted = |filter: &Filter| early(filter.dimension) && !filter.keeps(None);
        if group_by.iter().zip(group).any(named) || filters.iter().any(wanted) {
            return Figures::default();
        }
        let counter = counters.get(index).copied().unwrap_or_default();
        let closed = counter.entered - counter.open;
        // Where a dimension begins to split at this very step, the step before counted other units.
        let begins = |name: &str| index > 0 && self.steps.known_from(name) == Some(index);
        let other = group_by.iter().any(|name| begins(name)) || filters.iter().any(|filter| begins(filter.dimension));
        let before = index
            .checked_sub(1)
            .filter(|_| !other)
            .and_then(|before| counters.get(before));
        let at_entry = (index == 0 && counter.reached > 0).then_some(0.0);
        Figures {
            counts: [
                counter.entered,
                counter.reached,
                closed - counter.reached,
                counter.open,
                counter.open_reached,
                closed,
                before.map_or(0, |before| before.reached),
            ]
            .map(Some),
            seconds: [
                counter.median.or(at_entry),
                counter.p90.or(at_entry),
                counter.from_previous,
            ],
        }
    }
}

/// The figures of one step of one bucket and group, under [`COUNTS`] and [`SECONDS`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    pub counts: [Option<i64>; COUNTS.len()],
    pub seconds: [Option<f64>; SECONDS.len()],
}

/// Counts of units: `closed` are those whose window is over.
pub(super) const COUNTS: [&str; 7] = [
    "entered",
    "reached",
    "dropped",
    "open",
    "open_reached",
    "closed",
    "rate_from_previous_n",
];

/// Lengths of time, in seconds.
pub(super) const SECONDS: [&str; 3] = ["median_seconds", "p90_seconds", "seconds_from_previous"];

/// The rows that a filter keeps, which is one that keeps those without a value.
fn kept(filter: &Filter) -> Expr {
    let is = |value: &String| col(filter.dimension).eq(lit(value.as_str()));
    let any_of = |values: &[Option<String>]| values.iter().flatten().map(is).reduce(Expr::or);
    let wanted = any_of(&filter.any_of).unwrap_or(lit(filter.any_of.is_empty()));
    let unwanted = any_of(&filter.none_of).unwrap_or(lit(false));
    col(filter.dimension).is_null().or(wanted.and(unwanted.not()))
}
