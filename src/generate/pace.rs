//! When things begin: a number of moments spread over hours of unequal weight.

/// One hour in milliseconds.
const HOUR: i64 = 3_600_000;

/// How much happens in each hour of a UTC day.
pub const DAILY: [u64; 24] = [
    34, 24, 17, 13, 11, 12, 16, 24, 36, 48, 57, 64, 70, 74, 76, 78, 82, 88, 94, 98, 96, 86, 70, 50,
];

/// How much happens on each day of the week, from Monday.
pub const WEEKLY: [u64; 7] = [98, 100, 101, 103, 110, 92, 84];

/// The day of the week of an instant, from Monday.
pub fn weekday(millis: i64) -> usize {
    // 1 January 1970 was a Thursday.
    (millis.div_euclid(24 * HOUR) + 3).rem_euclid(7) as usize
}

/// Moments in rising order.
pub struct Pace {
    weights: Vec<u64>,
    total: u128,
    count: u64,
    given: u64,
    hour: usize,
    before: u128,
    from: i64,
    until: i64,
}

impl Pace {
    /// Spreads `count` moments over `[from, until)`, rising by a half from beginning to end.
    pub fn new(from: i64, until: i64, count: u64) -> Self {
        let hours = ((until - from + HOUR - 1) / HOUR).max(1);
        let weight = |index: i64| {
            let time = from + index * HOUR;
            let trend = (2 * hours + index) as u64;
            DAILY[time.div_euclid(HOUR).rem_euclid(24) as usize] * WEEKLY[weekday(time)] * trend
        };
        let weights: Vec<u64> = (0..hours).map(weight).collect();
        let total = weights.iter().map(|weight| u128::from(*weight)).sum();
        Pace {
            weights,
            total,
            count,
            given: 0,
            hour: 0,
            before: 0,
            from,
            until,
        }
    }

    /// The next moment, without taking it; `None` after the last.
    pub fn peek(&self) -> Option<i64> {
        if self.given >= self.count {
            return None;
        }
        let target = u128::from(self.given) * self.total / u128::from(self.count);
        let (mut hour, mut before) = (self.hour, self.before);
        while before + u128::from(self.weights[hour]) <= target && hour + 1 < self.weights.len() {
            before += u128::from(self.weights[hour]);
            hour += 1;
        }
        let within = (target - before) * HOUR as u128 / u128::from(self.weights[hour]);
        Some((self.from + hour as i64 * HOUR + within as i64).min(self.until - 1))
    }

    /// Takes the next moment.
    pub fn advance(&mut self) {
        self.given += 1;
        let target = u128::from(self.given) * self.total / u128::from(self.count.max(1));
        while self.before + u128::from(self.weights[self.hour]) <= target && self.hour + 1 < self.weights.len() {
            self.before += u128::from(self.weights[self.hour]);
            self.hour += 1;
        }
    }
}
