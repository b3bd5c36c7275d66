//! Rounding to decimal places, as Spark does it: of the decimal number that a float is written as (`2.675` is not a little
//! less than that), so that `round(2.675, 2)` is 2.68.

use crate::data::column::Number;

/// Which neighbour is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The nearer one; of two equally near ones the one away from zero.
    HalfUp,
    /// The nearer one; of two equally near ones the even one.
    HalfEven,
    /// The one below.
    Floor,
    /// The one above.
    Ceiling,
}

impl Mode {
    /// Whether to go away from zero, given how what is cut off compares to the half of a unit, whether anything is cut off,
    /// whether the last digit kept is odd, and the sign.
    fn away(self, half: std::cmp::Ordering, anything: bool, odd: bool, negative: bool) -> bool {
        match self {
            Mode::HalfUp => half.is_ge(),
            Mode::HalfEven => half.is_gt() || (half.is_eq() && odd),
            Mode::Floor => anything && negative,
            Mode::Ceiling => anything && !negative,
        }
    }
}

/// A number rounded to so many decimal places; to tens and hundreds, if negative. Whole numbers stay such where they fit.
#[inline]
pub fn rounded(number: Number, places: i64, mode: Mode) -> Number {
    match number {
        Number::Null => Number::Null,
        Number::Int(value) if places >= 0 => Number::Int(value),
        Number::Int(value) => whole(value, places.unsigned_abs(), mode),
        Number::Float(value) => Number::Float(float(value, places, mode)),
    }
}

fn whole(value: i64, zeros: u64, mode: Mode) -> Number {
    let unit = 10i128.pow(zeros.min(20) as u32);
    let (kept, cut) = (i128::from(value) / unit, (i128::from(value) % unit).abs());
    let away = mode.away((2 * cut).cmp(&unit), cut != 0, kept % 2 != 0, value < 0);
    let result = match (away, value < 0) {
        (false, _) => kept,
        (true, true) => kept - 1,
        (true, false) => kept + 1,
    };
    match result.checked_mul(unit).map(|result| (i64::try_from(result), result)) {
        Some((Ok(result), _)) => Number::Int(result),
        Some((Err(_), result)) => Number::Float(result as f64),
        None => Number::Int(0),
    }
}

/// Powers of ten that are exact.
const EXACT: [f64; 16] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

fn float(value: f64, places: i64, mode: Mode) -> f64 {
    // No float has a digit so far before the point.
    let places = places.max(-341);
    // From 2^53 on floats are whole; the others have at most 17 digits, none of them behind this place.
    if !value.is_finite() || value == 0.0 || places > 340 || (places >= 0 && value.abs() >= 9_007_199_254_740_992.0) {
        return value;
    }
    if let Some(unit) = usize::try_from(places).ok().and_then(|places| EXACT.get(places)) {
        let scaled = value * unit;
        let kept = scaled.trunc();
        let cut = (scaled - kept).abs();
        // The product is off by less than 2^-12, so what is this far from a border is on the right side of it; and the
        // quotient of two exact numbers is rounded correctly.
        let sure = scaled.abs() < 1_099_511_627_776.0 && (cut - 0.5).abs() > 0.001 && cut > 0.001 && cut < 0.999;
        if sure {
            let half = if cut > 0.5 { std::cmp::Ordering::Greater } else { std::cmp::Ordering::Less };
            let away = mode.away(half, true, false, value < 0.0);
            return (if away { kept + value.signum() } else { kept }) / unit;
        }
    }
    written(value, places, mode)
}

