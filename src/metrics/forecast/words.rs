//! Warnings of a forecast: that there is none, that its error is unknown, that the baseline is as good.

use super::damped::LEAST;
use super::explodes;
use super::outlook::{Expected, Outlook};
use crate::model::{Bucket, Interval, TimeRange, Value};

/// Groups that have their own warnings.
const GROUPS: usize = 5;

/// The sentences on all groups, each with the group's name; without a name if there is only one.
pub fn sentences(of_groups: Vec<(String, Vec<String>)>) -> Vec<String> {
    let told = of_groups.into_iter().filter(|(_, sentences)| !sentences.is_empty());
    let told: Vec<(String, Vec<String>)> = told.collect();
    let left = told.len().saturating_sub(GROUPS);
    let named = |(name, sentences): (String, Vec<String>)| {
        let prefix = if name.is_empty() { name } else { name + ": " };
        sentences.into_iter().map(move |sentence| format!("{prefix}{sentence}"))
    };
    let mut all: Vec<String> = told.into_iter().take(GROUPS).flat_map(named).collect();
    if left > 0 {
        all.push(format!("{left} more groups have such warnings"));
    }
    all
}

/// The sentences on one series, of which the `largest` value is so many `unit`s; `shown` writes a number as the
/// answer does.
pub fn of(
    outlook: &Outlook,
    range: &TimeRange,
    ahead: &[Bucket],
    (unit, largest): (&str, f64),
    shown: impl Fn(f64) -> Value,
) -> Vec<String> {
    let expected = match outlook {
        Outlook::TooFew(count) => {
            return vec![format!(
                "too little history: a forecast requires {LEAST} complete buckets before its origin, beginning with \
                 one that is not 0, and there are {count}"
            )];
        }
        Outlook::Expected(expected) => expected,
    };
    let mut sentences = Vec::new();
    if expected.last().is_some_and(|last| last.errors.is_none()) {
        sentences.push(
            "the error of earlier forecasts is not known: the history is too short to test the model on it, or has no \
             growth to repeat"
                .to_owned(),
        );
    }
    let exploded = |at: &usize| {
        expected[*at]
            .errors
            .is_some_and(|errors| explodes(errors.baseline, largest))
    };
    let interval = range.interval.unwrap_or(Interval::Day).as_str();
    if (0..expected.len()).any(|at| exploded(&at)) {
        sentences.push(format!(
            "the error of simply repeating the last {interval}'s growth (the baseline) is not meaningful for this \
             history: it is larger than anything that was counted"
        ));
    }
    let judged = expected.iter().filter(|expected| expected.errors.is_some()).count();
    let worse: Vec<usize> = (0..expected.len())
        .filter(|at| no_better(&expected[*at]) && !exploded(at))
        .collect();
    if let Some((at, errors)) = worse.last().and_then(|at| Some((*at, expected[*at].errors?))) {
        let start = ahead
            .get(at)
            .map(|bucket| range.local(bucket.start).naive_local().to_string());
        sentences.push(format!(
            "the forecast does not beat simply repeating the last {interval}'s growth (the baseline) in {} of the \
             {judged} {interval}{} ahead that can be tested on the past: for the {interval} from {}, its average \
             error is {} {unit}, and that of the baseline {}",
            worse.len(),
            if judged == 1 { "" } else { "s" },
            start.unwrap_or_default().trim_end_matches(" 00:00:00"),
            written(&shown(errors.model)),
            written(&shown(errors.baseline)),
        ));
    }
    sentences
}

/// A number for a sentence: no more decimals than it carries.
fn written(value: &Value) -> String {
    match value {
        Value::Number(x) if x.abs() >= 100.0 => format!("{x:.1}"),
        Value::Number(x) => {
            let text = format!("{x:.3}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        other => other.to_text(),
    }
}

/// Whether the model was off by as much as the baseline or more, as far as numbers are shown.
fn no_better(expected: &Expected) -> bool {
    let told = expected.errors;
    told.is_some_and(|errors| super::rounded(errors.model) >= super::rounded(errors.baseline))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_groups_are_told_of_in_short() {
        let groups = (0..7).map(|n| (format!("p{n}"), vec!["no forecast".to_owned()]));
        let told = sentences(groups.chain([("well".to_owned(), Vec::new())]).collect());
        assert_eq!(told.len(), 6);
        assert_eq!(
            (told[0].as_str(), told[5].as_str()),
            ("p0: no forecast", "2 more groups have such warnings")
        );
        assert_eq!(sentences(vec![(String::new(), vec!["alone".into()])]), ["alone"]);
    }
}
