//! Synthetic events: made from a seed, the same on every machine, in the order of their sending.
//!
//! ```text
//! script (world, story) ──scene──► stage: drafts ──► delivery: late, repeated, out of order ──► lines
//! ```
//!
//! A script decides what happens, the delivery decides how it arrives. Everything is computed in
//! whole numbers, because a float may round differently elsewhere and the sample data is compared
//! byte by byte.

mod aftermath;
mod delivery;
mod dice;
mod draft;
mod instrument;
mod output;
mod pace;
mod payment;
mod plan;
mod purchase;
mod stage;
mod story;
mod talk;
mod world;

pub use delivery::{Lines, Summary};
pub use output::{Written, write_file, write_lines};
pub use plan::{Plan, PlanError, Size};
pub use story::story;

/// The events of a plan, one CloudEvents JSON line each, without the line break.
pub fn generate(plan: Plan) -> Result<Lines, PlanError> {
    plan.check()?;
    // The seed is part of every name, so that two seeds can share a ledger.
    let (tag, root) = (format!("{}-", plan.seed), format!("/synthetic/{}", plan.seed));
    let stage = stage::Stage::new(plan.seed, &tag, &root, 1, plan.to.timestamp_millis());
    let (faults, limit) = (plan.faults(), plan.limit());
    let world = world::World::new(plan);
    Ok(Lines::new(stage, Box::new(world), faults, limit))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn plan(lines: u64) -> Plan {
        Plan {
            size: Size::Events(lines),
            bots: 50,
            conflict_share: 100,
            invalid_share: 50,
            ..Plan::default()
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_lines_and_another_other_names() {
        let lines = |seed| -> Vec<String> { generate(Plan { seed, ..plan(2_000) }).unwrap().collect() };
        assert_eq!(lines(7), lines(7));
        assert_ne!(lines(7), lines(8));
    }

    #[test]
    fn a_number_of_lines_is_kept_exactly() {
        for count in [1, 100, 5_000] {
            assert_eq!(generate(plan(count)).unwrap().count() as u64, count);
        }
    }

    #[test]
    fn the_summary_counts_what_the_lines_say() {
        let mut lines = generate(plan(20_000)).unwrap();
        let mut seen = HashMap::new();
        let (mut accepted, mut duplicates, mut conflicts, mut rejected) = (0, 0, 0, 0);
        for line in lines.by_ref() {
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            if event["data"]["payment_id"] == "broken" {
                rejected += 1;
                continue;
            }
            let content = (event["type"].clone(), event["data"].clone());
            let identity = (event["source"].to_string(), event["id"].to_string());
            match seen.get(&identity) {
                None => {
                    accepted += 1;
                    seen.insert(identity, content);
                }
                Some(first) if *first == content => duplicates += 1,
                Some(_) => conflicts += 1,
            }
        }
        let summary = lines.summary();
        let told = (
            summary.accepted,
            summary.duplicates,
            summary.conflicts,
            summary.rejected,
        );
        assert_eq!(told, (accepted, duplicates, conflicts, rejected));
        assert!(duplicates > 0 && conflicts > 0 && rejected > 0);
        assert_eq!(summary.by_type.iter().map(|(_, count)| count).sum::<u64>(), accepted);
    }

    #[test]
    fn an_unplayable_plan_is_refused_with_its_reason() {
        assert_eq!(generate(Plan { bots: 0, ..plan(1) }).err(), Some(PlanError::Bots));
        let share = Plan {
            late_share: 10_001,
            ..plan(1)
        };
        assert_eq!(generate(share).err(), Some(PlanError::Share("late_share")));
        let provider = Plan {
            providers: vec![("a\"b".into(), 1)],
            ..plan(1)
        };
        assert_eq!(generate(provider).err(), Some(PlanError::Provider("a\"b".into())));
    }
}
