//! Two shares and what lies between them, rounded so that what a reader sees adds up.

/// How a difference of shares is written.
#[derive(Debug, PartialEq)]
pub struct AddingUp {
    /// Decimals of the percentages and of the points.
    pub decimals: usize,
    /// The difference in percentage points, rounded to those decimals.
    pub difference: f64,
    /// What it is made of, likewise.
    pub parts: Vec<f64>,
}

/// Rounds two shares, their difference and its `parts`, which sum to it, to `decimals` of a percentage.
///
/// Where the rounded numbers would contradict each other, or hide that there is a difference, it is one decimal
/// more; and where even these do not add up, the difference is that of what is shown and the last part the rest
/// of it, which is off by no more than the last decimal or two.
pub fn adding_up(now: f64, before: f64, parts: &[f64], decimals: usize) -> AddingUp {
    let fits = |decimals| {
        let whole = units(now - before, decimals);
        let told = parts.is_empty() || parts.iter().map(|part| units(*part, decimals)).sum::<i64>() == whole;
        told && units(now, decimals) - units(before, decimals) == whole && (whole != 0 || now == before)
    };
    let decimals = if fits(decimals) { decimals } else { decimals + 1 };
    let points = |units: i64| units as f64 / 10_f64.powi(decimals as i32);
    let difference = units(now, decimals) - units(before, decimals);
    let mut told: Vec<i64> = parts.iter().map(|part| units(*part, decimals)).collect();
    if let Some((last, others)) = told.split_last_mut() {
        *last = difference - others.iter().sum::<i64>();
    }
    AddingUp {
        decimals,
        difference: points(difference),
        parts: told.into_iter().map(points).collect(),
    }
}

/// A share as the digits that its percentage is written with.
fn units(share: f64, decimals: usize) -> i64 {
    let text = format!("{:.decimals$}", share * 100.0);
    text.replace('.', "").parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(decimals: usize, difference: f64, parts: &[f64]) -> AddingUp {
        AddingUp {
            decimals,
            difference,
            parts: parts.to_vec(),
        }
    }

    #[test]
    fn rounded_shares_that_add_up_stay_as_they_are() {
        assert_eq!(adding_up(0.331, 0.31, &[], 1), told(1, 2.1, &[]));
        assert_eq!(adding_up(0.5, 0.5, &[], 1), told(1, 0.0, &[]));
        assert_eq!(adding_up(0.30, 0.32, &[0.01, -0.03], 1), told(1, -2.0, &[1.0, -3.0]));
    }

    #[test]
    fn rounded_shares_that_contradict_their_difference_get_a_decimal_more() {
        // 83.4 after 82.7 is no 0.6; 83.38 after 82.74 is 0.64.
        assert_eq!(adding_up(0.8338, 0.8274, &[], 1), told(2, 0.64, &[]));
        // Nor are 0.0 and 0.6 the parts of 0.7; 0.04 and 0.64 are those of 0.68.
        assert_eq!(
            adding_up(0.8368, 0.83, &[0.0004, 0.0064], 1),
            told(2, 0.68, &[0.04, 0.64])
        );
        // 83.4 after 83.4 is not the same.
        assert_eq!(adding_up(0.8341, 0.8337, &[], 1), told(2, 0.04, &[]));
    }

    #[test]
    fn what_never_adds_up_is_the_difference_of_what_is_shown() {
        // 83.385 and 82.744 are shown as 83.39 and 82.74; between them lie 0.641 points, the parts are 0.314 and 0.327.
        let shares = (0.833_851, 0.827_441);
        let written = adding_up(shares.0, shares.1, &[0.003_14, 0.003_27], 1);
        assert_eq!(written, told(2, 0.65, &[0.31, 0.34]));
    }

    #[test]
    fn what_is_shown_always_adds_up_and_is_never_far_off() {
        for step in 0_u32..20_000 {
            let share = |factor: u32| f64::from(step.wrapping_mul(factor) % 9_973) / 9_973.0;
            let (now, before, mix) = (share(7_919), share(104_729), share(15_485_863) - 0.5);
            let written = adding_up(now, before, &[mix, now - before - mix], 1);
            let unit = 10_f64.powi(written.decimals as i32);
            let at = |share: f64| (share * 100.0 * unit).round();
            let shown = (written.difference * unit).round();
            assert_eq!(at(now) - at(before), shown, "{now} after {before}");
            assert_eq!((written.parts.iter().sum::<f64>() * unit).round(), shown);
            assert!((written.difference - (now - before) * 100.0).abs() <= 0.0501);
            assert!((written.parts[1] - (now - before - mix) * 100.0).abs() <= 0.0501);
        }
    }
}
