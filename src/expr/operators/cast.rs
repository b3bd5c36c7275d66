//! `CAST`: text to numbers as Spark reads them (blanks around are cut, `7.9` is 7 as a whole number), numbers to whole ones cut
//! towards zero. What does not fit is null.

use jiff::tz::TimeZone;

use crate::data::column::{Cell, Column, FALSE, Number, TRUE, UNKNOWN};
use crate::data::schema::Kind;
use crate::expr::ast::Type;
use crate::expr::convert::condition_of;
use crate::expr::functions;
use crate::expr::{Context, Node};

/// The node of a conversion.
pub fn bind(of: Node, to: Type, context: &Context) -> Result<Node, String> {
    let zone = &TimeZone::UTC;
    if let Kind::List(_) = of.kind
        && to != Type::Text
    {
        return Err("a list can be made text, but nothing else".into());
    }
    if of.kind == Kind::Bool && matches!(to, Type::Time | Type::Date) {
        return Err("a condition cannot be made a time".into());
    }
    Ok(match to {
        Type::Text => {
            let text = of.into_text(&context.zone);
            Node { kind: Kind::Text, ..text }
        }
        Type::Int(8) => of.converted(Kind::Number, zone, |column, _| ints(column, 8)),
        Type::Int(16) => of.converted(Kind::Number, zone, |column, _| ints(column, 16)),
        Type::Int(32) => of.converted(Kind::Number, zone, |column, _| ints(column, 32)),
        Type::Int(_) => of.converted(Kind::Number, zone, |column, _| ints(column, 64)),
        Type::Double => of.converted(Kind::Number, zone, |column, _| column_of(column, double)),
        Type::Decimal(digits, places) => {
            let double = of.converted(Kind::Number, zone, |column, _| column_of(column, decimal));
            return rounded(double, digits, places);
        }
        Type::Bool if of.kind == Kind::Time => return Err("a time cannot be made a condition".into()),
        Type::Bool => of.converted(Kind::Bool, zone, |column, _| conditions(column)),
        Type::Time => return time(of, context),
        Type::Date => return call("to_date", of, context),
    })
}

/// As a time: text is read, a number is seconds since the epoch.
pub fn time(of: Node, context: &Context) -> Result<Node, String> {
    match of.kind {
        Kind::Time => Ok(of),
        Kind::Number => call("timestamp_seconds", of, context),
        _ => call("to_timestamp", of, context),
    }
}

fn call(name: &str, of: Node, context: &Context) -> Result<Node, String> {
    let function = functions::find(name).ok_or_else(|| format!("the function {name} is missing"))?;
    (function.bind)(vec![of], context)
}

