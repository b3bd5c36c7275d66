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

    #[test]
    fn a_quick_mean_is_that_of_the_long_way(
        values in prop::collection::vec(any_value().prop_filter("finite", |v| v.float().is_none_or(f64::is_finite)), 1..4),
        count in prop_oneof![1u64..9, any::<u64>()],
    ) {
        let mut exact = Exact::default();
        values.iter().for_each(|value| exact.add(*value));
        let expected = exact.integer().divided(count.max(1)).float();
        prop_assert_eq!(exact.mean(count.max(1)), Number::Float(expected));
    }
}

/// Values with those that are not finite, whole numbers among them.
fn any_value() -> impl Strategy<Value = Number> {
    let special = prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.0)];
    prop_oneof![
        6 => value().prop_map(Number::Float),
        1 => special.prop_map(Number::Float),
        3 => prop_oneof![any::<i64>(), -9i64..9].prop_map(Number::Int),
        1 => Just(Number::Null),
    ]
}

/// What there is to see of sums, of their squares too, to the last bit.
fn seen(sum: &Exact, squares: &Exact, count: u64) -> Vec<String> {
    let bits = |number: Number| match number {
        Number::Float(value) => format!("{:?} {:x}", number, if value.is_nan() { 0 } else { value.to_bits() }),
        other => format!("{other:?}"),
    };
    let variance = sum.variance(squares, count, count.saturating_sub(1));
    vec![bits(sum.total()), bits(squares.total()), bits(sum.mean(count)), bits(Number::Float(variance))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever was in a sum before, after it is gone the sum is that of what is left, to the last bit, and as small.
    #[test]
    fn what_is_taken_out_leaves_nothing(
        parts in prop::collection::vec(prop::collection::vec(any_value(), 0..5), 1..30), length in 1usize..8,
    ) {
        let of = |values: &[Number]| {
            let (mut sum, mut squares) = (Exact::default(), Exact::default());
            values.iter().for_each(|value| {
                sum.add(*value);
                squares.add_square(*value);
            });
            (sum, squares)
        };
        let (mut sum, mut squares) = (Moving::default(), Moving::default());
        for at in 0..parts.len() + length {
            if let Some(part) = parts.get(at) {
                sum.merge(&of(part).0);
                squares.merge(&of(part).1);
            }
            if let Some(part) = at.checked_sub(length).and_then(|at| parts.get(at)) {
                let mut bytes = Vec::new();
                of(part).0.write(&mut bytes);
                sum.retract(&Exact::read(&bytes));
                squares.retract(&of(part).1);
            }
            let left = parts[(at + 1).saturating_sub(length).min(parts.len())..(at + 1).min(parts.len())].concat();
            let count = left.iter().filter(|value| **value != Number::Null).count() as u64;
            let (expected, of_squares) = of(&left);
            prop_assert_eq!(seen(sum.sum(), squares.sum(), count), seen(&expected, &of_squares, count), "{:?}", left);
            if left.is_empty() {
                prop_assert_eq!((sum.more_bytes(), sum.sum().flags), (0, 0));
            }
        }
    }

    #[test]
    fn what_is_written_is_read(values in prop::collection::vec(any_value(), 0..6)) {
        let mut sum = Exact::default();
        values.iter().for_each(|value| sum.add(*value));
        let mut bytes = Vec::new();
        sum.write(&mut bytes);
        let read = Exact::read(&bytes);
        prop_assert_eq!((read.sum, read.low, read.flags), (sum.sum, sum.low, sum.flags));
        prop_assert_eq!(read.wide.map(|wide| (wide.limbs, wide.first)), sum.wide.map(|wide| (wide.limbs, wide.first)));
    }
}

/// A sum that was wide, and negative, for long does not stay so.
#[test]
fn sums_that_move_stay_small() {
    let part = |value: f64| sum(&[value]);
    let mut moving = Moving::default();
    moving.merge(&part(0.25));
    for _ in 0..1000 {
        moving.merge(&part(-1e300));
        moving.merge(&part(1e-300));
        assert!(moving.more_bytes() < 1000, "{}", moving.more_bytes());
        moving.retract(&part(1e-300));
        moving.retract(&part(-1e300));
    }
    assert_eq!((moving.more_bytes(), moving.sum().total()), (0, Number::Float(0.25)));
    let mut bytes = Vec::new();
    moving.sum().write(&mut bytes);
    assert_eq!(bytes.len(), 4);
    let mut least = Exact::from(i64::MIN);
    (0..64).for_each(|_| least.merge(&least.clone()));
    let mut moving = Moving::default();
    moving.merge(&Exact::from(7));
    moving.merge(&least);
    assert_eq!(least.sum, i128::MIN);
    moving.retract(&least);
    assert_eq!(moving.sum().total(), Number::Int(7));
}

#[test]
fn carries_wait_and_come() {
    let mut wide = Wide { adds: ADDS - 2, ..Wide::default() };
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
