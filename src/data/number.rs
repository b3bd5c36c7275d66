//! Text that is a number (SPEC 3): all of `[+-]digits[.digits][e[+-]digits]`. Its value as an `f64`, and the exact order
//! of two such texts, whatever their length. Used by whoever compares values; nothing here allocates.

use std::cmp::Ordering;

/// Text that was found to be a number, taken apart but not yet computed.
#[derive(Debug, Clone, Copy)]
pub struct Number<'a> {
    text: &'a [u8],
    negative: bool,
    /// Digits before the point, at least one.
    integer: &'a [u8],
    /// Digits behind the point.
    fraction: &'a [u8],
    /// Digits of the exponent.
    exponent: &'a [u8],
    exponent_negative: bool,
}

/// How many digits always fit an `i64`.
const SHORT: usize = 18;

/// Two doubles are never farther apart than this many digits can tell: the midpoint of two neighbours has at most 767.
const DIGITS: usize = 780;

/// An exponent beyond this decides a comparison whatever the digits are: texts are shorter than 2^32 bytes.
const DECIDED: i64 = 1 << 40;

/// The number that `text` spells; `None` if it is none.
#[inline]
pub fn parse(text: &[u8]) -> Option<Number<'_>> {
    // Most text is settled by its first byte.
    if matches!(text, [b'0'..=b'9' | b'+' | b'-', ..]) { take_apart(text) } else { None }
}

fn take_apart(text: &[u8]) -> Option<Number<'_>> {
    let (negative, rest) = sign(text);
    let (integer, rest) = digits(rest)?;
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => digits(rest)?,
        _ => (&rest[..0], rest),
    };
    let (exponent_negative, exponent, rest) = match rest {
        [b'e' | b'E', rest @ ..] => {
            let (negative, rest) = sign(rest);
            let (exponent, rest) = digits(rest)?;
            (negative, exponent, rest)
        }
        _ => (false, &rest[..0], rest),
    };
    rest.is_empty().then_some(Number { text, negative, integer, fraction, exponent, exponent_negative })
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// The digits that `text` begins with, at least one, and what follows.
fn digits(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let count = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    (count > 0).then(|| text.split_at(count))
}