fn column_of(column: &Column, number: fn(Cell<'_>) -> Number) -> Column {
    Column::Number((0..column.len()).map(|row| number(column.cell(row))).collect())
}

fn ints(column: &Column, bits: u32) -> Column {
    let fits = |value: i64| value >> (bits - 1) == 0 || value >> (bits - 1) == -1;
    let int = |row| match column.cell(row) {
        Cell::Int(value) => Some(value),
        Cell::Float(value) => cut(value),
        Cell::Bool(value) => Some(i64::from(value)),
        Cell::Time(micros) => Some(micros.div_euclid(1_000_000)),
        Cell::Text(text) => int_of(text),
        Cell::Null | Cell::List(_) => None,
    };
    Column::Number(
        (0..column.len()).map(|row| int(row).filter(|v| fits(*v)).map_or(Number::Null, Number::Int)).collect(),
    )
}

fn cut(value: f64) -> Option<i64> {
    (value.abs() < 9_223_372_036_854_775_808.0).then_some(value as i64)
}

/// Without the blanks and control characters around.
fn trimmed(text: &[u8]) -> &[u8] {
    let inner = |byte: &u8| *byte > b' ' && *byte != 0x7f;
    let start = text.iter().position(inner).unwrap_or(text.len());
    let end = text.iter().rposition(inner).map_or(start, |last| last + 1);
    &text[start..end]
}

/// Digits with a sign; a point and digits behind it are cut off.
fn int_of(text: &[u8]) -> Option<i64> {
    let text = trimmed(text);
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    let fraction = digits.get(point + 1..).unwrap_or_default();
    if digits.is_empty() || digits == b"." || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    digits[..point].iter().try_fold(0i64, |value, byte| {
        let digit = i64::from(byte.wrapping_sub(b'0'));
        let next = value.checked_mul(10)?;
        match byte {
            b'0'..=b'9' if negative => next.checked_sub(digit),
            b'0'..=b'9' => next.checked_add(digit),
            _ => None,
        }
    })
}

fn double(cell: Cell<'_>) -> Number {
    match cell {
        Cell::Int(value) => Number::Float(value as f64),
        Cell::Float(value) => Number::Float(value),
        Cell::Bool(value) => Number::Float(f64::from(u8::from(value))),
        Cell::Time(micros) => Number::Float(micros as f64 / 1e6),
        Cell::Text(text) => double_of(text).map_or(Number::Null, Number::Float),
        Cell::Null | Cell::List(_) => Number::Null,
    }
}

/// As Java reads a double: also `.5`, `5.`, `1e3`, `2d`, and the names of what is no number.
fn double_of(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(trimmed(text)).ok()?;
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let named = |names: &[&str]| names.iter().any(|name| bare.eq_ignore_ascii_case(name));
    if named(&["inf", "infinity"]) {
        return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if text.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    if !bare.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text).parse().ok()
}

/// What is to be rounded: whole numbers stay so.
fn decimal(cell: Cell<'_>) -> Number {
    match cell {
        Cell::Int(value) => Number::Int(value),
        Cell::Text(text) => match int_of(text) {
            Some(value) if !text.contains(&b'.') => Number::Int(value),
            _ => double(cell),
        },
        cell => double(cell),
    }
}

struct Rounded {
    of: Node,
    digits: u32,
    places: u32,
}

fn rounded(of: Node, digits: u32, places: u32) -> Result<Node, String> {
    let constant = of.constant.is_some();
    Ok(Node::new(Kind::Number, Rounded { of, digits, places }).folded(constant))
}

impl crate::expr::Eval for Rounded {
    fn eval<'a>(&'a self, block: &'a crate::data::block::Block) -> std::borrow::Cow<'a, Column> {
        let limit = 10f64.powi((self.digits - self.places) as i32);
        let round = |cell: Cell<'_>| match cell {
            Cell::Int(value) if (value as f64).abs() < limit => Number::Int(value),
            Cell::Float(value) => match half_up(value, self.places) {
                Some(value) if value.abs() >= limit => Number::Null,
                Some(value) if self.places == 0 => cut(value).map_or(Number::Float(value), Number::Int),
                Some(value) => Number::Float(value),
                None => Number::Null,
            },
            _ => Number::Null,
        };
        let column = self.of.eval(block);
        std::borrow::Cow::Owned(Column::Number((0..column.len()).map(|row| round(column.cell(row))).collect()))
    }
}

/// Rounded at so many decimals, halves away from zero, as the shortest decimal of the float is.
fn half_up(value: f64, places: u32) -> Option<f64> {
    if !value.is_finite() {
        return None;
    }
    let text = format!("{value}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let kept = places as usize;
    if fraction.len() <= kept {
        return Some(value);
    }
    let up = fraction.as_bytes()[kept] >= b'5';
    let cut: f64 = format!("{whole}.{}", &fraction[..kept]).parse().ok()?;
    let unit = 10f64.powi(places as i32);
    let scaled = (cut.abs() * unit).round() + f64::from(u8::from(up));
    Some((scaled / unit).copysign(value))
}

fn conditions(column: &Column) -> Column {
    let truth = |row| match column.cell(row) {
        Cell::Bool(value) => u8::from(value),
        Cell::Int(value) => u8::from(value != 0),
        Cell::Float(value) => {
            if value == 0.0 {
                FALSE
            } else {
                TRUE
            }
        }
        Cell::Text(text) => condition_of(trimmed(text)),
        _ => UNKNOWN,
    };
    Column::Bool((0..column.len()).map(truth).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_as_by_spark() {
        for (text, value) in [
            ("7.9", Some(7)),
            (" 7 ", Some(7)),
            ("-7.9", Some(-7)),
            ("+5", Some(5)),
            (".5", Some(0)),
            ("5.", Some(5)),
            ("\t12\n", Some(12)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("1e3", None),
            ("", None),
            ("-", None),
            (".", None),
            ("1 2", None),
            ("7.x", None),
            ("abc", None),
        ] {
            assert_eq!(int_of(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn floats_are_read_as_by_java() {
        for (text, value) in
            [(".5", 0.5), ("5.", 5.0), (" 1e3 ", 1000.0), ("2d", 2.0), ("-Infinity", f64::NEG_INFINITY)]
        {
            assert_eq!(double_of(text.as_bytes()), Some(value), "{text}");
        }
        assert!(double_of(b"NaN").is_some_and(f64::is_nan));
        for text in ["", "x", "1,5", "d", "--1", "infinit"] {
            assert_eq!(double_of(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn decimals_round_halves_up() {
        for (value, places, rounded) in
            [(2.5, 0, 3.0), (-2.5, 0, -3.0), (1.005, 2, 1.01), (0.1, 1, 0.1), (9.999, 2, 10.0)]
        {
            assert_eq!(half_up(value, places), Some(rounded), "{value}");
        }
    }
}
