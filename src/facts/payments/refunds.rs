//! Refunds of one payment, stated one by one or as the sum so far of a capture.
//!
//! Both ways describe the same money: at every moment, the refunded amount is the larger of the two.
//! So a refund that is stated both ways counts once, and one whose own statement was missed still counts.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::reversals::Reversal;
use super::stated::{Gone, Released, SKEW, Stated, least};

/// What has gone back by refunds.
#[derive(Debug, Default)]
pub(super) struct Refunded<'a> {
    /// The moments at which the sum grew, and what it then was.
    pub grown: Vec<(i64, i128)>,
    /// Each refund; money that only sums report is one more.
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

    /// From when until when, the end left out, sums hold the refund although it does not count by then, or never.
    fn wrongly_in(&self) -> Option<(i64, i64)> {
        let from = self.made.map_or(i64::MIN, |made| made.saturating_sub(SKEW));
        let until = match (self.failed, self.done) {
            (Some(failed), _) => failed.saturating_add(1),
            (None, Some(done)) => done,
            (None, None) => i64::MAX,
        };
        let pending = self.failed.is_some() || self.done.is_none() || self.made < self.done && self.made.is_some();
        (pending && from < until).then_some((from, until))
    }
}

/// What sums hold beside refunds that count: of each capture, and without one of the whole payment.
///
/// It is summed up once, so that a sum of any moment is looked up.
#[derive(Debug, Default)]
struct Beside<'a>(HashMap<Option<&'a str>, Vec<(i64, i128)>>);

impl<'a> Beside<'a> {
    /// From that moment on they hold so much more.
    fn add(&mut self, capture: Option<&'a str>, at: i64, minor: i128) {
        if capture.is_some() {
            self.0.entry(capture).or_default().push((at, minor));
        }
        self.0.entry(None).or_default().push((at, minor));
    }

    fn summed(mut self) -> Self {
        for steps in self.0.values_mut() {
            steps.sort_by_key(|(at, _)| *at);
            let mut sum = 0;
            for (_, minor) in steps {
                sum += *minor;
                *minor = sum;
            }
        }
        self
    }

    /// What a sum of that moment holds.
    fn at(&self, capture: Option<&str>, at: i64) -> i128 {
        let Some(steps) = self.0.get(&capture) else { return 0 };
        let before = steps.partition_point(|(from, _)| *from <= at);
        before.checked_sub(1).map_or(0, |last| steps[last].1)
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
    // What sums hold beside refunds that count.
    let mut beside = Beside::default();
    for held in released {
        beside.add(Some(held.capture), i64::MIN, held.minor.into());
    }
    for part in parts.iter().filter(|part| !counts_at_once(part)) {
        if let Some((from, until)) = part.wrongly_in() {
            beside.add(part.capture(), from, part.minor);
            beside.add(part.capture(), until, -part.minor);
        }
    }
    for reversal in reversed {
        let (at, minor) = reversal.within();
        beside.add(reversal.capture(), at, minor);
    }
    let beside = beside.summed();
    let net = |sum: &Stated<'a>| {
        let told = i128::from(sum.minor.unwrap_or(0)) + i128::from(sum.released);
        told - beside.at(sum.capture, sum.at)
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

/// The outcome: refunds that count, and money that only sums report.
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
    // The first of each capture and amount; a hold is told once for each capture.
    let mut firsts: HashMap<(&str, i128), (i64, usize)> = HashMap::new();
    for (nth, part) in parts.iter().enumerate() {
        if let (Some(capture), Some(from)) = (part.capture(), part.counts_from()) {
            let first = firsts.entry((capture, part.minor)).or_insert((from, nth));
            *first = (*first).min((from, nth));
        }
    }
    // Made when the hold was taken: later ones give back what was taken.
    let release = |held: &Released<'a>| {
        let (at, nth) = *firsts.get(&(held.capture, i128::from(held.minor)))?;
        (held.minor > 0 && at <= held.at.saturating_add(SKEW)).then_some(nth)
    };
    let releases: HashSet<usize> = released.iter().filter_map(release).collect();
    let mut nth = 0..;
    parts.retain(|_| nth.next().is_none_or(|nth| !releases.contains(&nth)));
    parts
}
