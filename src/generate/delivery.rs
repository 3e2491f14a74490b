//! How events arrive: in the order of sending, some late, some twice, some contradicting themselves.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::draft::Draft;
use super::stage::{Script, Stage};
use crate::model::EventType;

const SECOND: i64 = 1000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// Shares of misbehaviour, in parts of ten thousand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Sent hours to days after its time.
    pub late: u32,
    /// Sent minutes after its time.
    pub out_of_order: u32,
    /// Sent again.
    pub duplicate: u32,
    /// Sent again with other content.
    pub conflict: u32,
    /// Accompanied by an event that breaks the contract.
    pub invalid: u32,
}

/// What a ledger must report after taking the lines sent so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Lines sent.
    pub lines: u64,
    /// Events that are new and sound.
    pub accepted: u64,
    /// Events sent again with the same content.
    pub duplicates: u64,
    /// Events whose identity was used before for other content.
    pub conflicts: u64,
    /// Events that break the contract.
    pub rejected: u64,
    /// Accepted events per type, in the order of `EventType::ALL`.
    pub by_type: Vec<(EventType, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Original,
    Repeat,
    Contradiction,
    Broken,
}

struct Parcel {
    send_at: i64,
    // Ties keep the order in which they were packed, so that an original precedes its repeats.
    order: u64,
    role: Role,
    draft: Draft,
}

impl Ord for Parcel {
    fn cmp(&self, other: &Self) -> Ordering {
        // Reversed: the heap gives its largest, and the earliest is wanted.
        (other.send_at, other.order).cmp(&(self.send_at, self.order))
    }
}

impl PartialOrd for Parcel {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Parcel {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Parcel {}

/// Lines of CloudEvents JSON in the order of sending. What waits in memory is what has happened and
/// not been sent, or will follow from it: refunds, disputes, late and repeated events.
pub struct Lines {
    stage: Stage,
    script: Box<dyn Script>,
    faults: Faults,
    limit: u64,
    waiting: BinaryHeap<Parcel>,
    packed: u64,
    summary: Summary,
}

impl Lines {
    pub(super) fn new(stage: Stage, script: Box<dyn Script>, faults: Faults, limit: u64) -> Self {
        let by_type = EventType::ALL.iter().map(|kind| (*kind, 0)).collect();
        let summary = Summary {
            by_type,
            ..Summary::default()
        };
        Lines {
            stage,
            script,
            faults,
            limit,
            waiting: BinaryHeap::new(),
            packed: 0,
            summary,
        }
    }

    /// What a ledger must report that took exactly the lines given out so far.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Appends the next line, without a line break; false after the last.
    pub fn write_next(&mut self, line: &mut String) -> bool {
        if self.summary.lines >= self.limit {
            return false;
        }
        while let Some(begins) = self.script.next_at()
            && self.waiting.peek().is_none_or(|parcel| parcel.send_at >= begins)
        {
            self.script.play(&mut self.stage);
            self.pack();
        }
        let Some(parcel) = self.waiting.pop() else { return false };
        parcel.draft.render(line);
        self.count(&parcel);
        true
    }

    fn count(&mut self, parcel: &Parcel) {
        self.summary.lines += 1;
        match parcel.role {
            Role::Original => {
                self.summary.accepted += 1;
                if let Some((_, count)) = self.summary.by_type.get_mut(parcel.draft.kind as usize) {
                    *count += 1;
                }
            }
            Role::Repeat => self.summary.duplicates += 1,
            Role::Contradiction => self.summary.conflicts += 1,
            Role::Broken => self.summary.rejected += 1,
        }
    }

    /// Decides the fate of each event of the scene.
    fn pack(&mut self) {
        let mut drafts = std::mem::take(&mut self.stage.drafts);
        for draft in drafts.drain(..) {
            let (faults, dice) = (self.faults, &mut self.stage.dice);
            let mut send_at = draft.time;
            if dice.chance(faults.out_of_order) {
                send_at += dice.between(5 * SECOND, 600 * SECOND);
            } else if dice.chance(faults.late) {
                send_at += dice.between(2 * HOUR, 5 * DAY);
            }
            let mut extra = Vec::new();
            if dice.chance(faults.duplicate) {
                let mut again = draft.clone();
                if dice.chance(5000) {
                    again.time += dice.between(1, 5) * SECOND;
                }
                extra.push((send_at + dice.between(SECOND, 2 * DAY), Role::Repeat, again));
            }
            // A contradicted lifecycle would say nothing more than a contradicted message.
            if !draft.kind.is_bot() && dice.chance(faults.conflict) {
                extra.push((
                    send_at + dice.between(SECOND, 2 * DAY),
                    Role::Contradiction,
                    draft.contradicted(),
                ));
            }
            if dice.chance(faults.invalid) {
                let broken = self.broken(&draft);
                extra.push((send_at, Role::Broken, broken));
            }
            self.add(send_at, Role::Original, draft);
            for (send_at, role, draft) in extra {
                self.add(send_at, role, draft);
            }
        }
        self.stage.drafts = drafts;
    }

    /// An event of its own that no ledger may take.
    fn broken(&mut self, draft: &Draft) -> Draft {
        let id = self.stage.next_event();
        let data = match self.stage.dice.below(4) {
            // Too many decimals, a JSON number, a negative amount, an unknown currency.
            0 => r#"{"payment_id":"broken","provider":"stripe","amount":{"value":"1.00001","currency":"USD"}}"#,
            1 => r#"{"payment_id":"broken","provider":"stripe","amount":{"value":1.5,"currency":"USD"}}"#,
            2 => r#"{"payment_id":"broken","provider":"stripe","amount":{"value":"-1.00","currency":"USD"}}"#,
            _ => r#"{"payment_id":"broken","provider":"stripe","amount":{"value":"1.00","currency":"QQQ"}}"#,
        };
        Draft {
            id,
            kind: EventType::TransactionCaptured,
            data: data.to_owned(),
            ..draft.clone()
        }
    }

    fn add(&mut self, send_at: i64, role: Role, draft: Draft) {
        self.packed += 1;
        self.waiting.push(Parcel {
            send_at,
            order: self.packed,
            role,
            draft,
        });
    }
}

impl Iterator for Lines {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut line = String::with_capacity(320);
        self.write_next(&mut line).then_some(line)
    }
}
