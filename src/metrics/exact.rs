//! Exact sums of money in many currencies: fractions of a minor unit, rounded once at the end, half to even.
//!
//! Nothing passes through a float.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::MetricError;
use super::fx::Fraction;
use super::wide::Wide;

/// A sum in one currency of amounts in many.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sum {
    whole: i128,
    /// Fractions of a minor unit, by denominator; each below one.
    parts: BTreeMap<u128, u128>,
    converted: bool,
    left_out: bool,
}

impl Sum {
    /// Adds an amount; false where it has no rate and is left out.
    ///
    /// # Errors
    /// When 128 bits do not hold the sum.
    pub fn add(&mut self, minor: i128, rate: Option<Fraction>) -> Result<bool, MetricError> {
        let Some(rate) = rate else {
            self.left_out = true;
            return Ok(false);
        };
        self.converted = true;
        let (whole, rest) = times(minor, rate)?;
        self.grow(whole)?;
        if rest > 0 {
            let part = self.parts.entry(rate.denominator).or_default();
            *part += rest;
            if *part >= rate.denominator {
                *part -= rate.denominator;
                self.grow(1)?;
            }
        }
        Ok(true)
    }

    fn grow(&mut self, by: i128) -> Result<(), MetricError> {
        self.whole = self.whole.checked_add(by).ok_or(MetricError::Overflow)?;
        Ok(())
    }

    /// The sum, rounded once, half to even: 0 of nothing, `None` only if nothing of something converts.
    pub fn total(&self) -> Option<i128> {
        if self.left_out && !self.converted {
            return None;
        }
        let whole = self.whole;
        match self.estimate() {
            Some(fraction) => whole.checked_add(fraction),
            None => self.exact(),
        }
    }

    /// What the parts add to the whole once rounded, where 64 bits behind the point are enough to tell.
    ///
    /// Each part is cut down to a multiple of 2^-64, so the sum is less than their number above the estimate.
    fn estimate(&self) -> Option<i128> {
        const HALF: u128 = 1 << 63;
        let mut least = 0u128;
        for (&denominator, &part) in &self.parts {
            if denominator >> 64 > 0 {
                return None;
            }
            least = least.checked_add((part << 64) / denominator)?;
        }
        let most = least.checked_add(self.parts.len() as u128)?;
        // Rounding half up agrees on both ends, and neither end nor anything between is a half.
        let rounded = |fraction: u128| (fraction + HALF) >> 64;
        if self.parts.is_empty() {
            return Some(0);
        }
        let clear = rounded(least) == rounded(most) && (least + HALF) & u128::from(u64::MAX) > 0;
        clear.then(|| rounded(least) as i128)
    }

    /// The sum over one common denominator.
    fn exact(&self) -> Option<i128> {
        let (mut above, mut below) = (Wide::from(0), Wide::from(1));
        for (&denominator, &part) in self.parts.iter().filter(|(_, part)| **part > 0) {
            let denominator = Wide::from(denominator);
            above = above.times(&denominator).plus(&Wide::from(part).times(&below));
            below = below.times(&denominator);
        }
        let mut whole = self.whole;
        // Σ rᵢ/dᵢ stays below the number of parts.
        while above.cmp(&below) != Ordering::Less {
            above = above.minus(&below);
            whole = whole.checked_add(1)?;
        }
        let up = match above.plus(&above).cmp(&below) {
            Ordering::Less => false,
            Ordering::Greater => true,
            Ordering::Equal => whole % 2 != 0,
        };
        whole.checked_add(i128::from(up))
    }
}

/// An amount times a fraction: the whole part, rounded down, and what remains over the denominator.
fn times(minor: i128, rate: Fraction) -> Result<(i128, u128), MetricError> {
    let signed = |number: u128| i128::try_from(number).map_err(|_| MetricError::Overflow);
    let (numerator, denominator) = (signed(rate.numerator)?, signed(rate.denominator)?);
    if let Some(product) = minor.checked_mul(numerator) {
        let rest = product.rem_euclid(denominator).unsigned_abs();
        return Ok((product.div_euclid(denominator), rest));
    }
    // The product of an enormous amount and a long fraction; few sums come here.
    let product = Wide::from(minor.unsigned_abs()).times(&Wide::from(rate.numerator));
    let (whole, rest) = product.divided(rate.denominator).ok_or(MetricError::Overflow)?;
    let whole = signed(whole)?;
    match (minor < 0, rest) {
        (false, rest) => Ok((whole, rest)),
        (true, 0) => Ok((-whole, 0)),
        (true, rest) => Ok((-whole - 1, rate.denominator - rest)),
    }
}

/// A quotient rounded half to even; `None` where the divisor is not positive.
pub fn divide(amount: i128, by: i128) -> Option<i128> {
    if by <= 0 {
        return None;
    }
    let (whole, rest) = (amount.div_euclid(by), amount.rem_euclid(by));
    let up = match rest.cmp(&(by - rest)) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => whole % 2 != 0,
    };
    Some(whole + i128::from(up))
}
