//! How many bots come and go on each day, so that the population is exact where it is known.

use super::super::dice::Dice;
use super::super::pace::weekday;
use super::{IN_THREAD_DAY, LAST_DAY, day_start};

/// Movements of one UTC day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Day {
    /// Bots registered.
    pub registered: u64,
    /// Bots retired.
    pub retired: u64,
    /// Retired bots that come back.
    pub reinstated: u64,
    /// Bots suspended; they stay in the population.
    pub suspended: u64,
}

/// A stretch of days between two known populations.
struct Chapter {
    from: usize,
    until: usize,
    totals: Day,
    /// How many registrations a day within the chapter attracts, relative to its others.
    shape: fn(u64) -> u64,
}

/// 8,000 bots at 1 July, 11,000 at 1 August, 30,000 at 12 September, 39,600 at 1 November: each
/// chapter's `registered + reinstated - retired` is the difference.
const CHAPTERS: [Chapter; 4] = [
    Chapter {
        from: 0,
        until: 80,
        totals: Day {
            registered: 8_064,
            retired: 70,
            reinstated: 6,
            suspended: 26,
        },
        // A slow first week, a spring of curiosity, a quieter June.
        shape: |day| {
            if day < 30 {
                24 + 4 * day
            } else {
                144 - (day - 30) * 7 / 10
            }
        },
    },
    Chapter {
        from: 80,
        until: 111,
        totals: Day {
            registered: 3_040,
            retired: 40,
            reinstated: 0,
            suspended: 14,
        },
        shape: |day| 100 + day / 2,
    },
    Chapter {
        from: 111,
        until: IN_THREAD_DAY,
        totals: Day {
            registered: 19_192,
            retired: 210,
            reinstated: 18,
            suspended: 66,
        },
        // The rush towards the announcement.
        shape: |day| 140 + 15 * day,
    },
    Chapter {
        from: IN_THREAD_DAY,
        until: LAST_DAY,
        totals: Day {
            registered: 10_060,
            retired: 520,
            reinstated: 60,
            suspended: 170,
        },
        shape: |day| 110 + 1_800 / (day + 3),
    },
];

/// Percent of a Wednesday that a day of the week has, from Monday.
const WEEK: [u64; 7] = [91, 97, 100, 96, 87, 54, 48];

/// The movements of every day of the story.
pub fn days(dice: &mut Dice) -> Vec<Day> {
    let mut days = vec![Day::default(); LAST_DAY];
    for chapter in &CHAPTERS {
        let length = (chapter.until - chapter.from) as u64;
        let mut weigh = |shape: &dyn Fn(u64) -> u64| -> Vec<u64> {
            let weight = |day: u64| {
                let noise = 85 + dice.below(31);
                shape(day) * WEEK[weekday(day_start(chapter.from + day as usize))] * noise
            };
            (0..length).map(weight).collect()
        };
        // Who leaves must have come: exits rise with the days of the story.
        let ageing = |day: u64| chapter.from as u64 + day;
        let registered = spread(chapter.totals.registered, &weigh(&chapter.shape));
        let retired = spread(chapter.totals.retired, &weigh(&ageing));
        let reinstated = spread(chapter.totals.reinstated, &weigh(&ageing));
        let suspended = spread(chapter.totals.suspended, &weigh(&ageing));
        for index in 0..length as usize {
            days[chapter.from + index] = Day {
                registered: registered[index],
                retired: retired[index],
                reinstated: reinstated[index],
                suspended: suspended[index],
            };
        }
    }
    days
}

/// Divides a total by weights; rounding the running sum keeps the total exact.
fn spread(total: u64, weights: &[u64]) -> Vec<u64> {
    let whole: u64 = weights.iter().sum();
    let (mut sum, mut given) = (0, 0);
    let share = |weight: &u64| {
        sum += weight;
        let due = total * sum / whole.max(1);
        let part = due - given;
        given = due;
        part
    };
    weights.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn populations_are_exact_where_they_are_known() {
        let mut population = 0;
        let mut at = std::collections::BTreeMap::new();
        for (index, day) in days(&mut Dice::new(1)).iter().enumerate() {
            at.insert(index, population);
            population += day.registered + day.reinstated - day.retired;
        }
        assert_eq!(
            (at[&0], at[&80], at[&111], at[&153], population),
            (0, 8_000, 11_000, 30_000, 39_600)
        );
    }

    #[test]
    fn spreading_keeps_the_total() {
        assert_eq!(spread(10, &[1, 1, 1]).iter().sum::<u64>(), 10);
        assert_eq!(spread(0, &[0, 0]), [0, 0]);
    }
}
