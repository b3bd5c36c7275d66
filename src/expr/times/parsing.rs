//! Text read by a pattern: strictly, as Spark does. All of the text must be used, a number has as many digits as letters
//! (but one letter: any), names stand in any case, what is missing is that of 1970-01-01 00:00.

use jiff::tz::TimeZone;

use super::civil::{self, Clocks, DAY, HOUR, MINUTE, SECOND};
use super::names::{self, DAYS, MONTHS};
use super::pattern::{Item, Pattern};
use super::{digits, offset_of, zone_named};

/// What was read.
#[derive(Debug, Clone, Default)]
struct Parts {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    weekday: Option<i64>,
    hour: Option<i64>,
    half: Option<i64>,
    afternoon: bool,
    minute: i64,
    second: i64,
    micros: i64,
    /// Microseconds east of UTC.
    offset: Option<i64>,
    zone: Option<TimeZone>,
}

impl Pattern {
    /// Whether text can be read by it; or which letter stands in the way.
    pub fn readable(&self) -> Result<(), String> {
        let no = |item: &Item| matches!(item, Item::Field(b'Q' | b'q' | b'F' | b'G', _));
        match self.items.iter().find(|item| no(item)) {
            Some(Item::Field(letter, _)) => Err(format!("a time cannot be read by {}", *letter as char)),
            _ => Ok(()),
        }
    }

    /// The time that text says.
    pub fn read(&self, text: &[u8], clocks: &mut Clocks<'_>) -> Option<i64> {
        let mut parts = Parts::default();
        let rest = read(&self.items, text, &mut parts)?;
        if rest.is_empty() { parts.time(clocks) } else { None }
    }
}

fn read<'t>(items: &[Item], mut text: &'t [u8], parts: &mut Parts) -> Option<&'t [u8]> {
    let mut at = 0;
    while let Some(item) = items.get(at) {
        match item {
            Item::Literal(literal) => {
                let (head, rest) = text.split_at_checked(literal.len())?;
                if !head.eq_ignore_ascii_case(literal) {
                    return None;
                }
                text = rest;
            }
            Item::Field(letter, count) => text = field(*letter, *count, &items[at + 1..], text, parts)?,
            Item::Open(_) => {
                let inside = inside(&items[at + 1..]);
                let mut tried = parts.clone();
                if let Some(rest) = read(inside, text, &mut tried) {
                    (text, *parts) = (rest, tried);
                }
                at += inside.len() + 1;
            }
            Item::Close => {}
        }
        at += 1;
    }
    Some(text)
}

/// The items up to the end of the optional part that begins before them.
fn inside(items: &[Item]) -> &[Item] {
    let mut depth = 1;
    let end = items.iter().position(|item| {
        match item {
            Item::Open(_) => depth += 1,
            Item::Close => depth -= 1,
            Item::Literal(_) | Item::Field(..) => {}
        }
        depth == 0
    });
    &items[..end.unwrap_or(items.len())]
}

/// How many digits the numbers that follow at once need.
fn reserved(items: &[Item]) -> usize {
    let fixed = |item: &Item| match item {
        Item::Field(b'd' | b'h' | b'H' | b'k' | b'K' | b'm' | b's' | b'M' | b'L', 2) => Some(2),
        _ => None,
    };
    items.iter().map_while(fixed).sum()
}

/// A number of exactly two digits, or of any for a single letter.
fn number<'t>(count: usize, behind: &[Item], text: &'t [u8]) -> Option<(i64, &'t [u8])> {
    if count > 1 {
        let (head, rest) = text.split_at_checked(count)?;
        return Some((digits(head, count, count)?.0, rest));
    }
    let run = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (head, rest) = text.split_at(run.saturating_sub(reserved(behind)).max(1).min(text.len()));
    Some((digits(head, 1, 18)?.0, rest))
}

