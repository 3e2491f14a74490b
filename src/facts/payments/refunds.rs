//! Refunds of one payment, stated one by one or as the sum so far of a capture.
//!
//! Both ways tell of the same money: at every moment as much has gone back as the larger of the two says.
//! So a refund that is stated both ways counts once, and one whose own statement was missed still counts.

use std::collections::{BTreeMap, HashMap};

use super::reversals::Reversal;
use super::stated::{Gone, Released, SKEW, Stated, least};

/// What has gone back by refunds.
#[derive(Debug, Default)]
pub(super) struct Refunded<'a> {
    /// The moments at which the sum grew, and what it then was.
    pub grown: Vec<(i64, i128)>,
    /// Each refund; what only sums tell of is one more.
    pub gone: Vec<Gone<'a>>,
    /// The sum of each capture.
    pub of_capture: HashMap<&'a str, i128>,
}

/// One refund.
#[derive(Debug)]
struct Part<'a> {
    id: Option<&'a str>,
    named_capture: Option<&'a str>,
    capture: Option<&'a str>,
    minor: i128,
    /// When it was first heard of, other than by its failure.
    made: Option<i64>,
    /// When it was first said to be done.
    done: Option<i64>,
    failed: Option<i64>,
}

impl<'a> Part<'a> {
    fn capture(&self) -> Option<&'a str> {
        self.named_capture.or(self.capture)
    }

    fn counts_from(&self) -> Option<i64> {
        self.done.filter(|_| self.failed.is_none())
    }

    /// Whether a sum of that moment holds the refund although it does not count by then, or never.
    fn is_wrongly_in(&self, at: i64) -> bool {
        let made = self.made.is_none_or(|made| made.saturating_sub(SKEW) <= at);
        made && match (self.failed, self.done) {
            (Some(failed), _) => at <= failed,
            (None, Some(done)) => self.made.is_some_and(|made| made < done) && at < done,
            (None, None) => true,
        }
    }
}

/// How far the parts and the sums of one capture have come.
#[derive(Debug, Default, Clone, Copy)]
struct Level {
    parts: i128,
    so_far: i128,
}

/// Works out the refunds of one payment.
///
/// Sums hold reversals too, which count on their own.
pub(super) fn refunds<'a>(stated: &[Stated<'a>], released: &[Released<'a>], reversed: &[Reversal<'a>]) -> Refunded<'a> {
    let parts = parts(stated, released);
    let counts_at_once = |part: &&Part| part.counts_from().is_some() && part.counts_from() == part.made;
    let wrong: Vec<&Part> = parts.iter().filter(|part| !counts_at_once(part)).collect();
    let of = |capture: Option<&str>, other: Option<&str>| capture.is_none() || capture == other;
    // Of a statement without a capture the sum is that of the whole payment.
    let net = |sum: &Stated<'a>| {
        let release = released.iter().filter(|held| of(sum.capture, Some(held.capture)));
        let release: i128 = release.map(|held| i128::from(held.minor)).sum();
        let wrong = wrong
            .iter()
            .filter(|part| of(sum.capture, part.capture()) && part.is_wrongly_in(sum.at));
        let told = i128::from(sum.minor.unwrap_or(0)) + i128::from(sum.released);
        let reversed = reversed.iter().filter(|reversal| of(sum.capture, reversal.capture()));
        let reversed: i128 = reversed.map(|reversal| reversal.within(sum.at)).sum();
        told - release - reversed - wrong.map(|part| part.minor).sum::<i128>()
    };
    let counted = parts
        .iter()
        .filter_map(|part| Some((part.counts_from()?, part.capture(), part.minor, false)));
    let sums = stated
        .iter()
        .filter(|statement| statement.cumulative)
        .map(|sum| (sum.at, sum.capture, net(sum), true));
    let mut moments: Vec<(i64, Option<&'a str>, i128, bool)> = counted.chain(sums).collect();
    moments.sort_by_key(|(at, ..)| *at);

    let mut levels: HashMap<Option<&'a str>, Level> = HashMap::new();
    let (mut one_by_one, mut by_capture, mut total) = (0, 0, 0);
    let mut grown = Vec::new();
    for (at, capture, minor, is_sum) in moments {
        let level = levels.entry(capture).or_default();
        let before = level.parts.max(level.so_far);
        if is_sum {
            level.so_far = level.so_far.max(minor);
        } else {
            level.parts += minor;
            one_by_one += minor;
        }
        if capture.is_some() {
            by_capture += level.parts.max(level.so_far) - before;
        }
        let whole = levels.get(&None).map_or(0, |level| level.so_far);
        let now = one_by_one.max(by_capture).max(whole);
        if now > total {
            total = now;
            grown.push((at, total));
        }
    }
    outcome(&parts, &levels, total, grown)
}

