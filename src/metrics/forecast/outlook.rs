//! The forecast of one series: which of its buckets count, what follows them, and how far that was off before.

use super::super::Question;
use super::super::statistics::Z;
use super::damped::{Ahead, fits};
use super::held_back::{Errors, errors};
use crate::model::Bucket;

/// The 90 % point of the normal distribution: 80 % two-sided.
const Z80: f64 = 1.281552;

/// One bucket ahead: what is expected, between what, and the errors of earlier such forecasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// The point forecast.
    pub value: f64,
    /// 80 % and 95 % interval: low, high, low, high.
    pub bounds: [f64; 4],
    /// At this number of steps ahead, where any bucket could be held back.
    pub errors: Option<Errors>,
}

/// What follows a series.
#[derive(Debug, PartialEq)]
pub enum Outlook {
    /// Too few buckets to fit the model to; how many there are.
    TooFew(usize),
    /// One for each bucket ahead.
    Expected(Vec<Expected>),
}

/// Forecasts a series whose buckets are those of the question, for the buckets `ahead` of its end.
///
/// The question's `as_of` must not be after its range: nothing later may be known.
pub fn outlook(question: &Question, values: &[Option<i128>], ahead: &[Bucket]) -> Outlook {
    let buckets = &question.range.buckets;
    let complete = |bucket: &Bucket| question.complete(bucket);
    let Some(last) = buckets.iter().rposition(complete) else {
        return Outlook::TooFew(0);
    };
    let first = buckets.iter().position(complete).unwrap_or(last);
    let known = values.get(first..=last).map(learnt).unwrap_or_default();
    let fits = fits(&known);
    let Some(fit) = fits.last().copied().flatten() else {
        return Outlook::TooFew(known.len());
    };
    // Where the range's end cuts a bucket, this one is both the last behind and the first ahead.
    let cut = ahead.first().is_some_and(|bucket| bucket.start < question.range.to);
    let skipped = buckets.len() - 1 - last - usize::from(cut);
    let steps = skipped + ahead.len();
    let errors = errors(&known, &fits, steps);
    let expected = fit.ahead(steps).into_iter().zip(errors);
    let expected = expected.map(|(ahead, errors)| Expected {
        value: not_below(ahead.mean),
        bounds: bounds(ahead),
        errors,
    });
    Outlook::Expected(expected.skip(skipped).collect())
}

/// The values after the last that is not known, without the zeros before the first of anything.
fn learnt(values: &[Option<i128>]) -> Vec<f64> {
    let after = values.iter().rposition(Option::is_none).map_or(0, |at| at + 1);
    let known = values[after..].iter().flatten().map(|value| *value as f64);
    known.skip_while(|value| *value == 0.0).collect()
}

fn bounds(ahead: Ahead) -> [f64; 4] {
    [-Z80, Z80, -Z, Z].map(|z| not_below(ahead.mean + z * ahead.deviation))
}

/// Fewer than none cannot be.
fn not_below(value: f64) -> f64 {
    if value > 0.0 { value } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_before_the_first_and_all_before_a_gap_are_not_learnt_from() {
        let values = [0, 0, 3, 0, 4].map(Some);
        assert_eq!(learnt(&values), [3.0, 0.0, 4.0]);
        assert_eq!(learnt(&[Some(9), None, Some(0), Some(4)]), [4.0]);
        assert!(learnt(&[Some(0), Some(0)]).is_empty());
    }
}