fn year<'t>(count: usize, behind: &[Item], text: &'t [u8]) -> Option<(i64, &'t [u8])> {
    match (text, count) {
        (_, 2) => number(2, behind, text).map(|(year, rest)| (2000 + year, rest)),
        ([b'-', text @ ..], _) if !text.starts_with(b"-") => {
            year(count, behind, text).map(|(year, rest)| (-year, rest))
        }
        ([b'+', text @ ..], 4..) => digits(text, count + 1, 18),
        (_, 1..=3) => {
            let (year, rest) = number(1, behind, text)?;
            (text.len() - rest.len() >= count).then_some((year, rest))
        }
        _ => number(count, behind, text),
    }
}

#[inline]
fn field<'t>(letter: u8, count: usize, behind: &[Item], text: &'t [u8], parts: &mut Parts) -> Option<&'t [u8]> {
    let within =
        |least: i64, most: i64| number(count, behind, text).filter(|(value, _)| (least..=most).contains(value));
    match letter {
        b'y' | b'u' => year(count, behind, text).map(|(value, rest)| (parts.year = Some(value), rest)),
        b'M' | b'L' if count > 2 => {
            names::find(text, &MONTHS, count == 3).map(|(at, rest)| (parts.month = Some(at + 1), rest))
        }
        b'M' | b'L' => within(1, 12).map(|(value, rest)| (parts.month = Some(value), rest)),
        b'd' => within(1, 31).map(|(value, rest)| (parts.day = Some(value), rest)),
        b'D' => {
            let run = text.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
            digits(&text[..run], count, 3).map(|(value, _)| (parts.day_of_year = Some(value), &text[run..]))
        }
        b'E' => names::find(text, &DAYS, count < 4).map(|(at, rest)| (parts.weekday = Some(at), rest)),
        b'a' => {
            let afternoon = text.get(..2)?.eq_ignore_ascii_case(b"PM");
            let known = afternoon || text[..2].eq_ignore_ascii_case(b"AM");
            known.then(|| (parts.afternoon = afternoon, &text[2..]))
        }
        b'H' => within(0, 23).map(|(value, rest)| (parts.hour = Some(value), rest)),
        b'k' => within(1, 24).map(|(value, rest)| (parts.hour = Some(value % 24), rest)),
        b'h' => within(1, 12).map(|(value, rest)| (parts.half = Some(value % 12), rest)),
        b'K' => within(0, 11).map(|(value, rest)| (parts.half = Some(value), rest)),
        b'm' => within(0, 59).map(|(value, rest)| (parts.minute = value, rest)),
        b's' => within(0, 59).map(|(value, rest)| (parts.second = value, rest)),
        b'S' => {
            let run = text.iter().take(count).take_while(|byte| byte.is_ascii_digit()).count();
            (run > 0).then(|| (parts.micros = super::fraction(&text[..run]).0, &text[run..]))
        }
        b'z' | b'V' | b'O' => named_zone(letter, text, parts),
        _ => offset(letter, count, text).map(|(offset, rest)| (parts.offset = Some(offset), rest)),
    }
    .map(|((), rest)| rest)
}

fn named_zone<'t>(letter: u8, text: &'t [u8], parts: &mut Parts) -> Option<((), &'t [u8])> {
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/_+-:".contains(byte);
    let (name, rest) = text.split_at(text.iter().take_while(part).count());
    if letter == b'O' && !name.starts_with(b"GMT") || name.is_empty() {
        return None;
    }
    if let Some(offset) = super::offset(name).or_else(|| names::zone_hours(name).map(|hours| hours * HOUR)) {
        parts.offset = Some(offset);
    } else {
        parts.zone = Some(zone_named(name)?);
    }
    Some(((), rest))
}

