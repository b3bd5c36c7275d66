//! Text as times, as Spark's `CAST(text AS TIMESTAMP)` and `CAST(text AS DATE)` read it, and columns of times. Times are
//! microseconds since the epoch; [`NO_TIME`] is null.

pub mod civil;
mod event;
pub mod names;
pub mod parsing;
pub mod pattern;

use jiff::tz::{Offset, TimeZone};

use crate::data::column::{Column, NO_TIME, Number};
use crate::data::schema::Kind;

use super::Node;
use civil::{Clocks, DAY, HOUR, MINUTE, SECOND};

/// The time that text says: `2026-11-20T09:00:01.123456Z`, with `T` or a blank, an offset or the name of a zone or neither
/// (then it is a time of `zone`); or its beginning, from the year on. Blanks around it are ignored.
pub fn parse_time(text: &[u8], zone: &TimeZone) -> Option<i64> {
    read_time(text, &mut Clocks::new(zone))
}

/// The same with clocks that are at hand.
#[inline]
pub fn read_time(text: &[u8], clocks: &mut Clocks<'_>) -> Option<i64> {
    match common_form(text) {
        Some((shown, b"Z")) => Some(shown),
        Some((shown, b"")) => Some(clocks.instant(shown)),
        Some((shown, [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2])) => {
            let offset = offset_of(*sign, i64::from(two([*h1, *h2])?), i64::from(two([*m1, *m2])?), 0)?;
            Some(shown - offset)
        }
        _ => any_form(text, clocks),
    }
}

/// `yyyy-MM-ddTHH:mm:ss[.digits]`: what its clocks show, and the rest. Nearly all times are written like this.
#[inline]
fn common_form(text: &[u8]) -> Option<(i64, &[u8])> {
    let (head, rest) = text.split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b' ', h1, h2, b':', n1, n2, b':', s1, s2] = *head else {
        return None;
    };
    let year = i64::from(two([y1, y2])?) * 100 + i64::from(two([y3, y4])?);
    let days = civil::existing(year, i64::from(two([m1, m2])?), i64::from(two([d1, d2])?))?;
    let (hour, minute, second) = (two([h1, h2])?, two([n1, n2])?, two([s1, s2])?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let shown = days * DAY + i64::from(hour) * HOUR + i64::from(minute) * MINUTE + i64::from(second) * SECOND;
    match rest {
        [b'.', rest @ ..] => {
            let (micros, rest) = fraction(rest);
            Some((shown + micros, rest))
        }
        _ => Some((shown, rest)),
    }
}

/// The number that two digits spell.
#[inline]
fn two(digits: [u8; 2]) -> Option<u32> {
    let [tens, ones] = digits.map(|digit| u32::from(digit.wrapping_sub(b'0')));
    (tens <= 9 && ones <= 9).then_some(tens * 10 + ones)
}

/// Digits behind the point as microseconds; what is finer is cut off.
#[inline]
fn fraction(text: &[u8]) -> (i64, &[u8]) {
    let (mut micros, mut unit, mut at) = (0, SECOND / 10, 0);
    while at < text.len() && text[at].is_ascii_digit() {
        micros += i64::from(text[at] - b'0') * unit;
        unit /= 10;
        at += 1;
    }
    (micros, &text[at..])
}

/// Microseconds east of UTC, at most 18 hours.
fn offset_of(sign: u8, hours: i64, minutes: i64, seconds: i64) -> Option<i64> {
    let offset = hours * HOUR + minutes * MINUTE + seconds * SECOND;
    let valid = minutes <= 59 && seconds <= 59 && offset <= 18 * HOUR;
    valid.then_some(if sign == b'-' { -offset } else { offset })
}

fn trimmed(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| *byte <= b' ' || *byte == 0x7f;
    let start = text.iter().position(|b| !blank(b)).unwrap_or(text.len());
    let end = text.iter().rposition(|b| !blank(b)).map_or(start, |at| at + 1);
    &text[start..end]
}

