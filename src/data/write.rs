//! Values as text, as every output but JSON and the keys of groups write them: text byte for byte, floats in their shortest
//! form (`2` for 2.0), times as RFC 3339 with milliseconds (microseconds where there are some), lists as JSON arrays.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::column::{Cell, Span};
use super::json;

/// Appends the text of a value, nothing for null.
pub fn cell(cell: Cell<'_>, zone: &TimeZone, out: &mut Vec<u8>) {
    match cell {
        Cell::Null => {}
        Cell::Text(bytes) => out.extend_from_slice(bytes),
        Cell::Int(value) => int(value, out),
        Cell::Float(value) => float(value, out),
        Cell::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        Cell::Time(micros) => time(micros, zone, out),
        Cell::List(_) => json::value(cell, zone, out),
    }
}

/// Text of up to so many bytes is copied at one stroke.
pub const SHORT: usize = 16;

/// Appends a piece of a buffer, of which the padding is given too.
#[inline]
pub fn piece(padded: &[u8], span: Span, out: &mut Vec<u8>) {
    if span.is_null() {
        return;
    }
    let (start, len, begin) = (span.start as usize, span.len as usize, out.len());
    // A copy of fixed length is quicker than one of just the right length, and the next one overwrites the rest.
    match padded[start..].first_chunk::<SHORT>() {
        Some(chunk) if len <= SHORT => {
            out.extend_from_slice(chunk);
            out.truncate(begin + len);
        }
        _ => out.extend_from_slice(&padded[start..start + len]),
    }
}

/// Appends a whole number.
pub fn int(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a float: the shortest text that reads back as the same, without a final `.0`; `NaN`, `Infinity`, `-Infinity`.
pub fn float(value: f64, out: &mut Vec<u8>) {
    if !value.is_finite() {
        let text: &[u8] = match value.partial_cmp(&0.0) {
            None => b"NaN",
            Some(std::cmp::Ordering::Less) => b"-Infinity",
            Some(_) => b"Infinity",
        };
        out.extend_from_slice(text);
        return;
    }
    let mut digits = zmij::Buffer::new();
    let text = digits.format_finite(value).as_bytes();
    // `e+308` is the longest exponent.
    let (front, back) = text.split_at(text.len().saturating_sub(5));
    if let Some(at) = back.windows(2).position(|pair| pair == b"e+") {
        let (digits, exponent) = (&text[..front.len() + at], &back[at + 2..]);
        out.extend_from_slice(digits.strip_suffix(b".0").unwrap_or(digits));
        out.push(b'e');
        out.extend_from_slice(exponent);
    } else {
        out.extend_from_slice(text.strip_suffix(b".0").unwrap_or(text));
    }
}

/// Appends a time, in microseconds since the epoch.
pub fn time(micros: i64, zone: &TimeZone, out: &mut Vec<u8>) {
    let Ok(stamp) = Timestamp::from_microsecond(micros) else { return last_days(micros, out) };
    let text = match (*zone == TimeZone::UTC, micros % 1000 == 0) {
        (true, true) => stamp.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        (true, false) => stamp.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
        (false, true) => stamp.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string(),
        (false, false) => stamp.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S.%6f%:z").to_string(),
    };
    out.extend_from_slice(text.as_bytes());
}

/// What is too near to the year 10000 to be shown in every zone is written in UTC; beyond it, where RFC 3339 ends, as microseconds.
fn last_days(micros: i64, out: &mut Vec<u8>) {
    match DateTime::constant(1970, 1, 1, 0, 0, 0, 0).checked_add(SignedDuration::from_micros(micros)) {
        Ok(time) => {
            let form = if micros % 1000 == 0 { "%Y-%m-%dT%H:%M:%S.%3fZ" } else { "%Y-%m-%dT%H:%M:%S.%6fZ" };
            out.extend_from_slice(time.strftime(form).to_string().as_bytes());
        }
        Err(_) => int(micros, out),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: Cell<'_>) -> String {
        let mut out = Vec::new();
        cell(value, &TimeZone::UTC, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn floats_are_written_in_their_shortest_form() {
        for (value, written) in [
            (2.0, "2"),
            (0.1, "0.1"),
            (-0.5, "-0.5"),
            (1e21, "1e21"),
            (1.5e-7, "1.5e-7"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(text(Cell::Float(value)), written);
        }
    }

    #[test]
    fn times_have_milliseconds_or_microseconds() {
        assert_eq!(text(Cell::Time(1_000)), "1970-01-01T00:00:00.001Z");
        assert_eq!(text(Cell::Time(-1)), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn times_are_written_to_the_end_of_9999() {
        assert_eq!(text(Cell::Time(253_402_207_200_000_000)), "9999-12-30T22:00:00.000Z");
        assert_eq!(text(Cell::Time(253_402_300_799_000_000)), "9999-12-31T23:59:59.000Z");
        assert_eq!(text(Cell::Time(253_402_300_799_000_001)), "9999-12-31T23:59:59.000001Z");
        assert_eq!(text(Cell::Time(253_402_300_800_000_000)), "253402300800000000");
    }

    proptest! {
        #[test]
        fn floats_read_back_as_the_same(value: f64) {
            prop_assume!(value.is_finite());
            prop_assert_eq!(text(Cell::Float(value)).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }
}
