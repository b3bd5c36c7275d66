//! The calendar (proleptic Gregorian, as Spark's) and the clocks of a zone, in microseconds. Arithmetic only: the zone's rules
//! are asked once for each run of times that have one offset.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// Microseconds.
pub const SECOND: i64 = 1_000_000;
/// Microseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds.
pub const DAY: i64 = 24 * HOUR;

/// Years beyond this are farther than microseconds reach.
const YEARS: i64 = 300_000;

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// 0 is the year before 1.
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
}

/// The date of a number of days since the epoch. From H. Hinnant, "chrono-compatible low-level date algorithms".
#[inline]
pub fn date_of(days: i64) -> Date {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date { year, month, day: of_year - (153 * shifted + 2) / 5 + 1 }
}

/// Days since the epoch of a date that exists; the way back of [`date_of`].
#[inline]
pub fn days_of(date: Date) -> i64 {
    let year = date.year - i64::from(date.month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = if date.month > 2 { date.month - 3 } else { date.month + 9 };
    let of_year = (153 * shifted + 2) / 5 + date.day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

/// Days since the epoch, `None` for a date that does not exist or is out of reach.
#[inline]
pub fn existing(year: i64, month: i64, day: i64) -> Option<i64> {
    let exists =
        year.abs() <= YEARS && (1..=12).contains(&month) && day >= 1 && (day <= 28 || day <= month_length(year, month));
    exists.then(|| days_of(Date { year, month, day }))
}

/// How many days a month has.
pub fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Whether a year has 366 days.
pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The first of January of a year, in days since the epoch.
pub fn new_year(year: i64) -> i64 {
    days_of(Date { year, month: 1, day: 1 })
}

/// 0 is Monday.
pub fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7)
}

/// The ISO week: that of the Thursday.
pub fn iso_week(days: i64) -> i64 {
    let thursday = days - weekday(days) + 3;
    (thursday - new_year(date_of(thursday).year)) / 7 + 1
}

/// The clocks of a zone: times of day from instants and back. Keeps the offset that it used last, with the times that it holds
/// for, so a fresh one is made for each block.
pub struct Clocks<'a> {
    zone: &'a TimeZone,
    fixed: bool,
    /// Microseconds east of UTC.
    offset: i64,
    /// The offset holds from here ...
    from: i64,
    /// ... until before here.
    until: i64,
}

impl<'a> Clocks<'a> {
    /// Those of `zone`.
    pub fn new(zone: &'a TimeZone) -> Self {
        match zone.to_fixed_offset() {
            Ok(offset) => {
                let offset = i64::from(offset.seconds()) * SECOND;
                Clocks { zone, fixed: true, offset, from: i64::MIN, until: i64::MAX }
            }
            Err(_) => Clocks { zone, fixed: false, offset: 0, from: 0, until: 0 },
        }
    }

