//! Whole numbers of any size: what an exact sum over many exchange rates needs.

use std::cmp::Ordering;

/// A natural number in limbs of 32 bits, the lowest first, without zeros at the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wide(Vec<u32>);

impl From<u128> for Wide {
    fn from(number: u128) -> Self {
        Wide::trimmed((0..4).map(|limb| (number >> (32 * limb)) as u32).collect())
    }
}

impl Wide {
    fn trimmed(mut limbs: Vec<u32>) -> Self {
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        Wide(limbs)
    }

    fn limb(&self, at: usize) -> u64 {
        self.0.get(at).copied().map_or(0, u64::from)
    }

    /// The sum.
    pub fn plus(&self, other: &Wide) -> Wide {
        let length = self.0.len().max(other.0.len()) + 1;
        let mut carry = 0;
        let limbs = (0..length)
            .map(|at| {
                let sum = self.limb(at) + other.limb(at) + carry;
                carry = sum >> 32;
                sum as u32
            })
            .collect();
        Wide::trimmed(limbs)
    }

    /// The difference; `other` must not be larger.
    pub fn minus(&self, other: &Wide) -> Wide {
        let mut borrow = 0;
        let limbs = (0..self.0.len())
            .map(|at| {
                let difference = (1 << 32) + self.limb(at) - other.limb(at) - borrow;
                borrow = 1 - (difference >> 32);
                difference as u32
            })
            .collect();
        Wide::trimmed(limbs)
    }

    /// The product.
    pub fn times(&self, other: &Wide) -> Wide {
        let mut limbs = vec![0u32; self.0.len() + other.0.len()];
        for (at, &limb) in self.0.iter().enumerate() {
            let mut carry = 0;
            for (offset, &factor) in other.0.iter().enumerate() {
                let sum = u64::from(limbs[at + offset]) + u64::from(limb) * u64::from(factor) + carry;
                limbs[at + offset] = sum as u32;
                carry = sum >> 32;
            }
            limbs[at + other.0.len()] = carry as u32;
        }
        Wide::trimmed(limbs)
    }

    /// The quotient, rounded down, and the remainder; `None` where the quotient has more than 128 bits.
    ///
    /// The divisor must be above zero and below 2^127. Bit by bit: this is the rare case, and short.
    pub fn divided(&self, by: u128) -> Option<(u128, u128)> {
        let (mut quotient, mut rest) = (0u128, 0u128);
        for at in (0..self.0.len() * 32).rev() {
            rest = rest << 1 | u128::from(self.limb(at / 32) >> (at % 32) & 1);
            let fits = u128::from(rest >= by);
            rest -= by * fits;
            if quotient >> 127 > 0 {
                return None;
            }
            quotient = quotient << 1 | fits;
        }
        Some((quotient, rest))
    }
}

impl Ord for Wide {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
