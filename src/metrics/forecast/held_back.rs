//! How far forecasts of the past were off: rolling origins, the model beside the plainest thing to do.
//!
//! L. J. Tashman, "Out-of-sample tests of forecasting accuracy", International Journal of Forecasting 16
//! (2000), 437–450.

use super::damped::{Fit, LEAST};

/// Mean absolute errors at one number of steps ahead, over the same origins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Of the model.
    pub model: f64,
    /// Of the baseline: the last bucket's ratio again, next = last × last / previous, and so on.
    pub baseline: f64,
}

/// The errors 1, 2, … `steps` ahead; `None` where no origin leaves a later value to compare with.
///
/// An origin stands after each of the values from [`LEAST`] on; what is fitted there knows only what came before.
/// An origin without a ratio (the value before the last is 0) counts for neither.
pub fn errors(series: &[f64], fits: &[Option<Fit>], steps: usize) -> Vec<Option<Errors>> {
    let mut sums = vec![(0.0, 0.0, 0_u32); steps];
    for origin in LEAST..series.len() {
        let (previous, last) = (series[origin - 2], series[origin - 1]);
        let Some(fit) = fits[origin].filter(|_| previous > 0.0) else {
            continue;
        };
        let ratio = last / previous;
        let mut again = last;
        let later = &series[origin..];
        let ahead = fit.ahead(steps.min(later.len()));
        for ((sum, value), ahead) in sums.iter_mut().zip(later).zip(ahead) {
            again *= ratio;
            sum.0 += (ahead.mean.max(0.0) - value).abs();
            sum.1 += (again - value).abs();
            sum.2 += 1;
        }
    }
    let mean = |(model, baseline, origins): (f64, f64, u32)| {
        (origins > 0).then(|| Errors {
            model: model / f64::from(origins),
            baseline: baseline / f64::from(origins),
        })
    };
    sums.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::super::damped::fits;
    use super::*;

    #[test]
    fn the_baselines_error_is_that_worked_by_hand() {
        // One step ahead of the first six: 6 · 6/5 = 7.2 against 5; then 5 · 5/6 = 4.1667 against 5.
        let series = [2.0, 3.0, 4.0, 4.0, 5.0, 6.0, 5.0, 5.0];
        let errors = errors(&series, &fits(&series), 3);
        let one = errors[0].map(|errors| errors.baseline).unwrap_or_default();
        assert!((one - (2.2 + 5.0 / 6.0) / 2.0).abs() < 1e-12, "{one}");
        // Two steps: 6 · (6/5)² = 8.64 against 5.
        let two = errors[1].map(|errors| errors.baseline).unwrap_or_default();
        assert!((two - 3.64).abs() < 1e-12, "{two}");
        assert_eq!(errors[2], None);
    }

    #[test]
    fn an_origin_without_a_ratio_counts_for_neither() {
        let series = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 5.0];
        assert_eq!(errors(&series, &fits(&series), 1), [None]);
    }
}