/// An offset as the letters `X`, `x` and `Z` write it.
fn offset(letter: u8, count: usize, text: &[u8]) -> Option<(i64, &[u8])> {
    if letter == b'Z' && count == 4 {
        return text.strip_prefix(b"GMT").map(|rest| colons(1, rest).unwrap_or((0, rest)));
    }
    let utc = letter == b'X' || (letter == b'Z' && count == 5);
    if let Some(rest) = text.strip_prefix(b"Z").filter(|_| utc) {
        return Some((0, rest));
    }
    let style = if letter == b'Z' && count < 4 { 2 } else { count };
    if style == 3 || style == 5 {
        return colons(if style == 3 { 1 } else { 2 }, text);
    }
    let (sign, rest) = text.split_first().filter(|(sign, _)| b"+-".contains(sign))?;
    let run = rest.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let used = match (style, run) {
        (1, 2..=3) => 2,
        (1 | 2, 4..) => 4,
        (4, 6) => 6,
        (4, 4..=5) => 4,
        _ => return None,
    };
    let part =
        |at: usize| rest[..used].get(at..at + 2).map_or(0, |d| i64::from(d[0] - b'0') * 10 + i64::from(d[1] - b'0'));
    Some((offset_of(*sign, part(0), part(2), part(4))?, &rest[used..]))
}

/// `+01:00`, and seconds if `most` is 2.
fn colons(most: usize, text: &[u8]) -> Option<(i64, &[u8])> {
    let (sign, rest) = text.split_first().filter(|(sign, _)| b"+-".contains(sign))?;
    let two = |text: &[u8]| digits(text.get(..2)?, 2, 2).map(|(value, _)| value);
    let (hours, minutes) = (two(rest)?, two(rest.get(2..)?.strip_prefix(b":")?)?);
    let rest = &rest[5..];
    match rest.strip_prefix(b":").and_then(two).filter(|_| most == 2) {
        Some(seconds) => Some((offset_of(*sign, hours, minutes, seconds)?, &rest[3..])),
        None => Some((offset_of(*sign, hours, minutes, 0)?, rest)),
    }
}