/// The number that a run of digits spells, of which there must be `least` to `most` (at most 18).
fn digits(text: &[u8], least: usize, most: usize) -> Option<(i64, &[u8])> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (run, rest) = text.split_at(count);
    let value = (least..=most).contains(&count).then(|| run.iter().fold(0, |v, b| v * 10 + i64::from(b - b'0')))?;
    Some((value, rest))
}

/// Year, month and day, the last two of which may be missing, in days since the epoch, and the rest.
fn date(text: &[u8]) -> Option<(i64, &[u8], usize)> {
    let (sign, rest) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    let (year, mut rest) = digits(rest, 4, 6)?;
    let mut parts = [1, 1];
    let mut known = 1;
    for part in &mut parts {
        let Some(behind) = rest.strip_prefix(b"-") else { break };
        (*part, rest) = digits(behind, 1, 2)?;
        known += 1;
    }
    Some((civil::existing(sign * year, parts[0], parts[1])?, rest, known))
}

/// Whatever Spark reads.
fn any_form(text: &[u8], clocks: &mut Clocks<'_>) -> Option<i64> {
    let text = trimmed(text);
    let (days, rest, known) = date(text)?;
    let (time, zone) = match rest {
        [] => (0, &rest[..0]),
        [b'T' | b' ', rest @ ..] if known == 3 => clock(rest)?,
        _ => return None,
    };
    let shown = days.checked_mul(DAY)?.checked_add(time)?;
    match trimmed(zone) {
        [] => Some(clocks.instant(shown)),
        zone => in_zone(zone, shown),
    }
}

/// The time of day, from the hour on, and what stands behind its seconds.
fn clock(text: &[u8]) -> Option<(i64, &[u8])> {
    let mut units = [(HOUR, 23), (MINUTE, 59), (SECOND, 59)].into_iter();
    let mut time = 0;
    let mut rest = text;
    loop {
        let (unit, most) = units.next()?;
        let (value, behind) = digits(rest, 1, 2).filter(|(value, _)| *value <= most)?;
        time += value * unit;
        match behind {
            [] => return Some((time, behind)),
            [b':', more @ ..] if unit != SECOND => rest = more,
            [b'.', more @ ..] if unit == SECOND => {
                let (micros, zone) = fraction(more);
                return Some((time + micros, zone));
            }
            zone if unit == SECOND => return Some((time, zone)),
            _ => return None,
        }
    }
}

/// The instant at which the clocks of a zone, an offset or a name, show this.
pub fn in_zone(zone: &[u8], shown: i64) -> Option<i64> {
    match offset(zone) {
        Some(offset) => shown.checked_sub(offset),
        None => Some(Clocks::new(&zone_named(zone)?).instant(shown)),
    }
}

/// Microseconds east of UTC: `Z`, `+1`, `+01`, `+01:00`, `+0100`, `+01:00:00`, these also behind `UTC`, `GMT` and `UT`.
fn offset(text: &[u8]) -> Option<i64> {
    let text = [&b"UTC"[..], b"GMT", b"UT"].iter().find_map(|name| text.strip_prefix(*name)).unwrap_or(text);
    let (sign, rest) = match text {
        [] | b"Z" => return Some(0),
        [sign @ (b'+' | b'-'), rest @ ..] => (*sign, rest),
        _ => return None,
    };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count > 2 {
        let (value, behind) = digits(rest, 4, 6)?;
        return match (count, behind) {
            (4, []) => offset_of(sign, value / 100, value % 100, 0),
            (6, []) => offset_of(sign, value / 10_000, value / 100 % 100, value % 100),
            _ => None,
        };
    }
    let mut parts = [0, 0, 0];
    let mut behind = rest;
    for (at, part) in parts.iter_mut().enumerate() {
        (*part, behind) = digits(behind, 1, 2)?;
        match behind {
            [] => return offset_of(sign, parts[0], parts[1], parts[2]),
            [b':', more @ ..] if at < 2 => behind = more,
            _ => return None,
        }
    }
    None
}

