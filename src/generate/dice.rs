//! Chance: whole numbers drawn from a ChaCha stream, which is the same on every platform.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One certain event, in the unit of every share here: parts of ten thousand.
pub const CERTAIN: u32 = 10_000;

/// A source of chance that repeats itself for the same seed.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of a seed. The key is spelt out here rather than derived by the library, so that
    /// no release of it can change what a seed means.
    pub fn new(seed: u64) -> Self {
        let mut key = *b"botledger synthetic events, v001";
        for (slot, byte) in key.iter_mut().zip(seed.to_le_bytes()) {
            *slot ^= byte;
        }
        Dice(ChaCha8Rng::from_seed(key))
    }

    /// A number from 0 up to, not including, `bound`; 0 where there is nothing to choose from.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A number below `bound`, of which the small ones are likelier.
    pub fn small_below(&mut self, bound: u64) -> u64 {
        let bound = self.below(bound) + 1;
        self.below(bound)
    }

    /// A number from `low` up to, not including, `high`; `low` where the range is empty.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high.saturating_sub(low).max(0) as u64) as i64
    }

    /// True in `share` of ten thousand cases.
    pub fn chance(&mut self, share: u32) -> bool {
        self.below(u64::from(CERTAIN)) < u64::from(share)
    }

    /// One of the choices, as often as its weight says; none if all weights are 0.
    pub fn pick<'a, T>(&mut self, choices: &'a [(T, u32)]) -> Option<&'a T> {
        let total: u64 = choices.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = self.below(total);
        for (choice, weight) in choices {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return Some(choice),
            }
        }
        None
    }

    /// One of the words, as often as its weight says.
    pub fn word(&mut self, choices: &[(&'static str, u32)]) -> &'static str {
        self.pick(choices).copied().unwrap_or_default()
    }
}