/// The outcome: refunds that count, and beside them what only sums tell of.
fn outcome<'a>(
    parts: &[Part<'a>],
    levels: &HashMap<Option<&'a str>, Level>,
    total: i128,
    grown: Vec<(i64, i128)>,
) -> Refunded<'a> {
    let counted = parts.iter().filter(|part| part.counts_from().is_some());
    let mut gone: Vec<Gone<'a>> = counted
        .map(|part| Gone {
            id: part.id,
            capture: part.capture(),
            minor: part.minor,
        })
        .collect();
    let mut captures: Vec<(&'a str, Level)> = levels
        .iter()
        .filter_map(|(name, level)| Some(((*name)?, *level)))
        .collect();
    captures.sort_by_key(|(capture, _)| *capture);
    let more = captures
        .iter()
        .map(|(capture, level)| (Some(*capture), level.so_far - level.parts));
    let more: Vec<_> = more.filter(|(_, minor)| *minor > 0).collect();
    let of_unknown =
        total - gone.iter().map(|gone| gone.minor).sum::<i128>() - more.iter().map(|(_, minor)| minor).sum::<i128>();
    for (capture, minor) in more.into_iter().chain([(None, of_unknown)]) {
        if minor > 0 {
            gone.push(Gone {
                id: None,
                capture,
                minor,
            });
        }
    }
    let of_capture = captures
        .into_iter()
        .map(|(capture, level)| (capture, level.parts.max(level.so_far)));
    Refunded {
        grown,
        gone,
        of_capture: of_capture.collect(),
    }
}

/// Each refund by its id, without those that are the release of a hold.
fn parts<'a>(stated: &[Stated<'a>], released: &[Released<'a>]) -> Vec<Part<'a>> {
    let mut parts: BTreeMap<(&str, &str), Part<'a>> = BTreeMap::new();
    for statement in stated.iter().filter(|statement| !statement.cumulative) {
        // One without a name is told apart by the event that states it.
        let name = statement.id.map_or(statement.event, |id| (id, ""));
        let part = parts.entry(name).or_insert(Part {
            id: statement.id,
            named_capture: None,
            capture: None,
            minor: 0,
            made: None,
            done: None,
            failed: None,
        });
        part.named_capture = least(part.named_capture, statement.named_capture);
        part.capture = least(part.capture, statement.capture);
        part.minor = part.minor.max(statement.minor.unwrap_or(0).into());
        if statement.failed {
            part.failed = least(part.failed, Some(statement.at));
        } else {
            part.made = least(part.made, Some(statement.at));
            if !statement.pending {
                part.done = least(part.done, Some(statement.at));
            }
        }
    }
    let mut parts: Vec<Part<'a>> = parts.into_values().collect();
    for held in released.iter().filter(|held| held.minor > 0) {
        // The first of that amount, made when the hold was taken: later ones give back what was taken.
        let is_release = |part: &Part| {
            let in_time = part.counts_from().filter(|at| *at <= held.at.saturating_add(SKEW));
            in_time.filter(|_| part.capture() == Some(held.capture) && part.minor == i128::from(held.minor))
        };
        let found = parts
            .iter()
            .enumerate()
            .filter_map(|(nth, part)| Some((is_release(part)?, nth)));
        if let Some((_, nth)) = found.min() {
            parts.remove(nth);
        }
    }
    parts
}
