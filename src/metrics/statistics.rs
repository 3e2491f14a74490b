//! Statistics of proportions, concentration and durations, each with its source.

/// The 97.5 % point of the normal distribution: 95 % two-sided.
pub const Z: f64 = 1.959964;

/// An interval, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A share, `None` where the whole is 0.
pub fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The 95 % score interval of a proportion without continuity correction; `None` where `n` is 0.
///
/// E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
/// Journal of the American Statistical Association 22 (1927), 209–212.
pub fn wilson(hits: i64, n: i64) -> Option<Span> {
    if n <= 0 || hits < 0 || hits > n {
        return None;
    }
    let (k, n) = (hits as f64, n as f64);
    let square = Z * Z;
    let center = k + square / 2.0;
    let half = Z * (k * (n - k) / n + square / 4.0).sqrt();
    let clamp = |x: f64| x.clamp(0.0, 1.0);
    // At the extremes the bound is exact; rounding must not leave a trace of it.
    let low = if hits == 0 {
        0.0
    } else {
        clamp((center - half) / (n + square))
    };
    let high = if k == n {
        1.0
    } else {
        clamp((center + half) / (n + square))
    };
    Some(Span { low, high })
}

/// The difference of two independent proportions, first minus second, with its 95 % hybrid score interval.
///
/// R. G. Newcombe, "Interval estimation for the difference between independent proportions:
/// comparison of eleven methods", Statistics in Medicine 17 (1998), 873–890, method 10.
pub fn newcombe(hits: i64, n: i64, base_hits: i64, base_n: i64) -> Option<(f64, Span)> {
    let (one, two) = (wilson(hits, n)?, wilson(base_hits, base_n)?);
    let (p, q) = (hits as f64 / n as f64, base_hits as f64 / base_n as f64);
    let difference = p - q;
    let below = ((p - one.low).powi(2) + (two.high - q).powi(2)).sqrt();
    let above = ((one.high - p).powi(2) + (q - two.low).powi(2)).sqrt();
    Some((
        difference,
        Span {
            low: difference - below,
            high: difference + above,
        },
    ))
}

/// The Herfindahl–Hirschman index of amounts or counts: the sum of squared shares in per cent, 0 to 10,000.
///
/// Shares are of the sum of what is given, so that values left out do not lower it. As the
/// US Department of Justice and the Federal Trade Commission use it (Merger Guidelines, 2023, 2.1).
pub fn hhi(parts: &[f64]) -> Option<f64> {
    let whole: f64 = parts.iter().sum();
    (whole > 0.0).then(|| parts.iter().map(|part| (100.0 * part / whole).powi(2)).sum())
}

/// A quantile of sorted values by linear interpolation between the two nearest; `None` of nothing.
///
/// R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American
/// Statistician 50 (1996), 361–365, definition 7.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = q.clamp(0.0, 1.0) * last as f64;
    let below = position.floor() as usize;
    let low = sorted.get(below)?;
    let high = sorted.get(below + 1).unwrap_or(low);
    Some(low + (high - low) * (position - below as f64))
}
