//! Laws of exact sums and of rates, over generated cases.

use botledger::metrics::fx::{Fraction, Rates, Sum};
use botledger::model::{Currency, Decimal};
use proptest::prelude::*;

use crate::support::chance::cases;

/// An amount and the fraction by which it is converted.
fn part() -> impl Strategy<Value = (i64, u64, u64)> {
    (0..1_000_000_000_000i64, 1..1_000_000u64, 1..1_000_000u64)
}

fn sum_of(parts: &[(i64, u64, u64)]) -> i128 {
    let mut sum = Sum::default();
    for (minor, numerator, denominator) in parts {
        let rate = Fraction {
            numerator: u128::from(*numerator),
            denominator: u128::from(*denominator),
        };
        assert!(sum.add(i128::from(*minor), Some(rate)).unwrap());
    }
    sum.total().unwrap()
}

/// The same over one common denominator, rounded half to even.
fn in_one_fraction(parts: &[(i64, u64, u64)]) -> i128 {
    let below: i128 = parts.iter().map(|part| i128::from(part.2)).product();
    let above: i128 = parts
        .iter()
        .map(|part| i128::from(part.0) * i128::from(part.1) * (below / i128::from(part.2)))
        .sum();
    let (whole, rest) = (above / below, above % below);
    whole + i128::from(2 * rest > below || 2 * rest == below && whole % 2 == 1)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_sum_is_that_of_one_common_fraction_in_any_order(
        (parts, shuffled) in prop::collection::vec(part(), 0..4).prop_flat_map(|parts| (Just(parts.clone()), Just(parts).prop_shuffle()))
    ) {
        prop_assert_eq!(sum_of(&parts), in_one_fraction(&parts));
        prop_assert_eq!(sum_of(&shuffled), sum_of(&parts));
    }

    #[test]
    fn small_fractions_that_meet_a_half_are_told_from_those_that_miss_it(
        parts in prop::collection::vec((0..20i64, 1..20u64, 1..20u64), 0..12)
    ) {
        prop_assert_eq!(sum_of(&parts), in_one_fraction(&parts));
    }

    #[test]
    fn what_exceeds_128_bits_on_the_way_is_still_exact(k in 1..1_000_000i64, digits in 1..1_000_000_000_000_000u128) {
        // k · d times n / d is k · n, however long the product is in between.
        let (numerator, denominator) = (digits * 1_000_000_000_000_000 + 1, (1u128 << 90) + 1);
        let mut sum = Sum::default();
        let rate = Fraction { numerator, denominator };
        prop_assert!(sum.add(i128::from(k) * (denominator as i128), Some(rate)).unwrap());
        prop_assert_eq!(sum.total(), Some(i128::from(k) * (numerator as i128)));
    }

    #[test]
    fn a_currency_in_itself_is_what_it_was(minor in any::<i64>(), day in -20_000..40_000i64) {
        let rates = Rates::default();
        for code in ["USD", "JPY", "KWD", "XTR"] {
            let currency = Currency::parse(code).unwrap();
            let rate = rates.convert(currency, currency, day).unwrap();
            prop_assert!(rate.days.is_empty() && rate.sources.is_empty());
            let mut sum = Sum::default();
            sum.add(i128::from(minor), Some(rate.minor)).unwrap();
            prop_assert_eq!(sum.total(), Some(i128::from(minor)));
        }
    }

    #[test]
    fn there_and_back_is_one(digits in 1..1_000_000_000_000_000i64, scale in 0..15u32) {
        let (one, two) = (Currency::parse("KWD").unwrap(), Currency::parse("JPY").unwrap());
        let mut rates = Rates::default();
        rates.insert(10, one, two, Decimal { digits, scale }, "test".into());
        let (there, back) = (rates.convert(one, two, 12).unwrap().minor, rates.convert(two, one, 12).unwrap().minor);
        prop_assert_eq!((there.numerator, there.denominator), (back.denominator, back.numerator));
    }
}
