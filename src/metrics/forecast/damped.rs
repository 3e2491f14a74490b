//! Exponential smoothing with a damped trend: fitted, and drawn into the future with its uncertainty.
//!
//! E. S. Gardner and E. McKenzie, "Forecasting trends in time series", Management Science 31 (1985),
//! 1237–1246, in the state-space form with additive errors of R. J. Hyndman, A. B. Koehler, J. K. Ord and
//! R. D. Snyder, "Forecasting with Exponential Smoothing" (2008), chapters 2 and 6 (class 1):
//!
//! ```text
//! yₜ = lₜ₋₁ + φ bₜ₋₁ + εₜ        lₜ = lₜ₋₁ + φ bₜ₋₁ + α εₜ        bₜ = φ bₜ₋₁ + α β εₜ
//! ```
//!
//! Only + − × ÷ and a square root are used, in one order: the same values give the same forecast everywhere.

/// Fewer values than this give no forecast: three parameters, two initial states, and one value to spare.
pub const LEAST: usize = 6;
/// The line through so many first values gives the initial level and trend.
const FIRST: usize = 10;
/// Three parameters and two initial states are taken from the values.
const ESTIMATED: usize = 5;

/// Hundredths of φ that are tried: damped more or less, and 1, which is Holt's straight line.
const PHI: [u32; 11] = [80, 82, 84, 86, 88, 90, 92, 94, 96, 98, 100];
/// Hundredths of α that are tried.
const ALPHA: [u32; 20] = [
    5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 99,
];
/// Hundredths of β that are tried, as a part of α.
const BETA: [u32; 11] = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90];

/// The model as fitted to the first `values` of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Level after the last value.
    pub level: f64,
    /// Trend per step after the last value.
    pub trend: f64,
    /// Weight of an error in the level.
    pub alpha: f64,
    /// Weight of an error in the trend, α included.
    pub beta: f64,
    /// What remains of the trend after a step.
    pub phi: f64,
    /// Sum of the squared errors one step ahead.
    pub squares: f64,
    /// How many values it was fitted to.
    pub values: usize,
}

/// Mean and standard deviation of a future value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ahead {
    pub mean: f64,
    pub deviation: f64,
}

impl Fit {
    /// The next `steps` values.
    pub fn ahead(&self, steps: usize) -> Vec<Ahead> {
        let degrees = self.values.saturating_sub(ESTIMATED).max(1);
        let variance = self.squares / degrees as f64;
        // Sums of the first powers of φ, and of the squared weights with which errors on the way enter.
        let (mut damped, mut power, mut weights) = (0.0, 1.0, 1.0);
        let mut ahead = Vec::with_capacity(steps);
        for step in 0..steps {
            if step > 0 {
                let weight = self.alpha + self.beta * damped;
                weights += weight * weight;
            }
            power *= self.phi;
            damped += power;
            ahead.push(Ahead {
                mean: self.level + damped * self.trend,
                deviation: (variance * weights).sqrt(),
            });
        }
        ahead
    }
}

/// The fits to the first 0, 1, 2 … values: what would have been fitted at each moment of the past.
///
/// Each is the combination of parameters, of all that are tried, with the smallest sum of squared errors
/// one step ahead; of equals the first. `None` below [`LEAST`] values.
pub fn fits(series: &[f64]) -> Vec<Option<Fit>> {
    let mut fits = vec![None; series.len() + 1];
    for first in LEAST..=FIRST.min(series.len()) {
        // From FIRST values on the initial states stay, and one pass serves all longer histories.
        let until = if first == FIRST { series.len() } else { first };
        let start = line(&series[..first]);
        for phi in PHI {
            for alpha in ALPHA {
                for beta in BETA {
                    let (phi, alpha) = (f64::from(phi) / 100.0, f64::from(alpha) / 100.0);
                    let beta = alpha * (f64::from(beta) / 100.0);
                    smooth(&series[..until], start, (alpha, beta, phi), &mut fits[first..], first);
                }
            }
        }
    }
    fits
}

/// Runs through a series and keeps, for each length from `first` on, the state where it is the best so far.
fn smooth(
    series: &[f64],
    (mut level, mut trend): (f64, f64),
    (alpha, beta, phi): (f64, f64, f64),
    best: &mut [Option<Fit>],
    first: usize,
) {
    let mut squares = 0.0;
    for (at, value) in series.iter().enumerate() {
        let expected = level + phi * trend;
        let error = value - expected;
        squares += error * error;
        level = expected + alpha * error;
        trend = phi * trend + beta * error;
        let values = at + 1;
        let Some(known) = values.checked_sub(first).and_then(|at| best.get_mut(at)) else {
            continue;
        };
        if known.is_none_or(|known: Fit| squares < known.squares) {
            *known = Some(Fit {
                level,
                trend,
                alpha,
                beta,
                phi,
                squares,
                values,
            });
        }
    }
}

/// The least-squares line through values at 1, 2, 3 …: its height at 0 and its slope.
fn line(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let middle = (count + 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / count;
    let (mut above, mut below) = (0.0, 0.0);
    for (at, value) in values.iter().enumerate() {
        let from_middle = (at + 1) as f64 - middle;
        above += from_middle * (value - mean);
        below += from_middle * from_middle;
    }
    let slope = above / below;
    (mean - slope * middle, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: f64, two: f64) {
        assert!((one - two).abs() < 1e-9, "{one} is not {two}");
    }

    #[test]
    fn mean_and_variance_ahead_are_those_worked_by_hand() {
        let fit = Fit {
            level: 100.0,
            trend: 10.0,
            alpha: 0.5,
            beta: 0.2,
            phi: 0.9,
            squares: 28.0,
            values: 12,
        };
        // σ² = 28/7 = 4; φ, φ + φ², φ + φ² + φ³ = 0.9, 1.71, 2.439;
        // weights 0.5 + 0.2 · 0.9 = 0.68 and 0.5 + 0.2 · 1.71 = 0.842, squared 0.4624 and 0.708964.
        let ahead = fit.ahead(3);
        for (ahead, mean, variance) in [
            (ahead[0], 109.0, 4.0),
            (ahead[1], 117.1, 4.0 * 1.4624),
            (ahead[2], 124.39, 4.0 * 2.171364),
        ] {
            close(ahead.mean, mean);
            close(ahead.deviation * ahead.deviation, variance);
        }
    }

    #[test]
    fn what_is_fitted_in_the_past_knows_nothing_of_what_came_later() {
        let series: Vec<f64> = (0..30).map(|n| f64::from((n * n) % 17 + 3 * n)).collect();
        let all = fits(&series);
        for length in [6, 9, 10, 17, 30] {
            assert_eq!(all[length], fits(&series[..length])[length]);
        }
        assert!(all[..LEAST].iter().all(Option::is_none));
    }

    #[test]
    fn a_line_runs_through_its_values() {
        assert_eq!(line(&[5.0, 7.0, 9.0, 11.0]), (3.0, 2.0));
    }
}
