//! Questions drawn at random: about any metric, range, interval, zone, group, filter, currency and moment.

use botledger::metrics;
use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::world::{END, HALF};

/// A question in parts, so that a law can ask it again otherwise.
#[derive(Debug, Clone)]
pub struct Draw {
    pub metric: &'static str,
    /// Parameters of the metric's own, each beginning with `&`.
    pub own: &'static str,
    pub from: NaiveDate,
    pub days: u64,
    pub interval: Option<&'static str>,
    pub tz: &'static str,
    pub groups: Vec<&'static str>,
    pub filter: &'static str,
    pub mode: &'static str,
    pub currency: &'static str,
    pub as_of: &'static str,
    /// A dimension, for a filter that matches everything.
    pub dimension: &'static str,
}

impl Draw {
    pub fn to(&self) -> NaiveDate {
        self.from.checked_add_days(Days::new(self.days)).unwrap()
    }

    /// Whether the question has a parameter.
    pub fn has(&self, parameter: &str) -> bool {
        self.own.contains(parameter) || self.currency.contains(parameter)
    }

    pub fn question(&self) -> String {
        let interval = self
            .interval
            .map_or_else(String::new, |interval| format!("&interval={interval}"));
        let groups = match self.groups.as_slice() {
            [] => String::new(),
            groups => format!("&group_by={}", groups.join(",")),
        };
        format!(
            "{}?from={}&to={}&tz={}&as_of={}{}{interval}{groups}{}{}{}",
            self.metric,
            self.from,
            self.to(),
            self.tz,
            self.as_of,
            self.own,
            self.filter,
            self.mode,
            self.currency,
        )
    }

    pub fn without_groups(&self) -> Draw {
        Draw {
            groups: Vec::new(),
            ..self.clone()
        }
    }

    /// The same in finer buckets, where that is not too much.
    pub fn finer(&self) -> Option<Draw> {
        // A forecast learns from days where nothing else is asked for.
        let asked = self.interval.or((self.metric == "forecast").then_some("day"));
        let interval = match asked {
            Some("hour") => return None,
            Some("day") if self.days > 6 => return None,
            Some("day") => "hour",
            Some("quarter" | "year") => "month",
            Some(_) => "day",
            None if self.days > 70 => "month",
            None => "day",
        };
        // The rows of cohorts grow with the square of the buckets.
        let fits = self.metric != "bot-retention" || interval == "month" || interval == "day" && self.days <= 40;
        fits.then(|| Draw {
            interval: Some(interval),
            ..self.clone()
        })
    }
}

/// What a metric can be asked beside what all can.
fn own(metric: &str) -> &'static [&'static str] {
    match metric {
        "bot-activation" => &["", "&window=7d", "&window=1h"],
        "bot-retention" => &["", "&unit=user"],
        "milestones" => &["", "&at=1,2,5,10,20,30"],
        "conversion" => &[
            "",
            "&unit=user",
            "&window=2h",
            "&steps=started,product.viewed,checkout,transaction.captured&window=3d",
        ],
        "path-effect" => &["", "&window=30m"],
        "provider-share" => &[
            "",
            "&dimension=network",
            "&dimension=method&basis=cohort",
            "&dimension=wallet",
        ],
        "payments" => &["", "&basis=cohort"],
        "declines" => &["", "&failures=declined"],
        "change" => &[
            "",
            "&of=payment_success&dimension=network",
            "&of=first_attempt_approval&dimension=method",
            "&dimension=wallet&compare=previous_year",
        ],
        "forecast" => &["&horizon=3", "&of=payments&horizon=3", "&of=gross&horizon=3"],
        _ => &[""],
    }
}

const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
];

/// Intervals and the least and most days of a range that is cut by them.
const SPANS: [(Option<&str>, u64, u64); 7] = [
    (Some("hour"), 1, 3),
    (Some("day"), 1, 40),
    (Some("week"), 10, 120),
    (Some("month"), 20, 300),
    (Some("quarter"), 100, 420),
    (Some("year"), 200, 440),
    (None, 1, 300),
];

/// Filters, and the dimension that a metric must have for each.
const FILTERS: [(&str, &str); 8] = [
    ("", "platform"),
    ("", "platform"),
    ("", "platform"),
    ("&platform=messenger", "platform"),
    ("&platform!=web", "platform"),
    ("&country!=US", "country"),
    ("&provider=stripe,paypal", "provider"),
    ("&path=in_thread,webview&path!=redirect", "path"),
];

/// Any question about a metric.
pub fn draw(metric: &'static str) -> impl Strategy<Value = Draw> {
    let dimensions: Vec<&str> = metrics::find(metric)
        .unwrap()
        .dimensions
        .iter()
        .map(|one| one.0)
        .collect();
    let has = |name: &str| dimensions.contains(&name);
    let filters: Vec<&str> = FILTERS
        .iter()
        .filter(|(_, name)| has(name))
        .map(|(filter, _)| *filter)
        .collect();
    // A triangle of periods for each bot would be too long.
    let groups: Vec<&str> = dimensions
        .iter()
        .copied()
        .filter(|name| (metric, *name) != ("bot-retention", "bot"))
        .collect();
    let when = (
        0..7usize,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0..6usize,
    );
    let what = (
        prop::sample::select(own(metric)),
        prop::sample::subsequence(groups, 0..=2),
        prop::sample::select(filters),
        prop::sample::select(dimensions),
    );
    let how = (
        prop::sample::select(vec!["", "", "", "", "&mode=test"]),
        prop::sample::select(vec![
            "&currency=USD",
            "&currency=EUR",
            "&currency=original",
            "&currency=original",
        ]),
        prop::sample::select(vec![END, END, END, END, END, END, END, HALF]),
    );
    (when, what, how).prop_map(
        move |((span, from, days, zone), (own, groups, filter, dimension), how)| {
            let (interval, least, most) = SPANS[span];
            let first = NaiveDate::from_ymd_opt(2024, 1, 20).unwrap();
            let days = least + days.index((most - least + 1) as usize) as u64;
            // Now and then it reaches beyond the present.
            let from = first
                .checked_add_days(Days::new(from.index(470 - days as usize) as u64))
                .unwrap();
            let (mode, currency, as_of) = how;
            Draw {
                metric,
                own,
                from,
                // The rows of cohorts grow with the square of the buckets.
                days: if (metric, interval) == ("bot-retention", Some("hour")) {
                    1
                } else {
                    days
                },
                interval,
                tz: ZONES[zone],
                groups,
                filter,
                mode,
                currency,
                as_of,
                dimension,
            }
        },
    )
}
