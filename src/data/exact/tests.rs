//! Exact sums against decimal text: the shortest way to an oracle that shares nothing with them.

use proptest::prelude::*;

use super::*;

/// A number in decimal digits, the lowest first; each has the sign of the number it came with.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Decimal(Vec<i64>);

/// So many digits behind the point hold any float: 2^-1074 has 1074 of them.
const POINT: usize = 1080;

impl Decimal {
    fn of(value: f64) -> Self {
        let text = format!("{:.1$}", value.abs(), POINT);
        let sign = if value < 0.0 { -1 } else { 1 };
        let digits = text.bytes().rev().filter(u8::is_ascii_digit).map(|digit| sign * i64::from(digit - b'0'));
        Decimal(digits.collect())
    }

    fn add(&mut self, other: &Decimal) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a += b);
    }

    /// The nearest float, as the standard library reads it.
    fn float(&self) -> f64 {
        let carried = |sign: i64| {
            let mut carry = 0;
            let mut digits: Vec<u8> = Vec::new();
            for digit in self.0.iter().map(|digit| sign * digit).chain([0; 20]) {
                let sum = digit + carry;
                digits.push(sum.rem_euclid(10) as u8);
                carry = sum.div_euclid(10);
            }
            (carry, digits)
        };
        let (carry, digits) = carried(1);
        let (sign, digits) = if carry < 0 { ("-", carried(-1).1) } else { ("", digits) };
        let mut text: String = digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect();
        text.insert(text.len() - POINT, '.');
        format!("{sign}{text}").parse().unwrap()
    }
}

fn sum(values: &[f64]) -> Exact {
    let mut exact = Exact::default();
    values.iter().for_each(|value| exact.add_float(*value));
    exact
}

fn float(number: Number) -> f64 {
    number.float().unwrap()
}

/// Floats of every size, of similar sizes, and such as are written with a few decimals.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |value| value.is_finite()),
        (-1_000_000i64..1_000_000).prop_map(|cents| cents as f64 / 100.0),
        (-300..300i32).prop_map(|exponent| 2f64.powi(exponent)),
        prop_oneof![Just(f64::MAX), Just(-f64::MAX), Just(5e-324), Just(-5e-324), Just(f64::MIN_POSITIVE)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_sum_is_that_of_the_decimals_rounded_once(values in prop::collection::vec(value(), 1..12)) {
        let mut decimal = Decimal(vec![0; POINT]);
        values.iter().for_each(|value| decimal.add(&Decimal::of(*value)));
        prop_assert_eq!(float(sum(&values).total()), decimal.float(), "{:?}", values);
    }

    #[test]
    fn neither_order_nor_parts_nor_bytes_can_be_seen(
        mut values in prop::collection::vec(value(), 1..30), at in 0usize..30, seed: u64,
    ) {
        let expected = float(sum(&values).total()).to_bits();
        values.sort_by_key(|value| value.to_bits().wrapping_mul(seed | 1));
        let (a, b) = values.split_at(at.min(values.len()));
        let mut bytes = Vec::new();
        sum(a).write(&mut bytes);
        let mut whole = Exact::read(&bytes);
        whole.merge(&sum(b));
        prop_assert_eq!(float(whole.total()).to_bits(), expected);
        let mut other = sum(b);
        other.merge(&sum(a));
        prop_assert_eq!(float(other.total()).to_bits(), expected);
    }

    #[test]
    fn whole_numbers_stay_whole_until_they_do_not_fit(values in prop::collection::vec(any::<i64>(), 1..9)) {
        let total = values.iter().map(|value| i128::from(*value)).sum::<i128>();
        let mut exact = Exact::default();
        values.iter().for_each(|value| exact.add_int(*value));
        let expected = i64::try_from(total).map_or(Number::Float(total as f64), Number::Int);
        prop_assert_eq!(exact.total(), expected);
        let count = values.len() as i128;
        if total % count == 0 {
            prop_assert_eq!(exact.mean(count as u64), Number::Float((total / count) as f64));
        }
    }

    /// Of whole numbers both sides of the definition can be computed in 128 bits.
    #[test]
    fn variances_are_those_of_the_definition(values in prop::collection::vec(-1_000_000_000i64..1_000_000_000, 2..20)) {
        let (mut sum, mut squares) = (Exact::default(), Exact::default());
        for value in &values {
            // As floats with a binary point, so that both paths are gone.
            sum.add_float(*value as f64 / 1024.0);
            squares.add_square(Number::Float(*value as f64 / 1024.0));
        }
        let n = values.len() as i128;
        let total = values.iter().map(|v| i128::from(*v)).sum::<i128>();
        let distances = n * values.iter().map(|v| i128::from(*v) * i128::from(*v)).sum::<i128>() - total * total;
        let expected = distances as f64 / (n * (n - 1)) as f64 / (1024.0 * 1024.0);
        let found = sum.variance(&squares, n as u64, n as u64 - 1);
        prop_assert!((found - expected).abs() <= expected * 1e-15, "{} {}", found, expected);
    }

    #[test]
    fn a_mean_is_rounded_once(numerators in prop::collection::vec(-1_000_000_007i64..1_000_000_007, 1..40)) {
        let mut exact = Exact::default();
        numerators.iter().for_each(|value| exact.add_int(*value));
        // Both are whole and less than 2^53, so that one division of floats is rounded once.
        let expected = numerators.iter().sum::<i64>() as f64 / numerators.len() as f64;
        prop_assert_eq!(exact.mean(numerators.len() as u64), Number::Float(expected));
    }
}

#[test]
fn carries_wait_and_come() {
    let mut wide = Wide::default();
    wide.adds = ADDS - 2;
    for _ in 0..4 {
        wide.add(i128::MAX, 7);
    }
    let mut exact = Exact { flags: SEEN | FLOAT, wide: Some(Box::new(wide)), ..Exact::default() };
    assert_eq!(exact.total(), Number::Float(i128::MAX as f64 * 512.0));
    for _ in 0..4 {
        let other = Exact { flags: SEEN, wide: Some(Box::new(Wide::default())), sum: -i128::MAX, low: 7 };
        exact.merge(&other);
    }
    assert_eq!(exact.total(), Number::Float(0.0));
}

#[test]
fn what_is_not_finite_is_as_in_ieee() {
    assert_eq!(sum(&[1.0, f64::INFINITY]).total(), Number::Float(f64::INFINITY));
    assert_eq!(sum(&[f64::NEG_INFINITY, 1.0]).mean(2), Number::Float(f64::NEG_INFINITY));
    assert!(float(sum(&[f64::NEG_INFINITY, f64::INFINITY]).total()).is_nan());
    assert!(float(sum(&[f64::NAN]).total()).is_nan());
    assert!(sum(&[f64::INFINITY]).variance(&Exact::default(), 2, 1).is_nan());
}

#[test]
fn nothing_is_null_and_a_tie_goes_to_the_even_one() {
    assert_eq!(Exact::default().total(), Number::Null);
    assert_eq!(Exact::default().mean(0), Number::Null);
    assert_eq!(sum(&[9007199254740992.0, 1.0]).total(), Number::Float(9007199254740992.0));
    assert_eq!(sum(&[9007199254740992.0, 1.0, 5e-324]).total(), Number::Float(9007199254740994.0));
    assert_eq!(sum(&[1e308, 1e308, -1e308]).total(), Number::Float(1e308));
    assert_eq!(sum(&[f64::MAX, f64::MAX]).total(), Number::Float(f64::INFINITY));
}
