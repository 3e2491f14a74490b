//! Turns the movements of each day into the lives of single bots.

use super::super::dice::Dice;
use super::super::pace::DAILY;
use super::super::world::COUNTRIES;
use super::growth::Day;
use super::{DAY, IN_THREAD_DAY, LAST_DAY, day_start};

/// What happens to a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// It begins; with payments on or off.
    Registered { payments: bool },
    /// Payments are switched on.
    Enabled,
    /// Its name changes.
    Renamed,
    /// It is stopped for a while.
    Suspended,
    /// It comes back.
    Reinstated,
    /// It leaves.
    Retired,
}

/// One bot of the story.
#[derive(Debug, Clone)]
pub struct Bot {
    /// When it was registered, in milliseconds since 1970.
    pub registered: i64,
    /// Out of business from, until.
    pub gone: (i64, i64),
    /// Where it is at home.
    pub country: &'static str,
}

/// All bots, by number, and what happens to them.
pub struct Lives {
    /// The bots in the order of registration.
    pub bots: Vec<Bot>,
    /// When, to which bot, what.
    pub turns: Vec<(i64, u32, Turn)>,
}

/// A moment of a day, at the hours when people are awake.
pub fn moment(dice: &mut Dice, day: usize) -> i64 {
    let mut left = dice.below(DAILY.iter().sum());
    let mut hour = 0;
    while let Some(rest) = left.checked_sub(DAILY[hour]) {
        left = rest;
        hour += 1;
    }
    day_start(day) + (hour as i64 * 3600 + dice.between(0, 3600)) * 1000
}

/// Lets bots live so that each day has exactly its movements.
pub fn live(days: &[Day], dice: &mut Dice) -> Lives {
    let mut lives = Lives {
        bots: Vec::new(),
        turns: Vec::new(),
    };
    // Bots that may be chosen for a fate: members, registered before today, with none so far.
    let mut free: Vec<u32> = Vec::new();
    let mut retired: Vec<u32> = Vec::new();
    let mut comebacks = 0;
    for (index, day) in days.iter().enumerate() {
        comebacks += day.reinstated;
        while comebacks > 0 && !retired.is_empty() {
            comebacks -= 1;
            let bot = take(&mut retired, dice);
            let at = moment(dice, index);
            lives.bots[bot as usize].gone.1 = at;
            lives.turns.push((at, bot, Turn::Reinstated));
        }
        for _ in 0..day.retired.min(free.len() as u64) {
            let bot = take(&mut free, dice);
            let at = moment(dice, index);
            lives.bots[bot as usize].gone = (at, i64::MAX);
            lives.turns.push((at, bot, Turn::Retired));
            retired.push(bot);
        }
        for _ in 0..day.suspended.min(free.len() as u64) {
            let bot = take(&mut free, dice);
            lives.suspend(bot, index, dice);
        }
        lives.register(day.registered, index, dice, &mut free);
    }
    lives
}

fn take(from: &mut Vec<u32>, dice: &mut Dice) -> u32 {
    from.swap_remove(dice.below(from.len() as u64) as usize)
}

impl Lives {
    /// Most suspensions are lifted. That is no entry: the bot was a member all the time.
    fn suspend(&mut self, bot: u32, day: usize, dice: &mut Dice) {
        let at = moment(dice, day);
        self.turns.push((at, bot, Turn::Suspended));
        self.bots[bot as usize].gone.0 = at;
        let lifted = day + 2 + dice.below(12) as usize;
        if dice.chance(7000) && lifted < LAST_DAY {
            let back = moment(dice, lifted);
            self.turns.push((back, bot, Turn::Reinstated));
            self.bots[bot as usize].gone.1 = back;
        }
    }

    fn register(&mut self, count: u64, day: usize, dice: &mut Dice, free: &mut Vec<u32>) {
        let mut moments: Vec<i64> = (0..count).map(|_| moment(dice, day)).collect();
        moments.sort_unstable();
        for at in moments {
            let bot = self.bots.len() as u32;
            // Before payments in the thread few bots say that they sell anything.
            let payments = dice.chance(if day < IN_THREAD_DAY { 400 } else { 2800 });
            self.turns.push((at, bot, Turn::Registered { payments }));
            self.bots.push(Bot {
                registered: at,
                gone: (i64::MAX, i64::MAX),
                country: dice.word(&COUNTRIES),
            });
            free.push(bot);
            self.update(bot, day, payments, dice);
        }
    }

    fn update(&mut self, bot: u32, day: usize, payments: bool, dice: &mut Dice) {
        if dice.chance(600) {
            self.turn_within(bot, day + 1, 40, Turn::Renamed, dice);
        }
        if !payments && dice.chance(700) {
            self.turn_within(bot, IN_THREAD_DAY.max(day + 1), 45, Turn::Enabled, dice);
        }
    }

    fn turn_within(&mut self, bot: u32, day: usize, days: u64, turn: Turn, dice: &mut Dice) {
        let wait = dice.small_below(days) as usize;
        if day + wait < LAST_DAY {
            self.turns.push((moment(dice, day + wait), bot, turn));
        }
    }
}

impl Bot {
    /// Whether it answers at that moment.
    pub fn is_open(&self, at: i64) -> bool {
        at > self.registered && (at < self.gone.0 || at > self.gone.1)
    }

    /// The day of the story on which it began.
    pub fn first_day(&self) -> usize {
        ((self.registered - day_start(0)) / DAY) as usize
    }
}