impl Number<'_> {
    /// The value if it is written without point and exponent and surely fits.
    pub fn short(&self) -> Option<i64> {
        if self.integer.len() > SHORT || self.integer.len() + usize::from(self.text[0] < b'0') != self.text.len() {
            return None;
        }
        let value = self.integer.iter().fold(0, |value: i64, digit| value * 10 + i64::from(digit - b'0'));
        Some(if self.negative { -value } else { value })
    }

    /// The value if it is written without point and exponent and fits.
    #[inline]
    pub fn whole(&self) -> Option<i64> {
        if let Some(value) = self.short() {
            return Some(value);
        }
        if self.integer.len() + usize::from(self.text[0] < b'0') != self.text.len() {
            return None;
        }
        std::str::from_utf8(self.text).ok()?.parse().ok()
    }

    /// The nearest `f64`, of few digits without an exponent: the quotient of two floats that are exact.
    fn decimal(&self) -> Option<f64> {
        const POWERS: [f64; 16] =
            [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
        let power = POWERS.get(self.integer.len() + self.fraction.len()).and(POWERS.get(self.fraction.len()))?;
        if !self.exponent.is_empty() {
            return None;
        }
        let digits = self.integer.iter().chain(self.fraction);
        let value = digits.fold(0, |value: i64, digit| value * 10 + i64::from(digit - b'0')) as f64 / power;
        Some(if self.negative { -value } else { value })
    }

    /// The nearest `f64`, which may be infinite or zero (of either sign). A greater number never has a smaller value.
    pub fn value(&self) -> f64 {
        if let Some(value) = self.short() {
            return value as f64;
        }
        if let Some(value) = self.decimal() {
            return value;
        }
        if self.text.len() <= DIGITS && self.exponent.len() <= 4 {
            return read(self.text);
        }
        // What the standard library reads is correct to the last bit, but its exponents saturate early.
        let (point, [head, tail]) = self.significant();
        let exponent = point + exponent_of(self);
        let mut text = [b'0'; DIGITS + 16];
        let mut len = usize::from(self.negative);
        text[0] = if self.negative { b'-' } else { b'0' };
        text[len..len + 2].copy_from_slice(b"0.");
        len += 2;
        for &digit in head.iter().chain(tail).take(DIGITS) {
            text[len] = digit;
            len += 1;
        }
        if head.iter().chain(tail).skip(DIGITS).any(|&digit| digit != b'0') {
            text[len] = b'1';
            len += 1;
        }
        // Beyond this every value is infinite or zero.
        let exponent = exponent.clamp(-2000, 2000);
        text[len] = b'e';
        len += 1;
        if exponent < 0 {
            text[len] = b'-';
            len += 1;
        }
        for (place, digit) in text[len..len + 4].iter_mut().zip([1000, 100, 10, 1]) {
            *place = b'0' + (exponent.abs() / digit % 10) as u8;
        }
        read(&text[..len + 4])
    }

    /// The digits without leading zeros, in two pieces, and where the point stands before or behind their first, leaving
    /// the exponent aside. Empty for zero.
    fn significant(&self) -> (i64, [&[u8]; 2]) {
        let integer = unpadded(self.integer);
        if !integer.is_empty() {
            return (integer.len() as i64, [integer, self.fraction]);
        }
        let fraction = unpadded(self.fraction);
        (fraction.len() as i64 - self.fraction.len() as i64, [fraction, &[]])
    }

    /// -1, 0 or 1.
    fn signum(&self) -> i32 {
        let (_, [head, _]) = self.significant();
        match (head.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

fn unpadded(digits: &[u8]) -> &[u8] {
    &digits[digits.iter().position(|&d| d != b'0').unwrap_or(digits.len())..]
}

/// The value of text that is known to be a number of modest length.
fn read(text: &[u8]) -> f64 {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

/// The order by value: exact for any number of digits and any exponent.
pub fn compare(a: &Number<'_>, b: &Number<'_>) -> Ordering {
    if let (Some(a), Some(b)) = (a.short(), b.short()) {
        return a.cmp(&b);
    }
    match a.value().partial_cmp(&b.value()) {
        Some(order) if order.is_ne() => order,
        _ => exact(a, b),
    }
}

fn exact(a: &Number<'_>, b: &Number<'_>) -> Ordering {
    let sign = a.signum();
    match sign.cmp(&b.signum()) {
        Ordering::Equal if sign != 0 => {}
        settled => return settled,
    }
    let (a_point, [a_head, a_tail]) = a.significant();
    let (b_point, [b_head, b_tail]) = b.significant();
    let magnitude = (exponent_difference(a, b) + a_point - b_point).cmp(&0).then_with(|| {
        let length = (a_head.len() + a_tail.len()).max(b_head.len() + b_tail.len());
        let zeros = std::iter::repeat(&b'0');
        let a_digits = a_head.iter().chain(a_tail).chain(zeros.clone()).take(length);
        a_digits.cmp(b_head.iter().chain(b_tail).chain(zeros).take(length))
    });
    if sign < 0 { magnitude.reverse() } else { magnitude }
}

fn exponent_of(number: &Number<'_>) -> i64 {
    exponent_difference(number, &Number { exponent: &[], ..*number })
}

/// Exponent of `a` minus exponent of `b`, exact unless it is beyond [`DECIDED`], where only its sign holds.
fn exponent_difference(a: &Number<'_>, b: &Number<'_>) -> i64 {
    let length = a.exponent.len().max(b.exponent.len());
    let digit = |number: &Number<'_>, at: usize| {
        let digit = (at + number.exponent.len()).checked_sub(length).map_or(0, |at| number.exponent[at] - b'0');
        if number.exponent_negative { -i64::from(digit) } else { i64::from(digit) }
    };
    let mut difference = 0;
    for at in 0..length {
        difference = difference * 10 + digit(a, at) - digit(b, at);
        // Further digits cannot change the sign any more, and only make it greater.
        if difference.abs() >= DECIDED {
            break;
        }
    }
    difference
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_number(text: &str) -> bool {
        parse(text.as_bytes()).is_some()
    }

    fn value(text: &str) -> f64 {
        parse(text.as_bytes()).expect(text).value()
    }

    fn order(a: &str, b: &str) -> Ordering {
        compare(&parse(a.as_bytes()).expect(a), &parse(b.as_bytes()).expect(b))
    }

    #[test]
    fn the_grammar_is_that_of_the_manual() {
        for yes in ["0", "7", "-7", "+7", "007", "1.5", "-0.0", "1e9", "1E+09", "1.5e-3", "12345678901234567890123"] {
            assert!(is_number(yes), "{yes}");
        }
        for no in
            ["", "-", "+", ".5", "5.", "1e", "1e+", " 1", "1 ", "1x", "0x10", "inf", "NaN", "--1", "1.2.3", "1,5", "e5"]
        {
            assert!(!is_number(no), "{no}");
        }
    }

    #[test]
    fn values_are_those_of_the_standard_library() {
        for text in
            ["0", "-12", "+12", "1.5", "-2.25e3", "1e308", "4.9e-324", "123456789012345678", "9999999999999999999"]
        {
            assert_eq!(value(text), text.parse::<f64>().unwrap(), "{text}");
        }
    }

    #[test]
    fn exponents_that_no_float_holds_keep_their_meaning() {
        let thousand_zeros = "0".repeat(70_000);
        assert_eq!(value(&format!("0.{thousand_zeros}25e70001")), 2.5);
        assert_eq!(value(&format!("25{thousand_zeros}e-70001")), 2.5);
        assert_eq!(value("-1e99999999999999999999999"), f64::NEG_INFINITY);
        assert_eq!(value("1e-99999999999999999999999"), 0.0);
        assert_eq!(value("0e99999999999999999999999"), 0.0);
        assert_eq!(value("1e0000000000000000000000002"), 100.0);
    }

    #[test]
    fn more_digits_than_a_float_has_still_decide() {
        assert_eq!(order("9007199254740993", "9007199254740992.0"), Ordering::Greater);
        assert_eq!(order("1e400", "1e401"), Ordering::Less);
        assert_eq!(order("-1e400", "-1e401"), Ordering::Greater);
        assert_eq!(order("1e-400", "0"), Ordering::Greater);
        assert_eq!(order("1e99999999999999999999999999", "1e99999999999999999999999998"), Ordering::Greater);
        assert_eq!(order("10e99999999999999999999999998", "1e99999999999999999999999999"), Ordering::Equal);
        assert_eq!(order("1e-99999999999999999999999999", "1e99999999999999999999999999"), Ordering::Less);
    }

    #[test]
    fn different_spellings_of_a_value_are_equal() {
        for (a, b) in
            [("7", "07"), ("7", "7.0"), ("0", "-0"), ("70", "7e1"), ("0.07", "7e-2"), ("0", "0e9"), ("+1", "1")]
        {
            assert_eq!(order(a, b), Ordering::Equal, "{a} {b}");
        }
    }

    /// What a number is, slowly: its sign and its digits at a fixed place.
    fn model(text: &str) -> (bool, Vec<u8>) {
        const PLACE: i64 = 60;
        let negative = text.starts_with('-');
        let text = text.trim_start_matches(['+', '-']);
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut places = vec![0; 2 * PLACE as usize];
        let first = PLACE - integer.len() as i64 - exponent.parse::<i64>().unwrap();
        for (at, digit) in integer.bytes().chain(fraction.bytes()).enumerate() {
            if digit != b'0' {
                places[(first + at as i64) as usize] = digit - b'0';
            }
        }
        (negative && places.iter().any(|&d| d != 0), places)
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_the_decimals(
            numbers in proptest::collection::vec("[+-]?[0-9]{1,3}([0-9]{0,20})?(\\.[019]{1,20})?([eE][+-]?[0-9])?", 2..6),
        ) {
            for a in &numbers {
                for b in &numbers {
                    let ((a_negative, a_places), (b_negative, b_places)) = (model(a), model(b));
                    let expected = match (a_negative, b_negative) {
                        (false, false) => a_places.cmp(&b_places),
                        (true, true) => b_places.cmp(&a_places),
                        _ => b_negative.cmp(&a_negative),
                    };
                    prop_assert_eq!(order(a, b), expected, "{} {}", a, b);
                    prop_assert_eq!(value(a), a.parse::<f64>().unwrap());
                }
            }
        }

        #[test]
        fn the_long_way_to_a_value_is_exact(mantissa in "[1-9]\\.[0-9]{1,40}", exponent in -330i64..310) {
            // As many zeros before the point as the exponent takes away again force the long way.
            let long = format!("{}{}e-{:05}", mantissa.replace('.', ""), "0".repeat(10_000), 10_000 + mantissa.len() - 2);
            prop_assert_eq!(value(&long), mantissa.parse::<f64>().unwrap());
            let text = format!("{mantissa}e{exponent}");
            let padded = format!("{mantissa}e{}{:010}", if exponent < 0 { "-" } else { "" }, exponent.abs());
            prop_assert_eq!(value(&padded), text.parse::<f64>().unwrap());
        }

        #[test]
        fn what_is_no_number_is_told_as_by_a_regular_expression(text in "[-+.eE0-9x]{0,8}") {
            let grammar = regular(&text);
            prop_assert_eq!(is_number(&text), grammar);
        }
    }

    fn regular(text: &str) -> bool {
        use grep_matcher::Matcher;
        let matcher = grep_regex::RegexMatcher::new(r"\A[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\z").unwrap();
        matcher.is_match(text.as_bytes()).unwrap()
    }
}
