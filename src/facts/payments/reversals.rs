//! Reversals of one payment: parts that add up, except where a refund or a lost dispute is the same money.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::stated::{Gone, Stated, least};

/// What was taken of one payment, and what has gone back already.
#[derive(Debug, Default)]
pub(super) struct Taken<'a> {
    /// Of each capture.
    pub captured: HashMap<&'a str, i128>,
    /// Of each capture, by refunds and lost disputes.
    pub back: HashMap<&'a str, i128>,
    /// All that was taken and has not gone back.
    pub left: i128,
    /// Each refund and each lost dispute.
    pub gone: Vec<Gone<'a>>,
}

/// One reversal.
#[derive(Debug)]
pub(super) struct Reversal<'a> {
    at: i64,
    id: Option<&'a str>,
    named_capture: Option<&'a str>,
    capture: Option<&'a str>,
    /// None where it takes all that is left.
    minor: Option<i128>,
}

impl<'a> Reversal<'a> {
    pub fn capture(&self) -> Option<&'a str> {
        self.named_capture.or(self.capture)
    }

    /// From when on how much of it is in a sum, where sums hold reversals too.
    pub fn within(&self) -> (i64, i128) {
        (self.at, self.minor.unwrap_or(0))
    }
}

/// The moments at which what reversals took back grew, and what it then was: the same money never goes twice.
pub(super) fn take_back<'a>(mut parts: Vec<Reversal<'a>>, mut taken: Taken<'a>) -> Vec<(i64, i128)> {
    for rule in [same_id, same_part, of_unknown_capture, with_unknown_capture] {
        // What each refund and each lost dispute might be the same as, the first last.
        let mut same: HashMap<Same<'a>, Vec<usize>> = HashMap::new();
        for (nth, gone) in taken.gone.iter().enumerate().rev() {
            if let Some(key) = rule(Side::Gone(gone)) {
                same.entry(key).or_default().push(nth);
            }
        }
        let mut found = HashSet::new();
        parts.retain(|part| {
            let gone = rule(Side::Reversal(part)).and_then(|key| same.get_mut(&key)?.pop());
            // One refund, or one lost dispute, is one reversal's.
            gone.map(|nth| found.insert(nth)).is_none()
        });
        let mut nth = 0..;
        taken
            .gone
            .retain(|_| nth.next().is_none_or(|nth| !found.contains(&nth)));
    }
    let mut total = 0;
    let mut grown = Vec::new();
    for part in parts {
        let of_capture = part
            .named_capture
            .and_then(|name| Some((name, *taken.captured.get(name)?)));
        let mut most = taken.left - total;
        if let Some((name, captured)) = of_capture {
            most = most.min(captured - taken.back.get(name).copied().unwrap_or(0));
        }
        let minor = part.minor.map_or(most, |minor| minor.min(most));
        if minor > 0 {
            if let Some((name, _)) = of_capture {
                *taken.back.entry(name).or_default() += minor;
            }
            total += minor;
            grown.push((part.at, total));
        }
    }
    grown
}

/// One of two facts that may describe the same money.
enum Side<'r, 'a> {
    Reversal(&'r Reversal<'a>),
    Gone(&'r Gone<'a>),
}

/// What two facts about the same money have in common: an id or a capture, and an amount.
type Same<'a> = (Option<&'a str>, Option<i128>);

fn same_id<'a>(side: Side<'_, 'a>) -> Option<Same<'a>> {
    let id = match side {
        Side::Reversal(part) => part.id,
        Side::Gone(gone) => gone.id,
    };
    id.map(|id| (Some(id), None))
}

fn same_part<'a>(side: Side<'_, 'a>) -> Option<Same<'a>> {
    let (capture, minor) = match side {
        Side::Reversal(part) => (part.capture(), part.minor),
        Side::Gone(gone) => (gone.capture, Some(gone.minor)),
    };
    capture.zip(minor).map(|(capture, minor)| (Some(capture), Some(minor)))
}

/// A reversal without a known capture may belong to any.
fn of_unknown_capture<'a>(side: Side<'_, 'a>) -> Option<Same<'a>> {
    let minor = match side {
        Side::Reversal(part) => part.minor.filter(|_| part.capture().is_none()),
        Side::Gone(gone) => Some(gone.minor).filter(|_| gone.capture.is_some()),
    };
    minor.map(|minor| (None, Some(minor)))
}

fn with_unknown_capture<'a>(side: Side<'_, 'a>) -> Option<Same<'a>> {
    let minor = match side {
        Side::Reversal(part) => part.minor,
        Side::Gone(gone) => Some(gone.minor).filter(|_| gone.capture.is_none()),
    };
    minor.map(|minor| (None, Some(minor)))
}

/// Each reversal by its own id, without one by its capture; the largest amount of each, from its first statement on.
pub(super) fn reversals<'a>(stated: &[Stated<'a>]) -> Vec<Reversal<'a>> {
    let mut parts: BTreeMap<(Option<&str>, Option<&str>), Reversal<'a>> = BTreeMap::new();
    for statement in stated.iter().filter(|statement| !statement.foreign) {
        let name = (statement.id, statement.capture.filter(|_| statement.id.is_none()));
        let part = parts.entry(name).or_insert(Reversal {
            at: statement.at,
            id: statement.id,
            named_capture: None,
            capture: None,
            minor: None,
        });
        part.at = part.at.min(statement.at);
        part.named_capture = least(part.named_capture, statement.named_capture);
        part.capture = least(part.capture, statement.capture);
        part.minor = part.minor.max(statement.minor.map(i128::from));
    }
    let mut parts: Vec<Reversal<'a>> = parts.into_values().collect();
    // Stable: of one moment they stay in the order of their names.
    parts.sort_by_key(|part| part.at);
    parts
}
