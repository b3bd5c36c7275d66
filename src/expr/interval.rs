//! Lengths of time: how they are read, and how they are added to times.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::ast::Interval;

/// The units, in the singular, with what one of them is.
const UNITS: &[(&str, Interval)] = &[
    ("YEAR", Interval { months: 12, days: 0, micros: 0 }),
    ("QUARTER", Interval { months: 3, days: 0, micros: 0 }),
    ("MONTH", Interval { months: 1, days: 0, micros: 0 }),
    ("WEEK", Interval { months: 0, days: 7, micros: 0 }),
    ("DAY", Interval { months: 0, days: 1, micros: 0 }),
    ("HOUR", Interval { months: 0, days: 0, micros: 3_600_000_000 }),
    ("MINUTE", Interval { months: 0, days: 0, micros: 60_000_000 }),
    ("SECOND", Interval { months: 0, days: 0, micros: 1_000_000 }),
    ("MILLISECOND", Interval { months: 0, days: 0, micros: 1_000 }),
    ("MICROSECOND", Interval { months: 0, days: 0, micros: 1 }),
];

/// Reads `5` with the unit `MINUTES`, or `1 day 2 hours` without one.
pub fn parse(text: &str, unit: Option<&str>) -> Result<Interval, String> {
    let wrong = || format!("`{text}` is no interval: write INTERVAL 5 MINUTES or INTERVAL '1 day 2 hours'");
    let words: Vec<&str> = text.split_whitespace().chain(unit).collect();
    if words.is_empty() || !words.len().is_multiple_of(2) {
        return Err(wrong());
    }
    let mut sum = Interval::default();
    for pair in words.chunks_exact(2) {
        let upper = pair[1].to_uppercase();
        let name = upper.strip_suffix('S').unwrap_or(&upper);
        let Some((_, one)) = UNITS.iter().find(|unit| unit.0 == name) else {
            let names: Vec<String> = UNITS.iter().map(|unit| unit.0.to_lowercase()).collect();
            return Err(format!("`{}` is no unit of time, the units are: {}", pair[1], names.join(", ")));
        };
        let whole: Result<i64, _> = pair[0].parse();
        let added = match whole {
            Ok(count) => sum.plus(*one, count),
            // Parts of what has a fixed length.
            Err(_) if one.micros > 0 => {
                let count: f64 = pair[0].parse().map_err(|_| wrong())?;
                let micros = (count * one.micros as f64).round();
                (micros.abs() < 9e18).then(|| sum.plus(UNITS[9].1, micros as i64)).flatten()
            }
            Err(_) => return Err(wrong()),
        };
        sum = added.ok_or_else(|| format!("the interval `{text}` is too long"))?;
    }
    Ok(sum)
}

impl Interval {
    /// With so many times another, if that is not too long.
    fn plus(self, other: Interval, count: i64) -> Option<Interval> {
        let part = |sum: i32, one: i32| {
            i64::from(one)
                .checked_mul(count)
                .and_then(|product| i32::try_from(i64::from(sum).checked_add(product)?).ok())
        };
        Some(Interval {
            months: part(self.months, other.months)?,
            days: part(self.days, other.days)?,
            micros: self.micros.checked_add(other.micros.checked_mul(count)?)?,
        })
    }

    /// The same backwards.
    #[must_use]
    pub fn negated(self) -> Interval {
        Interval {
            months: self.months.saturating_neg(),
            days: self.days.saturating_neg(),
            micros: self.micros.saturating_neg(),
        }
    }

    /// The time that is so much later than `micros`; months and days as the calendar of the zone has them.
    pub fn after(self, micros: i64, zone: &TimeZone) -> Option<i64> {
        let mut moved = micros;
        if self.months != 0 || self.days != 0 {
            let span = Span::new().try_months(self.months).ok()?.try_days(self.days).ok()?;
            let zoned = Timestamp::from_microsecond(micros).ok()?.to_zoned(zone.clone());
            moved = zoned.checked_add(span).ok()?.timestamp().as_microsecond();
        }
        let moved = moved.checked_add(self.micros)?;
        Timestamp::from_microsecond(moved).ok().map(|_| moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_in_all_their_spellings() {
        let micros = |micros| Ok(Interval { micros, ..Interval::default() });
        assert_eq!(parse("5", Some("MINUTES")), micros(300_000_000));
        assert_eq!(parse("1.5", Some("second")), micros(1_500_000));
        assert_eq!(parse("-2", Some("HOUR")), micros(-7_200_000_000));
        assert_eq!(parse("1 day 2 hours", None), Ok(Interval { days: 1, micros: 7_200_000_000, months: 0 }));
        assert_eq!(parse("2", Some("YEARS")), Ok(Interval { months: 24, days: 0, micros: 0 }));
        for (text, unit) in [("5", None), ("", None), ("x", Some("DAY")), ("1.5", Some("DAY")), ("5", Some("MOON"))] {
            assert!(parse(text, unit).is_err(), "{text}");
        }
        assert!(parse("9223372036854775807", Some("HOUR")).unwrap_err().contains("too long"));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a bundled zone");
        let day = Interval { days: 1, ..Interval::default() };
        let before: Timestamp = "2026-03-28T12:00:00+01:00".parse().unwrap();
        let after: Timestamp = "2026-03-29T12:00:00+02:00".parse().unwrap();
        assert_eq!(day.after(before.as_microsecond(), &berlin), Some(after.as_microsecond()));
        assert_eq!(day.after(0, &TimeZone::UTC), Some(86_400_000_000));
        assert_eq!(day.negated().after(0, &TimeZone::UTC), Some(-86_400_000_000));
        assert_eq!(day.after(i64::MAX, &TimeZone::UTC), None);
    }
}