impl Parts {
    fn time(&self, clocks: &mut Clocks<'_>) -> Option<i64> {
        let year = self.year.unwrap_or(1970);
        let mut days = civil::existing(year, self.month.unwrap_or(1), self.day.unwrap_or(1))?;
        if let Some(number) = self.day_of_year {
            let of_year = civil::new_year(year) + number - 1;
            let found = civil::date_of(of_year);
            let agrees =
                self.month.is_none_or(|month| month == found.month) && self.day.is_none_or(|day| day == found.day);
            if number < 1 || found.year != year || !agrees {
                return None;
            }
            days = of_year;
        }
        if self.weekday.is_some_and(|weekday| weekday != civil::weekday(days)) {
            return None;
        }
        let half = self.half.map(|hour| hour + if self.afternoon { 12 } else { 0 });
        let hour = self.hour.or(half).unwrap_or(0);
        let time = hour * HOUR + self.minute * MINUTE + self.second * SECOND + self.micros;
        let shown = days.checked_mul(DAY)?.checked_add(time)?;
        match (self.offset, &self.zone) {
            (Some(offset), _) => shown.checked_sub(offset),
            (None, Some(zone)) => Some(Clocks::new(zone).instant(shown)),
            (None, None) => Some(clocks.instant(shown)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8], pattern: &str) -> Option<i64> {
        Pattern::compile(pattern.as_bytes()).expect(pattern).read(text, &mut Clocks::new(&TimeZone::UTC))
    }

    /// What PySpark 4 gives for `to_timestamp(text, pattern)` in UTC.
    #[test]
    fn text_is_read_as_spark_reads_it() {
        for (text, pattern, time) in [
            ("29/Feb/2024:12:34:56 +0100", "dd/MMM/yyyy:HH:mm:ss Z", Some("2024-02-29T11:34:56Z")),
            ("2024-02-29", "yyyy-MM-dd", Some("2024-02-29T00:00:00Z")),
            ("2023-02-29", "yyyy-MM-dd", None),
            ("2024-02-29 01:02 PM", "yyyy-MM-dd hh:mm a", Some("2024-02-29T13:02:00Z")),
            ("24-2-9", "yy-M-d", Some("2024-02-09T00:00:00Z")),
            ("2024-02-29 12:34:56.7", "yyyy-MM-dd HH:mm:ss.SSS", Some("2024-02-29T12:34:56.7Z")),
            ("2024-02-29 12:34:56.789", "yyyy-MM-dd HH:mm:ss", None),
            ("2024-02-29T12:34:56+02:00", "yyyy-MM-dd'T'HH:mm:ssXXX", Some("2024-02-29T10:34:56Z")),
            ("2024-02-29T12:34:56Z", "yyyy-MM-dd'T'HH:mm:ssXXX", Some("2024-02-29T12:34:56Z")),
            ("2024-060", "yyyy-DDD", Some("2024-02-29T00:00:00Z")),
            ("2023-366", "yyyy-DDD", None),
            ("12:34", "HH:mm", Some("1970-01-01T12:34:00Z")),
            ("2024-02-29 24:00", "yyyy-MM-dd HH:mm", None),
            ("feb 2024", "MMM yyyy", Some("2024-02-01T00:00:00Z")),
            ("February 2024", "MMMM yyyy", Some("2024-02-01T00:00:00Z")),
            ("2024-02-29", "yyyy-MM-dd[ HH:mm]", Some("2024-02-29T00:00:00Z")),
            ("2024-02-29 12:34", "yyyy-MM-dd[ HH:mm]", Some("2024-02-29T12:34:00Z")),
            ("2024-2-9", "yyyy-MM-dd", None),
            (" 2024-02-29", "yyyy-MM-dd", None),
            ("20240229", "yyyyMMdd", Some("2024-02-29T00:00:00Z")),
            ("20240229123456789", "yyyyMMddHHmmssSSS", Some("2024-02-29T12:34:56.789Z")),
            ("10000-01-01", "yyyy-MM-dd", None),
            ("", "yyyy", None),
            ("Thu, 29 Feb 2024 12:34:56 GMT", "EEE, dd MMM yyyy HH:mm:ss z", Some("2024-02-29T12:34:56Z")),
            ("Fri, 29 Feb 2024 12:34:56 GMT", "EEE, dd MMM yyyy HH:mm:ss z", None),
            ("2024-02-29 12 Europe/Berlin", "yyyy-MM-dd HH VV", Some("2024-02-29T11:00:00Z")),
            ("2024-02-29 12 PDT", "yyyy-MM-dd HH z", Some("2024-02-29T19:00:00Z")),
        ] {
            let found = read(text.as_bytes(), pattern)
                .map(|t| jiff::Timestamp::from_microsecond(t).expect("a time").to_string());
            assert_eq!(found.as_deref(), time, "{text} {pattern}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(micros in -62_135_596_800_000_000i64..253_402_300_799_999_999, zone in prop::sample::select(&["UTC", "Asia/Kolkata", "America/New_York"])) {
            let zone = TimeZone::get(zone).expect("a zone");
            for (pattern, unit) in [
                ("dd/MMM/yyyy:HH:mm:ss xxxxx", SECOND),
                ("EEEE, d MMMM yyyy h:m:s.SSSSSS a XXXX", 1),
                ("yyyyMMddHHmmss ZZZZZ", SECOND),
                ("yyyy DDD kk:mm:ss[.SSS] x'Z' xxxxx", 1000),
            ] {
                let pattern = Pattern::compile(pattern.as_bytes()).expect("a pattern");
                let mut out = Vec::new();
                // What falls into the year before 1 or behind 9999 in the zone is written with a sign.
                let micros = micros.clamp(-62_000_000_000_000_000, 253_402_000_000_000_000);
                pattern.write(micros, &mut Clocks::new(&zone), &mut out);
                let back = pattern.read(&out, &mut Clocks::new(&zone));
                prop_assert_eq!(back, Some(micros - micros.rem_euclid(unit)), "{}", String::from_utf8_lossy(&out));
            }
        }

        #[test]
        fn no_text_and_no_pattern_breaks_the_reader(text: Vec<u8>, near in "[0-9/A-Za-z: +-]{0,30}", pattern in "[yMdHhkKmsSaEDQzVOXxZ' \\[\\]/:-]{0,20}") {
            if let Ok(pattern) = Pattern::compile(pattern.as_bytes()) {
                pattern.read(&text, &mut Clocks::new(&TimeZone::UTC));
                pattern.read(near.as_bytes(), &mut Clocks::new(&TimeZone::UTC));
            }
        }
    }
}
