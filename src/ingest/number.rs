//! JSON numbers by value: each has one spelling here, found in its digits and never through a float.

use std::borrow::Cow;

/// Most zeros that are written out; beyond them a number keeps an exponent.
const MOST_ZEROS: i64 = 40;

/// Whether a JSON value is a number.
pub fn is_number(raw: &str) -> bool {
    raw.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

/// The one spelling of a JSON number: `5.0` and `5.00` are `5`, `1e2` is `100`, `-0` is `0`.
///
/// Anything that is not a number, and a number whose exponent does not fit into 64 bits, stays as it is.
pub fn plain(raw: &str) -> Cow<'_, str> {
    let short = raw.len() as i64 <= MOST_ZEROS && !raw.starts_with('0');
    if short && raw.bytes().all(|byte| byte.is_ascii_digit()) {
        return Cow::Borrowed(raw);
    }
    spelled(raw).map_or(Cow::Borrowed(raw), Cow::Owned)
}

fn spelled(raw: &str) -> Option<String> {
    let (sign, rest) = raw.strip_prefix('-').map_or(("", raw), |rest| ("-", rest));
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    if whole.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // The value is the digits times ten to the power of `power`.
    let exponent: i64 = exponent.parse().ok()?;
    let trimmed = all.trim_end_matches('0');
    let zeros = i64::try_from(all.len() - trimmed.len()).ok()?;
    let power = exponent
        .checked_sub(i64::try_from(fraction.len()).ok()?)?
        .checked_add(zeros)?;
    let digits = trimmed.trim_start_matches('0');
    if digits.is_empty() {
        return Some("0".into());
    }
    let length = i64::try_from(digits.len()).ok()?;
    Some(if (0..=MOST_ZEROS).contains(&power) {
        format!("{sign}{digits}{}", "0".repeat(usize::try_from(power).ok()?))
    } else if power < 0 && power >= -MOST_ZEROS - length {
        let decimals = usize::try_from(-power).ok()?;
        let padding = "0".repeat((decimals + 1).saturating_sub(digits.len()));
        let padded = padding + digits;
        let (whole, fraction) = padded.split_at(padded.len() - decimals);
        format!("{sign}{whole}.{fraction}")
    } else {
        format!("{sign}{digits}e{power}")
    })
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_number_has_one_spelling() {
        for (written, spelling) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0e7", "0"),
            ("5", "5"),
            ("5.0", "5"),
            ("5.00", "5"),
            ("1e2", "100"),
            ("1E+2", "100"),
            ("100", "100"),
            ("100.0", "100"),
            ("1200e-2", "12"),
            ("-12.50", "-12.5"),
            ("0.5", "0.5"),
            ("5e-1", "0.5"),
            ("0.0050", "0.005"),
            ("1e400", "1e400"),
            ("10.0e399", "1e400"),
            ("1e-400", "1e-400"),
            ("1e99999999999999999999", "1e99999999999999999999"),
        ] {
            assert_eq!(plain(written), spelling, "{written}");
        }
    }

    #[test]
    fn digits_beyond_a_float_are_told_apart() {
        assert_ne!(plain("9007199254740993"), plain("9007199254740992"));
        assert_ne!(plain("18446744073709551617.0"), plain("18446744073709551616"));
        assert_eq!(plain("18446744073709551617.0"), "18446744073709551617");
        let long = format!("1{}", "0".repeat(60));
        assert_eq!(plain(&long), plain("1e60"));
        let longer = "4".repeat(70_000);
        assert_eq!(plain(&format!("{longer}e-70001")), format!("0.0{longer}"));
    }
}