/// The zone of a name.
pub fn zone_named(name: &[u8]) -> Option<TimeZone> {
    if let Some(offset) = offset(name) {
        return Some(Offset::from_seconds((offset / SECOND) as i32).ok()?.to_time_zone());
    }
    TimeZone::get(std::str::from_utf8(name).ok()?).ok()
}

/// The date that text begins with, in days since the epoch: `2026-11-20`, also with anything behind a `T` or a blank.
pub fn parse_date(text: &[u8]) -> Option<i64> {
    let (days, rest, known) = date(trimmed(text))?;
    match rest {
        [] => Some(days),
        [b'T' | b' ', ..] if known == 3 => Some(days),
        _ => None,
    }
}

/// The times that text says; times stay.
pub fn times(column: &Column, zone: &TimeZone) -> Column {
    let Column::Text(text) = column else { return column.clone() };
    let bytes = text.data.bytes();
    let mut clocks = Clocks::new(zone);
    let mut time = |span: &crate::data::column::Span| span.of(bytes).and_then(|text| read_time(text, &mut clocks));
    Column::Time(text.spans.iter().map(|span| time(span).unwrap_or(NO_TIME)).collect())
}

/// The dates of times and of text (of text the one that is written, whatever its zone), in days since the epoch; [`NO_TIME`]
/// is null.
pub fn dates(column: &Column, clocks: &mut Clocks<'_>) -> Vec<i64> {
    match column {
        Column::Text(text) => {
            let bytes = text.data.bytes();
            text.spans.iter().map(|span| span.of(bytes).and_then(parse_date).unwrap_or(NO_TIME)).collect()
        }
        Column::Time(values) => {
            values.iter().map(|&time| if time == NO_TIME { NO_TIME } else { clocks.days(time) }).collect()
        }
        other => vec![NO_TIME; other.len()],
    }
}

/// A number of units of `unit` microseconds as a time, finer parts cut off; `None` if it is out of reach.
pub fn of_number(number: Number, unit: i64) -> Option<i64> {
    match number {
        Number::Null => None,
        Number::Int(value) => value.checked_mul(unit),
        Number::Float(value) => {
            let micros = value * unit as f64;
            (micros.abs() < i64::MAX as f64).then_some(micros as i64)
        }
    }
}

