//! The values of the global options: cuts, sizes, zones. Each parser takes what was written and gives the value,
//! or says what is wrong with it and what to write instead; the option's name is put before that by the caller.

use jiff::tz::TimeZone;

use super::globals::Cut;
use crate::data::human::{is_bare_number, parse_duration};
use crate::data::schema::nearest;

/// Spans into a buffer have 32 bits, and a buffer holds more than one record.
const LARGEST_RECORD: u64 = 1 << 30;

/// `--batch`: `1s`, `10000lines`, `1s,10000lines`, `all`.
pub fn cut(text: &str) -> Result<Cut, String> {
    if is_bare_number(text) {
        return Err(format!(
            "durations need a unit, for example --batch {text}s; for batches of so many records: --batch {text}lines"
        ));
    }
    if text == "all" {
        return Ok(Cut::All);
    }
    let (mut interval, mut count) = (None, None);
    for part in text.split(',') {
        let clash = match lines(part)? {
            Some(n) => count.replace(n).is_some(),
            None if part == "all" => return Err("`all` is one batch to the end of the input, it stands alone".into()),
            None => interval.replace(parse_duration(part).map_err(|e| cut_hint(&e))?).is_some(),
        };
        if clash {
            return Err("at most one duration and one number of lines, for example --batch 1s,10000lines".into());
        }
    }
    match (interval, count) {
        (Some(interval), Some(lines)) => Ok(Cut::Both { interval, lines }),
        (Some(interval), None) => Ok(Cut::Interval(interval)),
        (None, Some(lines)) => Ok(Cut::Lines(lines)),
        (None, None) => Err("empty, write for example --batch 1s".into()),
    }
}

fn cut_hint(reason: &str) -> String {
    if reason.starts_with("not a duration") { format!("{reason}, or 10000lines, or all") } else { reason.to_string() }
}

/// `10000lines` as a number; `None` if it is something else.
fn lines(part: &str) -> Result<Option<u64>, String> {
    let Some(digits) = part.strip_suffix("lines").or_else(|| part.strip_suffix("line")) else { return Ok(None) };
    match digits.trim().parse() {
        Ok(0) => Err("a batch holds at least 1 line".into()),
        Ok(n) => Ok(Some(n)),
        Err(_) => Err(format!("`{digits}` is not a whole number of lines, write for example 10000lines")),
    }
}

/// A size with its unit, in bytes.
pub fn size(text: &str) -> Result<usize, String> {
    const UNITS: [(&str, u64); 7] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("KB", 1000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("B", 1),
    ];
    if is_bare_number(text) {
        return Err(format!("sizes need a unit, for example {text}MiB or {text}KiB"));
    }
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: Option<u64> = text[..text.len() - unit.len()].parse().ok();
    let factor = UNITS.iter().find(|u| u.0.eq_ignore_ascii_case(unit.trim())).map(|u| u.1);
    let (Some(number), Some(factor)) = (number, factor) else {
        return Err("not a size, write a whole number and B, KiB, MiB or GiB (or KB, MB, GB): for example 16MiB".into());
    };
    match number.checked_mul(factor) {
        Some(bytes) if (1..=LARGEST_RECORD).contains(&bytes) => Ok(bytes as usize),
        _ => Err("out of range, from 1B to 1GiB".into()),
    }
}

/// A whole number, at least 1.
pub fn count(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) => Err("at least 1".into()),
        Ok(n) => Ok(n),
        Err(_) => Err("not a whole number, write for example 10".into()),
    }
}

/// A number of shards.
pub fn shards(text: &str) -> Result<usize, String> {
    match count(text)? {
        n @ 1..=1024 => Ok(n as usize),
        _ => Err("at most 1024 shards".into()),
    }
}

/// A zone of the time zone database, `local` or `UTC`.
pub fn zone(text: &str) -> Result<TimeZone, String> {
    if text.eq_ignore_ascii_case("local") {
        return TimeZone::try_system()
            .map_err(|_| "the system does not say where it is; name the zone, for example --tz Europe/Berlin".into());
    }
    if text.eq_ignore_ascii_case("utc") {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(text).map_err(|_| {
        let names: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
        let near = nearest(text, names.iter().map(String::as_str));
        let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
        format!("no such time zone, write for example Europe/Berlin, local or UTC{hint}")
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_bare_number_shows_the_fix() {
        assert!(cut("5").unwrap_err().starts_with("durations need a unit, for example --batch 5s"));
        assert!(size("100").unwrap_err().contains("100MiB"));
    }

    #[test]
    fn every_form_of_batch_is_read() {
        assert_eq!(cut("1s"), Ok(Cut::Interval(SECOND)));
        assert_eq!(cut("10000lines"), Ok(Cut::Lines(10_000)));
        assert_eq!(cut("1line"), Ok(Cut::Lines(1)));
        assert_eq!(cut("1s,10000lines"), Ok(Cut::Both { interval: SECOND, lines: 10_000 }));
        assert_eq!(cut("10000lines,1s"), Ok(Cut::Both { interval: SECOND, lines: 10_000 }));
        assert_eq!(cut("all"), Ok(Cut::All));
        for text in ["", "1s,2s", "3lines,4lines", "0lines", "lines", "-3lines", "all,1s", "1s,all", "1s,", "x"] {
            assert!(cut(text).is_err(), "{text}");
        }
        assert!(cut("soon").unwrap_err().contains("10000lines"));
    }

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(size("16MiB"), Ok(16 << 20));
        assert_eq!(size("64kb"), Ok(64_000));
        assert_eq!(size("1B"), Ok(1));
        for text in ["0B", "2GiB", "16M", "MiB", "1.5MiB", "-1KiB", "", "99999999999999999999B"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn zones_have_names() {
        assert_eq!(zone("utc"), Ok(TimeZone::UTC));
        assert_eq!(zone("Europe/Berlin").unwrap().iana_name(), Some("Europe/Berlin"));
        assert!(zone("Europe/Berln").unwrap_err().contains("Europe/Berlin"));
    }

    #[test]
    fn counts_start_at_one() {
        assert_eq!(count("12"), Ok(12));
        assert_eq!(shards("8"), Ok(8));
        for text in ["0", "-1", "x", "1.5", ""] {
            assert!(count(text).is_err(), "{text}");
        }
        assert!(shards("1025").is_err());
    }
}
