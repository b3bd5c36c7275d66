//! Where batches end: the multiples of the interval since the epoch, as the clocks of a zone show them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, tz::Offset};

use super::time::Time;

/// The borders of batches. A border is a moment at which the local time is a multiple of the interval (so that `1d` cuts at
/// local midnight); days of 23 and 25 hours are one batch each.
#[derive(Clone)]
pub struct Calendar {
    /// Milliseconds, at least 1.
    interval: i64,
    zone: TimeZone,
}

impl Calendar {
    /// Borders every `interval` milliseconds.
    pub fn new(interval: i64, zone: TimeZone) -> Self {
        Calendar { interval: interval.max(1), zone }
    }

    /// The interval in milliseconds.
    pub fn interval(&self) -> i64 {
        self.interval
    }

    /// The first border after `time`.
    pub fn next(&self, time: Time) -> Time {
        let local = time.0 + self.offset(time);
        let regular = (local.div_euclid(self.interval) + 1) * self.interval - self.offset(time);
        let Some(change) = self.change_after(time).filter(|change| *change <= regular) else { return Time(regular) };
        // The clocks are changed before (or at) the border that was to come.
        let (before, after) = (self.offset(time), self.offset(Time(change)));
        if change == regular && after >= before {
            return Time(regular);
        }
        let local = change + after;
        let since = local.rem_euclid(self.interval);
        Time(if since == 0 { change } else { change + self.interval - since })
    }

    /// The last border that is not after `time`.
    pub fn floor(&self, time: Time) -> Time {
        let local = time.0 + self.offset(time);
        let regular = time.0 - local.rem_euclid(self.interval);
        // Only where the clocks were changed since then the way back is found by going forward.
        if self.offset(Time(regular)) == self.offset(time) {
            return Time(regular);
        }
        let mut border = Time(regular - 2 * self.interval.max(86_400_000));
        loop {
            let next = self.next(border);
            if next > time {
                return border;
            }
            border = next;
        }
    }

    /// The first border that is not before `time`.
    pub fn at_or_after(&self, time: Time) -> Time {
        self.next(Time(time.0 - 1))
    }

    /// The border that is `count` before the border `end`.
    pub fn back(&self, end: Time, count: u64) -> Time {
        let regular = Time(end.0.saturating_sub(self.interval.saturating_mul(count as i64)));
        // Where the clocks were not changed in between, which nearly always is so.
        if self.offset(regular) == self.offset(end) && self.change_after(regular).is_none_or(|change| change > end.0) {
            return regular;
        }
        (0..count).fold(end, |border, _| self.floor(Time(border.0 - 1)))
    }

    fn offset(&self, time: Time) -> i64 {
        let Ok(stamp) = Timestamp::from_millisecond(time.0) else { return 0 };
        let offset: Offset = self.zone.to_offset(stamp);
        i64::from(offset.seconds()) * 1000
    }

    /// When the offset is changed next.
    fn change_after(&self, time: Time) -> Option<i64> {
        let stamp = Timestamp::from_millisecond(time.0).ok()?;
        self.zone.following(stamp).next().map(|t| t.timestamp().as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn borders_are_multiples_since_the_epoch_also_before_it() {
        let seconds = Calendar::new(1000, TimeZone::UTC);
        assert_eq!(seconds.next(Time(1500)), Time(2000));
        assert_eq!(seconds.next(Time(2000)), Time(3000));
        assert_eq!(seconds.floor(Time(2000)), Time(2000));
        assert_eq!(seconds.next(Time(-1500)), Time(-1000));
        assert_eq!(seconds.floor(Time(-1500)), Time(-2000));
    }

    #[test]
    fn days_end_at_local_midnight_and_a_changed_clock_makes_them_longer_or_shorter() {
        let days = Calendar::new(86_400_000, TimeZone::get("Europe/Berlin").unwrap());
        // 2026-03-29 has 23 hours, 2026-10-25 has 25.
        assert_eq!(days.next(at("2026-03-28T12:00:00Z")), at("2026-03-28T23:00:00Z"));
        assert_eq!(days.next(at("2026-03-28T23:00:00Z")), at("2026-03-29T22:00:00Z"));
        assert_eq!(days.floor(at("2026-03-29T20:00:00Z")), at("2026-03-28T23:00:00Z"));
        assert_eq!(days.next(at("2026-10-24T22:00:00Z")), at("2026-10-25T23:00:00Z"));
        assert_eq!(days.floor(at("2026-10-25T22:30:00Z")), at("2026-10-24T22:00:00Z"));
    }

    #[test]
    fn the_way_back_goes_border_by_border() {
        let days = Calendar::new(86_400_000, TimeZone::get("Europe/Berlin").unwrap());
        let seconds = Calendar::new(1000, TimeZone::UTC);
        for count in 0..400 {
            let end = at("2026-11-01T23:00:00Z");
            let forward = (0..count).fold(days.back(end, count), |border, _| days.next(border));
            assert_eq!(forward, end, "{count} days");
            assert_eq!(seconds.back(Time(2000), count), Time(2000 - 1000 * count as i64));
        }
        assert_eq!((seconds.at_or_after(Time(1000)), seconds.at_or_after(Time(1001))), (Time(1000), Time(2000)));
    }

    #[test]
    fn hours_go_on_every_hour_when_the_clocks_are_changed() {
        let hours = Calendar::new(3_600_000, TimeZone::get("Europe/Berlin").unwrap());
        let mut border = at("2026-10-24T22:00:00Z");
        for _ in 0..8 {
            let next = hours.next(border);
            assert_eq!(next.0 - border.0, 3_600_000);
            border = next;
        }
    }
}
