//! Statistics of proportions, concentration and durations, each with its source.

/// The 97.5 % point of the normal distribution: 95 % two-sided.
pub const Z: f64 = 1.959964;

/// An interval, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
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
pub fn wilson(hits: i64, n: i64) -> Option<Bounds> {
    wilson_at(hits, n, Z)
}

/// The score interval at another quantile `z` of the normal distribution.
fn wilson_at(hits: i64, n: i64, z: f64) -> Option<Bounds> {
    if n <= 0 || hits < 0 || hits > n {
        return None;
    }
    let (k, n) = (hits as f64, n as f64);
    let square = z * z;
    let center = k + square / 2.0;
    let half = z * (k * (n - k) / n + square / 4.0).sqrt();
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
    Some(Bounds { low, high })
}

/// The difference of two independent proportions, first minus second, with its 95 % hybrid score interval.
///
/// R. G. Newcombe, "Interval estimation for the difference between independent proportions:
/// comparison of eleven methods", Statistics in Medicine 17 (1998), 873–890, method 10.
pub fn newcombe(hits: i64, n: i64, base_hits: i64, base_n: i64) -> Option<(f64, Bounds)> {
    let (one, two) = (wilson(hits, n)?, wilson(base_hits, base_n)?);
    let (p, q) = (hits as f64 / n as f64, base_hits as f64 / base_n as f64);
    let difference = p - q;
    let below = ((p - one.low).powi(2) + (two.high - q).powi(2)).sqrt();
    let above = ((one.high - p).powi(2) + (q - two.low).powi(2)).sqrt();
    Some((
        difference,
        Bounds {
            low: difference - below,
            high: difference + above,
        },
    ))
}

/// The hits of two arms in one stratum, and how many cases each arm has there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stratum {
    /// Hits of the arm in question.
    pub hits: i64,
    /// Its cases.
    pub n: i64,
    /// Hits of the arm it is set against.
    pub base_hits: i64,
    /// Its cases.
    pub base_n: i64,
}

/// The weighted difference of two arms over strata, with its 95 % stratified Newcombe interval.
///
/// X. Yan and X. G. Su, "Stratified Wilson and Newcombe confidence intervals for multiple binomial
/// proportions", Statistics in Biopharmaceutical Research 2 (2010), 329–335; for any weights, of which only
/// the proportions count. One stratum gives [`newcombe`]. `None` without strata, or where an arm is empty.
pub fn stratified_newcombe(strata: &[Stratum], weights: &[f64]) -> Option<(f64, Bounds)> {
    let whole: f64 = weights.iter().sum();
    let both = strata.iter().all(|stratum| stratum.n > 0 && stratum.base_n > 0);
    if whole.is_nan() || whole <= 0.0 || !both || strata.len() != weights.len() {
        return None;
    }
    let arm = |of: fn(&Stratum) -> (i64, i64)| {
        let weighted = strata.iter().zip(weights).map(|(stratum, weight)| {
            let (hits, n) = of(stratum);
            (weight / whole, hits, n)
        });
        stratified_wilson(&weighted.collect::<Vec<_>>())
    };
    let one = arm(|stratum| (stratum.hits, stratum.n));
    let two = arm(|stratum| (stratum.base_hits, stratum.base_n));
    let variance = |arm: &Weighted, at: f64| arm.spread * at * (1.0 - at);
    let below = Z
        * (variance(&one, one.span.low) + variance(&two, two.span.high))
            .max(0.0)
            .sqrt();
    let above = Z
        * (variance(&one, one.span.high) + variance(&two, two.span.low))
            .max(0.0)
            .sqrt();
    let difference = one.rate - two.rate;
    let span = Bounds {
        low: (difference - below).max(-1.0),
        high: (difference + above).min(1.0),
    };
    Some((difference, span))
}

/// One arm over its strata.
struct Weighted {
    rate: f64,
    span: Bounds,
    /// The sum of squared weights, each over the stratum's size.
    spread: f64,
}

/// The weighted rate of strata (weight, hits, cases) and its stratified Wilson interval, as Yan and Su have it.
fn stratified_wilson(strata: &[(f64, i64, i64)]) -> Weighted {
    let rate = |hits: i64, n: i64| hits as f64 / n as f64;
    let sum = |of: &dyn Fn(f64, i64, i64) -> f64| -> f64 { strata.iter().map(|&(w, hits, n)| of(w, hits, n)).sum() };
    let varies = strata.iter().any(|&(_, hits, n)| 0 < hits && hits < n);
    // Where no stratum varies the quantile takes its limit for strata of one common rate.
    let scatter = |hits: i64, n: i64| {
        if varies {
            rate(hits, n) * (1.0 - rate(hits, n))
        } else {
            1.0
        }
    };
    let variance = |hits: i64, n: i64| scatter(hits, n) / n as f64;
    // Quantile at which the strata's own intervals add up to one of 95 %.
    let squares = sum(&|w, hits, n| w * w * variance(hits, n));
    let z = Z * squares.sqrt() / sum(&|w, hits, n| w * variance(hits, n).sqrt());
    let bound = |of: fn(Bounds) -> f64| sum(&|w, hits, n| w * wilson_at(hits, n, z).map_or(0.0, of));
    Weighted {
        rate: sum(&|w, hits, n| w * rate(hits, n)),
        span: Bounds {
            low: bound(|span| span.low),
            high: bound(|span| span.high),
        },
        spread: sum(&|w, _, n| w * w / n as f64),
    }
}

/// How far one part's weight, and how far its own rate, moved a rate that is made up of parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Change of the part's weight, times its distance from the whole.
    pub mix: f64,
    /// Change of the part's rate, times its weight.
    pub within: f64,
}

/// Explains the change of a rate from one period to the next by its parts, (hits, cases) in each: the effects
/// add up to the change. A part without cases in one period takes its rate from the other. `None` where a
/// period has no cases at all.
///
/// E. M. Kitagawa, "Components of a difference between two rates", Journal of the American Statistical
/// Association 50 (1955), 1168–1194; the mix is counted from the mean of both rates, so that a part that grows
/// raises the whole only where it is better than the whole.
pub fn explained(parts: &[[(i64, i64); 2]]) -> Option<Vec<Effect>> {
    let total = |period: usize| {
        parts
            .iter()
            .fold((0, 0), |(hits, n), part| (hits + part[period].0, n + part[period].1))
    };
    let wholes = [total(0), total(1)];
    let [before, now] = wholes.map(|(hits, n)| ratio(hits, n));
    let mean = (before? + now?) / 2.0;
    let effect = |part: &[(i64, i64); 2]| {
        let weight = |period: usize| part[period].1 as f64 / wholes[period].1 as f64;
        let rates = part.map(|(hits, n)| ratio(hits, n));
        let (Some(first), Some(last)) = (rates[0].or(rates[1]), rates[1].or(rates[0])) else {
            return Effect { mix: 0.0, within: 0.0 };
        };
        Effect {
            // Adding zero takes the sign off a zero.
            mix: (weight(1) - weight(0)) * ((first + last) / 2.0 - mean) + 0.0,
            within: (weight(0) + weight(1)) / 2.0 * (last - first) + 0.0,
        }
    };
    Some(parts.iter().map(effect).collect())
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
