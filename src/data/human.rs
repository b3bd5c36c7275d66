//! Quantities as people read and write them, the same in every locale.

use std::time::Duration;

/// Longer ones would leave the calendar.
const LONGEST: Duration = Duration::from_secs(36_500 * 24 * 60 * 60);
/// With a comma after each three digits: `1,250,000`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 row`, `2 rows`.
pub fn counted(value: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(value), if value == 1 { "" } else { "s" })
}

/// So many per second: one decimal below ten, none above.
pub fn rate(value: f64) -> String {
    let tenths = (value * 10.0).round();
    if tenths < 100.0 && tenths % 10.0 != 0.0 { format!("{:.1}", tenths / 10.0) } else { count(value.round() as u64) }
}

/// `999 B`, `1.5 KiB`, `12.0 GiB`.
pub fn bytes(value: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let unit = (0..units.len() - 1).find(|&u| value >> (10 * (u + 1)) == 0).unwrap_or(units.len() - 1);
    match unit {
        0 => format!("{value} B"),
        _ => format!("{:.1} {}", value as f64 / (1u64 << (10 * unit)) as f64, units[unit]),
    }
}

/// `0.042 ms`, `12 ms`, `3.4 s`.
pub fn duration(value: Duration) -> String {
    match value.as_micros() {
        micros @ 0..10_000 => format!("{} ms", micros as f64 / 1000.0),
        micros @ 10_000..1_000_000 => format!("{} ms", micros / 1000),
        micros => format!("{:.1} s", micros as f64 / 1e6),
    }
}

/// A duration of so many milliseconds, as it can be read again: `1h 30m`.
pub fn written(millis: i64) -> String {
    humantime::format_duration(Duration::from_millis(millis.unsigned_abs())).to_string()
}

/// A duration with its unit, in whole milliseconds, at least one.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    if is_bare_number(text) {
        return Err(format!("durations need a unit, for example {text}s or {text}ms"));
    }
    let units = text.split(|c: char| !c.is_alphabetic());
    if units.clone().any(|u| ["month", "months", "M", "year", "years", "yr", "yrs", "y"].contains(&u)) {
        return Err("months and years have no fixed length, the largest unit is the week; minutes are a small m".into());
    }
    let wrong = |_| "not a duration, write for example 500ms, 1s, 5m or 1h 30m".to_string();
    let duration = humantime::parse_duration(text).map_err(wrong)?;
    if !duration.subsec_nanos().is_multiple_of(1_000_000) || duration.is_zero() {
        return Err("durations are in whole milliseconds, at least 1ms".into());
    }
    if duration > LONGEST {
        return Err("too long, at most 36500d".into());
    }
    Ok(duration)
}

/// Digits, perhaps with a point, and nothing else.
pub fn is_bare_number(text: &str) -> bool {
    !text.is_empty() && text.parse::<f64>().is_ok() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_three() {
        let shown: Vec<String> = [0, 999, 1000, 1_250_000, 12_345_678].map(count).into();
        assert_eq!(shown, ["0", "999", "1,000", "1,250,000", "12,345,678"]);
        assert_eq!((counted(1, "row"), counted(2000, "row")), ("1 row".into(), "2,000 rows".into()));
    }

    #[test]
    fn rates_have_a_decimal_only_where_it_says_something() {
        let shown: Vec<String> = [0.0, 0.25, 3.0, 9.96, 10.4, 1234.5].map(rate).into();
        assert_eq!(shown, ["0", "0.3", "3", "10", "10", "1,235"]);
    }

    #[test]
    fn sizes_step_by_1024() {
        let shown: Vec<String> = [0, 1023, 1024, 1536, 5 << 30, u64::MAX].map(bytes).into();
        assert_eq!(shown, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "5.0 GiB", "16.0 EiB"]);
    }

    #[test]
    fn durations_change_their_unit() {
        let shown: Vec<String> = [0, 42, 9_999, 12_345, 3_400_000].map(|m| duration(Duration::from_micros(m))).into();
        assert_eq!(shown, ["0 ms", "0.042 ms", "9.999 ms", "12 ms", "3.4 s"]);
    }

    #[test]
    fn durations_are_read_with_their_units() {
        assert_eq!(parse_duration("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(parse_duration("1h 30m"), Ok(90 * 60 * Duration::from_secs(1)));
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2w"), Ok(14 * 86_400 * Duration::from_secs(1)));
    }

    #[test]
    fn months_years_and_parts_of_milliseconds_are_refused() {
        for text in ["1M", "2months", "1y", "1year", "1h 1yr", "3yrs", "1month"] {
            assert!(parse_duration(text).unwrap_err().contains("no fixed length"), "{text}");
        }
        assert!(parse_duration("0.5").unwrap_err().contains("0.5s"));
        for text in ["0s", "0ms", "1us", "1500us", "0"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        for text in ["", "s", "-1s", "1 fortnight", "100000w", "99999999999999999999s", "1s,"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
