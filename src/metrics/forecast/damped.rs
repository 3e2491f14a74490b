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
/// The line through this many first values gives the initial level and trend.
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
/// one step ahead; of those that are [as good](is_better), the first. `None` below [`LEAST`] values.
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

/// Whether a sum of squared errors is smaller by more than the rounding of floats could make it: without this,
/// noise would choose among the parameters where a straight line makes all of them equal.
fn is_better(squares: f64, known: f64, energy: f64) -> bool {
    squares < known * (1.0 - 1e-9) - 1e-20 * energy
}

/// Runs through a series and keeps, for each length from `first` on, the state where it is the best so far.
fn smooth(
    series: &[f64],
    (mut level, mut trend): (f64, f64),
    (alpha, beta, phi): (f64, f64, f64),
    best: &mut [Option<Fit>],
    first: usize,
) {
    // `energy` is the sum of the squared values, beside which errors can be nothing but noise.
    let (mut squares, mut energy) = (0.0, 0.0);
    for (at, value) in series.iter().enumerate() {
        let expected = level + phi * trend;
        let error = value - expected;
        squares += error * error;
        energy += value * value;
        level = expected + alpha * error;
        trend = phi * trend + beta * error;
        let values = at + 1;
        let Some(known) = values.checked_sub(first).and_then(|at| best.get_mut(at)) else {
            continue;
        };
        if known.is_none_or(|known: Fit| is_better(squares, known.squares, energy)) {
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
    fn the_recursion_gives_the_published_forecasts() {
        // R. J. Hyndman and G. Athanasopoulos, "Forecasting: Principles and Practice", 2nd edition (2018), 7.2:
        // Australian air passengers 1990 to 2016 by Holt's straight line, with the parameters that are printed
        // there to four digits. A trend that is not damped is the case of phi = 1.
        let passengers = [
            17.55, 21.86, 23.89, 26.93, 26.89, 28.83, 30.08, 30.95, 30.19, 31.58, 32.58, 33.48, 39.02, 41.39, 41.60,
            44.66, 46.95, 48.73, 51.49, 50.03, 60.64, 63.36, 66.36, 68.20, 68.12, 69.78, 72.60,
        ];
        let mut last = [None];
        let parameters = (0.8321, 0.8321 * 0.0001, 1.0);
        smooth(&passengers, (15.57, 2.102), parameters, &mut last, passengers.len());
        let ahead = last[0].unwrap().ahead(5);
        for (ahead, published) in ahead.iter().zip([74.60, 76.70, 78.80, 80.91, 83.01]) {
            assert!(
                (ahead.mean - published).abs() < 0.011,
                "{} is not {published}",
                ahead.mean
            );
        }
    }

    #[test]
    fn the_variance_ahead_is_that_of_the_published_formula() {
        // Hyndman, Koehler, Ord and Snyder (2008), table 6.1, additive errors and a damped trend, in closed form.
        let published = |h: i32, (alpha, beta, phi): (f64, f64, f64)| {
            let (steps, rest, power) = (f64::from(h), 1.0 - phi, phi.powi(h));
            1.0 + alpha * alpha * (steps - 1.0) + beta * phi * steps / (rest * rest) * (2.0 * alpha * rest + beta * phi)
                - beta * phi * (1.0 - power) / (rest * rest * (1.0 - phi * phi))
                    * (2.0 * alpha * (1.0 - phi * phi) + beta * phi * (1.0 + 2.0 * phi - power))
        };
        for (alpha, beta, phi) in [
            (0.5, 0.2, 0.9),
            (0.99, 0.3, 0.8),
            (0.05, 0.0005, 0.98),
            (0.7, 0.63, 0.94),
        ] {
            let fit = Fit {
                level: 0.0,
                trend: 0.0,
                alpha,
                beta,
                phi,
                squares: 20.0,
                values: 25,
            };
            for (step, ahead) in fit.ahead(60).iter().enumerate() {
                let wanted = published(step as i32 + 1, (alpha, beta, phi));
                let told = ahead.deviation * ahead.deviation;
                assert!((told - wanted).abs() < 1e-9 * wanted, "{step}: {told} is not {wanted}");
            }
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
    fn where_all_parameters_fit_alike_the_first_are_taken_at_any_scale() {
        // A straight line but for its last value: every combination has the same error there.
        for scale in [1.0, 1.0 / 3.0, 100.0, 0.07] {
            let mut series = vec![31.0 * scale; 13];
            series.push(32.0 * scale);
            for length in [13, 14] {
                let fit = fits(&series[..length])[length].unwrap();
                assert_eq!(
                    (fit.phi, fit.alpha, fit.beta),
                    (0.8, 0.05, 0.05 * 0.01),
                    "{scale} {length}"
                );
            }
        }
    }

    #[test]
    fn a_line_runs_through_its_values() {
        assert_eq!(line(&[5.0, 7.0, 9.0, 11.0]), (3.0, 2.0));
    }
}
