//! Who is talked to: most bots never are, a few live long, many have one good month.

use super::super::dice::Dice;
use super::LAST_DAY;
use super::lives::{Bot, Lives, moment};

/// How much a bot is liked.
#[derive(Debug, Clone, Copy)]
struct Appeal {
    /// Mean pause between two conversations, in hours.
    pause: u64,
    /// Days for which it is liked, at least and at most.
    days: (i64, i64),
}

const SMALL: Appeal = Appeal {
    pause: 640,
    days: (4, 90),
};
const MIDDLE: Appeal = Appeal {
    pause: 240,
    days: (20, 200),
};
const LARGE: Appeal = Appeal {
    pause: 40,
    days: (40, 203),
};

/// Appeals, with their weights.
const APPEALS: [(Option<Appeal>, u32); 4] = [(None, 800), (Some(SMALL), 145), (Some(MIDDLE), 44), (Some(LARGE), 10)];

/// The beginnings of all conversations: when, with which bot.
pub fn visits(lives: &Lives, dice: &mut Dice) -> Vec<(i64, u32)> {
    let mut visits = Vec::new();
    for (number, bot) in (0u32..).zip(&lives.bots) {
        if let Some(Some(appeal)) = dice.pick(&APPEALS).copied() {
            attend(bot, number, appeal, dice, &mut visits);
        }
    }
    visits
}

fn attend(bot: &Bot, number: u32, appeal: Appeal, dice: &mut Dice, visits: &mut Vec<(i64, u32)>) {
    let first = bot.first_day() as u64 * 24 + dice.below(9 * 24);
    let last = first + dice.between(appeal.days.0 * 24, appeal.days.1 * 24) as u64;
    let mut hour = first;
    while hour < last && hour < LAST_DAY as u64 * 24 {
        // The pause gives the day; people choose its hour.
        let at = moment(dice, (hour / 24) as usize);
        if bot.is_open(at) {
            visits.push((at, number));
        }
        hour += 1 + dice.below(2 * appeal.pause);
    }
}
