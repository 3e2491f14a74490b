//! The story of 2016: how bots on Messenger grew, and how paying in the thread began.
//!
//! Numbers are invented around three public ones: no bots before 12 April 2016, 11,000 at the
//! beginning of August, and 30,000 when payments in the thread began on 12 September.

mod crowd;
mod customs;
mod growth;
mod lives;
mod tale;

use super::delivery::{Faults, Lines};
use super::dice::Dice;
use super::stage::Stage;

/// 12 April 2016 00:00 UTC in milliseconds since 1970: the platform opens.
const OPENING: i64 = 1_460_419_200_000;
/// The story's first day without events, 1 November, counted from the opening.
const LAST_DAY: usize = 203;
/// 12 September: the first day of payments in the thread.
const IN_THREAD_DAY: usize = 153;
const DAY: i64 = 86_400_000;

/// The first instant of a day of the story.
fn day_start(day: usize) -> i64 {
    OPENING + day as i64 * DAY
}

/// The events of the story, one CloudEvents JSON line each, without the line break.
pub fn story() -> Lines {
    // One stream of chance for each part, so that one can be retold without changing the others.
    let days = growth::days(&mut Dice::new(20_160_412));
    let lives = lives::live(&days, &mut Dice::new(20_160_801));
    let visits = crowd::visits(&lives, &mut Dice::new(20_160_912));
    let stage = Stage::new(2016, "", "/story-2016", 1000, day_start(LAST_DAY));
    let faults = Faults {
        late: 40,
        out_of_order: 100,
        duplicate: 40,
        conflict: 0,
        invalid: 0,
    };
    Lines::new(stage, Box::new(tale::Tale::new(lives, visits)), faults, u64::MAX)
}