    /// Their zone.
    pub fn zone(&self) -> &'a TimeZone {
        self.zone
    }

    /// How far they are ahead of UTC at an instant.
    #[inline]
    pub fn offset(&mut self, micros: i64) -> i64 {
        if !(self.fixed || self.from <= micros && micros < self.until) {
            self.look_up(micros);
        }
        self.offset
    }

    /// What they show at an instant: microseconds since their own 1970-01-01 00:00.
    #[inline]
    pub fn shown(&mut self, micros: i64) -> i64 {
        micros.saturating_add(self.offset(micros))
    }

    /// The date that they show at an instant, in days since the epoch.
    #[inline]
    pub fn days(&mut self, micros: i64) -> i64 {
        self.shown(micros).div_euclid(DAY)
    }

    /// When they show this. Twice: the first time. Never, as they are set forward: so much later as they are set.
    #[inline]
    pub fn instant(&mut self, shown: i64) -> i64 {
        if let Some(instant) = self.certain(shown) {
            return instant;
        }
        self.look_up(shown.saturating_sub(self.offset));
        self.certain(shown).or_else(|| self.resolved(shown)).unwrap_or(shown.saturating_sub(self.offset))
    }

    /// When a day begins, which may be after midnight.
    #[inline]
    pub fn day_start(&mut self, days: i64) -> Option<i64> {
        let midnight = days.checked_mul(DAY)?;
        let start = self.instant(midnight);
        if self.fixed || self.shown(start) == midnight {
            return Some(start);
        }
        // The clocks were set forward over midnight: the day begins when they were.
        Some(if self.days(self.from) == days { self.from } else { start })
    }

    /// Far from any change there is one answer.
    fn certain(&self, shown: i64) -> Option<i64> {
        let guess = shown.saturating_sub(self.offset);
        let inside = self.fixed || (guess >= self.from.saturating_add(DAY) && guess < self.until.saturating_sub(DAY));
        inside.then_some(guess)
    }

    #[cold]
    fn resolved(&self, shown: i64) -> Option<i64> {
        let (seconds, micros) = (shown.div_euclid(SECOND), shown.rem_euclid(SECOND));
        let stamp = Timestamp::new(seconds, micros as i32 * 1000).ok()?;
        let shown: DateTime = jiff::tz::Offset::UTC.to_datetime(stamp);
        let ambiguous = self.zone.to_ambiguous_timestamp(shown);
        // A gap is measured with the offset before it: what the clocks would show, had they not been set.
        let offset = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
        };
        Some(stamp.as_microsecond() - i64::from(offset.seconds()) * SECOND)
    }

    #[cold]
    fn look_up(&mut self, micros: i64) {
        // Beyond the years that the rules are known for, the offset is that of the last.
        let reach = (Timestamp::MIN.as_microsecond(), Timestamp::MAX.as_microsecond() - 1);
        let known = micros.clamp(reach.0, reach.1);
        let (Ok(stamp), Ok(next)) = (Timestamp::from_microsecond(known), Timestamp::from_microsecond(known + 1)) else {
            return;
        };
        self.offset = i64::from(self.zone.to_offset(stamp).seconds()) * SECOND;
        let change = |change: Option<jiff::tz::TimeZoneTransition<'_>>| change.map(|c| c.timestamp().as_microsecond());
        self.from = change(self.zone.preceding(next).next()).unwrap_or(i64::MIN);
        self.until = change(self.zone.following(stamp).next()).unwrap_or(i64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil;
    use proptest::prelude::*;

    use super::*;

    fn date(days: i64) -> civil::Date {
        civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).expect("a date")
    }

    const ZONES: &[&str] =
        &["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"];

    proptest! {
        #[test]
        fn dates_are_those_of_the_calendar(days in -4_300_000i64..2_900_000) {
            let (is, date) = (date_of(days), date(days));
            prop_assert_eq!((is.year, is.month, is.day), (date.year().into(), date.month().into(), date.day().into()));
            prop_assert_eq!(existing(is.year, is.month, is.day), Some(days));
            prop_assert_eq!(weekday(days), i64::from(date.weekday().to_monday_zero_offset()));
            prop_assert_eq!(iso_week(days), i64::from(date.iso_week_date().week()));
            prop_assert_eq!(month_length(is.year, is.month), i64::from(date.days_in_month()));
            prop_assert_eq!(days - new_year(is.year) + 1, i64::from(date.day_of_year()));
        }

        /// In any order of times, so that the offset that is kept is right or asked for again.
        #[test]
        fn clocks_show_what_the_zone_says(zone in prop::sample::select(ZONES), hours in prop::collection::vec(-1_200_000i64..1_000_000, 1..9)) {
            let zone = TimeZone::get(zone).expect("a zone");
            let mut clocks = Clocks::new(&zone);
            for hour in hours {
                let micros = hour * HOUR / 2 + 7;
                let stamp = Timestamp::from_microsecond(micros).expect("a time");
                let offset = i64::from(zone.to_offset(stamp).seconds()) * SECOND;
                prop_assert_eq!(clocks.offset(micros), offset);
                let shown = jiff::tz::Offset::UTC.to_datetime(stamp);
                let instant = zone.to_ambiguous_timestamp(shown).compatible().expect("a time");
                prop_assert_eq!(clocks.instant(micros), instant.as_microsecond());
                let day = shown.date().to_zoned(zone.clone()).expect("a day").start_of_day().expect("its start");
                prop_assert_eq!(clocks.day_start(micros.div_euclid(DAY)), Some(day.timestamp().as_microsecond()));
            }
        }
    }

    #[test]
    fn the_ends_of_time_have_an_offset() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        for zone in [&TimeZone::UTC, &berlin] {
            let mut clocks = Clocks::new(zone);
            for micros in [i64::MIN, i64::MIN + 1, i64::MAX, 0, i64::MAX / 2, i64::MIN / 2] {
                clocks.offset(micros);
                clocks.instant(micros);
                clocks.day_start(micros);
                assert!(clocks.day_start(micros / DAY).is_some());
            }
        }
    }
}