/// Rounds the digits that the float is written with.
fn written(value: f64, places: i64, mode: Mode) -> f64 {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value.abs()).as_bytes();
    let (mantissa, exponent) = match text.iter().position(|&b| b == b'e') {
        Some(at) => (&text[..at], std::str::from_utf8(&text[at + 1..]).ok().and_then(|e| e.parse().ok()).unwrap_or(0)),
        None => (text, 0i64),
    };
    let point = mantissa.iter().position(|&b| b == b'.').unwrap_or(mantissa.len());
    // Digits without the point, and where it stands behind the first of them.
    let mut digits = [b'0'; 40];
    let mut count = 1;
    for &digit in mantissa.iter().filter(|b| b.is_ascii_digit()).take(38) {
        digits[count] = digit;
        count += 1;
    }
    let kept = point as i64 + exponent + places;
    if kept >= count as i64 - 1 {
        return value;
    }
    let (half, odd, keep) = if kept < 0 {
        (std::cmp::Ordering::Less, false, 0)
    } else {
        let cut = &digits[kept as usize + 1..count];
        let rest = if cut[1..].iter().any(|&digit| digit > b'0') { 1 } else { 0 };
        let half = (cut[0], rest).cmp(&(b'5', 0));
        (half, digits[kept as usize] % 2 == 1, kept as usize)
    };
    let anything = digits[keep + 1..count].iter().any(|&digit| digit > b'0');
    let mut end = keep + 1;
    if mode.away(half, anything, odd, value < 0.0) {
        let mut at = keep;
        if kept < 0 {
            digits[0] = b'1';
        } else {
            while digits[at] == b'9' {
                digits[at] = b'0';
                at -= 1;
            }
            digits[at] += 1;
        }
    } else if kept < 0 {
        end = 1;
        digits[0] = b'0';
    }
    // The digits that are kept, times a power of ten, read back.
    let mut text = [0; 64];
    text[..end].copy_from_slice(&digits[..end]);
    text[end] = b'e';
    let mut out = std::io::Cursor::new(&mut text[end + 1..]);
    if std::io::Write::write_fmt(&mut out, format_args!("{}", -places)).is_err() {
        return value;
    }
    let end = end + 1 + out.position() as usize;
    let result: f64 = std::str::from_utf8(&text[..end]).ok().and_then(|text| text.parse().ok()).unwrap_or(value);
    result.copysign(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round(value: f64, places: i64) -> f64 {
        float(value, places, Mode::HalfUp)
    }

    /// What PySpark 4 gives.
    #[test]
    fn floats_are_rounded_as_they_are_written() {
        for (value, places, result) in [
            (0.5, 0, 1.0),
            (1.5, 0, 2.0),
            (-0.5, 0, -1.0),
            (-2.5, 0, -3.0),
            (0.4999999999999999, 0, 0.0),
            (2.675, 2, 2.68),
            (1.005, 2, 1.01),
            (0.125, 2, 0.13),
            (-0.125, 2, -0.13),
            (1234.5678, -1, 1230.0),
            (1250.0, -2, 1300.0),
            (-1250.0, -2, -1300.0),
            (95.0, -2, 100.0),
            (55.0, -2, 100.0),
            (45.0, -2, 0.0),
            (5.0, -2, 0.0),
            (1e300, 2, 1e300),
            (1.5e300, -300, 2e300),
            (1e300, -400, 0.0),
            (2.5, 400, 2.5),
            (2.5, i64::MIN, 0.0),
            (2.5, i64::MAX, 2.5),
            (1e-300, 5, 0.0),
            (999.9995, 3, 1000.0),
        ] {
            assert_eq!(round(value, places), result, "{value} {places}");
        }
        assert!(round(f64::NAN, 1).is_nan());
        assert_eq!(float(2.5, 0, Mode::HalfEven), 2.0);
        assert_eq!(float(3.5, 0, Mode::HalfEven), 4.0);
        assert_eq!(float(12.345, 2, Mode::Floor), 12.34);
        assert_eq!(float(-12.345, 2, Mode::Floor), -12.35);
        assert_eq!(float(0.001, 2, Mode::Ceiling), 0.01);
        assert_eq!(float(3.3, 1, Mode::Ceiling), 3.3);
    }

    #[test]
    fn whole_numbers_stay_whole_where_they_fit() {
        let round = |value, places| rounded(Number::Int(value), places, Mode::HalfUp);
        assert_eq!(round(15, -1), Number::Int(20));
        assert_eq!(round(-15, -1), Number::Int(-20));
        assert_eq!(round(5, 2), Number::Int(5));
        assert_eq!(round(i64::MAX, -1), Number::Float(9_223_372_036_854_775_810.0));
        assert_eq!(round(i64::MIN, -19), Number::Float(-1e19));
        assert_eq!(round(i64::MIN, i64::MIN), Number::Int(0));
        assert_eq!(rounded(Number::Int(-1), -30, Mode::Ceiling), Number::Int(0));
    }

    proptest! {
        /// The fast way is the slow one.
        #[test]
        fn all_floats_are_rounded_as_they_are_written(value in prop_oneof![any::<f64>(), -1e6..1e6f64, (-100_000i32..100_000).prop_map(|v| f64::from(v) / 1000.0)], places in -3i64..18) {
            prop_assume!(value.is_finite() && value != 0.0);
            for mode in [Mode::HalfUp, Mode::HalfEven, Mode::Floor, Mode::Ceiling] {
                if places < 0 || value.abs() < 9_007_199_254_740_992.0 {
                    prop_assert_eq!(float(value, places, mode), written(value, places, mode));
                }
            }
        }

        /// Against decimal text, which the standard library writes exactly: thousandths are rounded by hand.
        #[test]
        fn thousandths_are_rounded_half_up(thousandths in -10_000_000i64..10_000_000) {
            let value: f64 = format!("{thousandths}e-3").parse().expect("a number");
            let hundredths = (thousandths.abs() + 5) / 10 * thousandths.signum();
            prop_assert_eq!(round(value, 2), format!("{hundredths}e-2").parse::<f64>().expect("a number"));
        }

        #[test]
        fn whole_numbers_are_rounded_half_up(value: i64, zeros in 1u32..19) {
            let unit = 10i128.pow(zeros);
            let expected = (i128::from(value).abs() + unit / 2) / unit * unit * i128::from(value.signum());
            match rounded(Number::Int(value), -i64::from(zeros), Mode::HalfUp) {
                Number::Int(result) => prop_assert_eq!(i128::from(result), expected),
                other => prop_assert_eq!(other, Number::Float(expected as f64)),
            }
        }
    }
}