impl Node {
    /// Its values as times: those that text says, without an offset as times of `zone`. Other kinds are none; the error says
    /// what was found.
    pub fn into_time(self, zone: &TimeZone) -> Result<Node, String> {
        match self.kind {
            Kind::Time => Ok(self),
            Kind::Input | Kind::Text => Ok(self.converted(Kind::Time, zone, times)),
            Kind::Number => Err("a number is no time: write timestamp_seconds(…) or timestamp_millis(…)".to_string()),
            _ => Err(format!("{} is no time", self.kind.name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> Option<String> {
        let time = parse_time(text.as_bytes(), &TimeZone::UTC)?;
        Some(jiff::Timestamp::from_microsecond(time).map_or_else(|_| time.to_string(), |t| t.to_string()))
    }

    /// What PySpark 4 gives for `CAST(… AS TIMESTAMP)` in UTC.
    #[test]
    fn text_is_read_as_spark_reads_it() {
        for (text, time) in [
            ("2024-02-29 12:34:56", "2024-02-29T12:34:56Z"),
            ("2024-02-29T12:34:56.789Z", "2024-02-29T12:34:56.789Z"),
            ("2024-02-29 12:34:56.123456789", "2024-02-29T12:34:56.123456Z"),
            ("2024-02-29T12:34:56+02:00", "2024-02-29T10:34:56Z"),
            ("2024-02-29T12:34:56-0530", "2024-02-29T18:04:56Z"),
            ("2024-02-29 12:34:56 UTC", "2024-02-29T12:34:56Z"),
            ("2024-02-29 12:34:56 UTC+1", "2024-02-29T11:34:56Z"),
            ("2024-02-29 12:34:56 Europe/Berlin", "2024-02-29T11:34:56Z"),
            ("2024-02-29 12:34:56.Z", "2024-02-29T12:34:56Z"),
            ("2024-02-29 12:34", "2024-02-29T12:34:00Z"),
            ("2024-02-29 12", "2024-02-29T12:00:00Z"),
            (" 2024-02-29\t", "2024-02-29T00:00:00Z"),
            ("2024-02", "2024-02-01T00:00:00Z"),
            ("2024", "2024-01-01T00:00:00Z"),
            ("2024-2-9 1:2:3", "2024-02-09T01:02:03Z"),
            ("1969-12-31 23:59:59.5", "1969-12-31T23:59:59.5Z"),
            ("0001-01-01 00:00:00", "0001-01-01T00:00:00Z"),
            ("10000-01-01 00:00:00", "253402300800000000"),
        ] {
            assert_eq!(utc(text).as_deref(), Some(time), "{text}");
        }
        for text in [
            "2023-02-29 00:00:00",
            "2024-13-01",
            "2024-12-31 24:00:00",
            "2024-06-30 23:59:60",
            "2024/01/01",
            "01-02-2024",
            "20240229",
            "1709210096",
            "29/Feb/2024:12:34:56 +0000",
            "abc",
            "",
            " ",
            "2024-",
            "2024-01-01T",
            "2024-01 12:00",
            "2024-01-01 12:00Z",
            "2024-01-01 12:00:00 Nowhere/City",
            "2024-01-01 12:00:00+19:00",
            "2024-01-01 1:2:3+1:60",
            "2024-01-01 12:00:00+123",
            "9999999-01-01",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_without_offset_is_one_of_the_zone() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let read = |text: &str| parse_time(text.as_bytes(), &berlin).map(|time| time / SECOND);
        assert_eq!(read("2026-11-20 09:00:00"), read("2026-11-20T08:00:00Z"));
        assert_eq!(read("2026-07-20 09:00:00"), read("2026-07-20T07:00:00Z"));
        // Set forward at 2: half past two is half past three; set back at 3: the first half past two.
        assert_eq!(read("2026-03-29 02:30:00"), read("2026-03-29T01:30:00Z"));
        assert_eq!(read("2026-10-25 02:30:00"), read("2026-10-25T00:30:00Z"));
    }

    #[test]
    fn a_date_is_the_one_that_is_written() {
        let date = |text: &str| parse_date(text.as_bytes()).map(civil::date_of).map(|d| (d.year, d.month, d.day));
        assert_eq!(date("2024-02-29T23:00:00-05:00"), Some((2024, 2, 29)));
        assert_eq!(date("2024-02-29 whatever"), Some((2024, 2, 29)));
        assert_eq!(date(" 2024-2 "), Some((2024, 2, 1)));
        assert_eq!(date("2024-02-29x"), None);
    }

    proptest! {
        #[test]
        fn what_jiff_writes_is_read_back(micros in -62_000_000_000_000_000i64..253_000_000_000_000_000, hours in -17i8..18) {
            let stamp = jiff::Timestamp::from_microsecond(micros).expect("a time");
            prop_assert_eq!(parse_time(stamp.to_string().as_bytes(), &TimeZone::UTC), Some(micros));
            let zone = TimeZone::fixed(Offset::from_hours(hours).expect("an offset"));
            let text = stamp.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S.%6f%:z").to_string();
            prop_assert_eq!(parse_time(text.as_bytes(), &TimeZone::UTC), Some(micros));
            prop_assert_eq!(parse_time(&text.as_bytes()[..26], &zone), Some(micros));
        }

        #[test]
        fn no_text_breaks_the_reader(text in "[-+0-9:. TZ]{0,30}|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.+Z-]{0,14}", bytes: Vec<u8>) {
            for text in [text.as_bytes(), &bytes] {
                let common = common_form(text).filter(|(_, rest)| rest.is_empty()).map(|(time, _)| time);
                if common.is_some() {
                    prop_assert_eq!(any_form(text, &mut Clocks::new(&TimeZone::UTC)), common);
                }
                parse_time(text, &TimeZone::UTC);
                parse_date(text);
            }
        }
    }
}
