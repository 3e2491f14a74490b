//! What of a section has not settled yet, in a sentence.

use chrono_tz::Tz;

use super::table::heading;
use crate::model::Interval;
use crate::serve::answer::maturity::Maturity;
use crate::serve::answer::report::Report;

/// Says which buckets still move and until when; `None` where none do.
pub fn sentence(report: &Report) -> Option<String> {
    let range = &report.question.range;
    let begun = report.begun();
    let ahead = range.buckets.len().saturating_sub(begun);
    told(&report.meta.maturity, (begun, ahead), range.interval, range.tz)
}

/// The same, of so many buckets that have begun and that have not.
fn told(all: &[Maturity], (begun, ahead): (usize, usize), interval: Option<Interval>, tz: Tz) -> Option<String> {
    let several = all.len() > 1;
    let parts: Vec<String> = all
        .iter()
        // What has not begun has nothing to settle. It is the last of the range.
        .map(|one| (one, one.immature.saturating_sub(ahead)))
        .filter(|(_, immature)| *immature > 0)
        .map(|(one, immature)| {
            let name = one.columns.first().filter(|_| several);
            let name = name.map_or(String::new(), |column| format!("{}, ", heading(column).to_lowercase()));
            let whose = if immature == 1 { "its" } else { "their" };
            let (which, window) = (buckets(one, (immature, begun), interval, tz), length(&one.window));
            format!("{name}{which}, until {window} after {whose} end")
        })
        .collect();
    (!parts.is_empty()).then(|| format!("Not settled yet: {}.", parts.join("; ")))
}

/// The buckets that still move: how many of how many, from when.
fn buckets(one: &Maturity, (immature, all): (usize, usize), interval: Option<Interval>, tz: Tz) -> String {
    let (Some(interval), Some(from)) = (interval, one.immature_from) else {
        return "this period".into();
    };
    let name = interval.as_str();
    let pattern = match interval {
        Interval::Hour => "%-d %b %Y, %H:%M",
        _ => "%-d %b %Y",
    };
    let from = from.with_timezone(&tz).format(pattern);
    match (immature, all) {
        (1, 1) => format!("the only {name}"),
        _ if immature == all => format!("all {all} {name}s"),
        _ => format!("{immature} of {all} {name}s, from {from}"),
    }
}

/// A duration such as `24h` in words.
fn length(written: &str) -> String {
    let (number, unit) = written.split_at(written.len().saturating_sub(1));
    let unit = match unit {
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        "d" => "day",
        _ => return written.to_owned(),
    };
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    fn at(time: &str) -> Option<DateTime<Utc>> {
        time.parse().ok()
    }

    fn waiting(column: &'static str, window: &str, immature: usize) -> Maturity {
        Maturity {
            columns: vec![column],
            window: window.into(),
            mature_until: None,
            immature_from: at("2016-09-11T22:00:00Z").filter(|_| immature > 0),
            immature,
        }
    }

    fn told(maturity: Vec<Maturity>, buckets: usize, interval: Option<Interval>) -> String {
        super::told(&maturity, (buckets, 0), interval, Tz::Europe__Rome).unwrap_or_default()
    }

    #[test]
    fn one_window_needs_no_name_and_dates_are_those_of_the_zone() {
        let told = |immature| told(vec![waiting("rate", "24h", immature)], 12, Some(Interval::Week));
        assert_eq!(
            told(3),
            "Not settled yet: 3 of 12 weeks, from 12 Sep 2016, until 24 hours after their end."
        );
        assert_eq!(
            told(12),
            "Not settled yet: all 12 weeks, until 24 hours after their end."
        );
        assert_eq!(told(0), "", "nothing to say");
    }

    #[test]
    fn several_windows_are_told_by_name_and_the_settled_ones_not_at_all() {
        let windows = vec![
            waiting("checkout_conversion", "24h", 0),
            waiting("refund_rate", "60d", 1),
            waiting("dispute_rate", "120d", 2),
        ];
        assert_eq!(
            told(windows, 2, Some(Interval::Month)),
            "Not settled yet: refund rate, 1 of 2 months, from 12 Sep 2016, until 60 days after its end; \
             dispute rate, all 2 months, until 120 days after their end."
        );
    }

    #[test]
    fn without_an_interval_it_is_the_period() {
        assert_eq!(
            told(vec![waiting("rate", "1d", 1)], 1, None),
            "Not settled yet: this period, until 1 day after its end."
        );
    }
}
