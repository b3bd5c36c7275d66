//! Points in time, as milliseconds since the epoch, and how they are written.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

impl Time {
    /// As RFC 3339 with milliseconds: `2026-11-20T09:00:01.000Z`, with the offset for any zone but UTC.
    pub fn rfc3339(self, zone: &TimeZone) -> String {
        let Ok(stamp) = Timestamp::from_millisecond(self.0) else { return format!("{} ms", self.0) };
        if *zone == TimeZone::UTC {
            return stamp.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
        }
        stamp.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string()
    }

    /// As a part of a file name: `20261120T090001.000Z`, `20261120T090001.000+0100`.
    pub fn compact(self, zone: &TimeZone) -> String {
        let Ok(stamp) = Timestamp::from_millisecond(self.0) else { return self.0.to_string() };
        if *zone == TimeZone::UTC {
            return stamp.strftime("%Y%m%dT%H%M%S.%3fZ").to_string();
        }
        stamp.to_zoned(zone.clone()).strftime("%Y%m%dT%H%M%S.%3f%z").to_string()
    }

    /// From RFC 3339 (`2026-11-20T09:00:01Z`, with any offset); what is finer than a millisecond is cut off. Or what is
    /// wrong, and how to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let stamp: Timestamp = text.parse().map_err(|_| {
            "not a time with its zone (RFC 3339), write for example 2026-11-20T00:00:00Z or 2026-11-20T00:00:00+01:00"
        })?;
        Ok(Time(stamp.as_nanosecond().div_euclid(1_000_000) as i64))
    }

    /// For people: `2026-11-20 09:00:01 UTC`, after `from` if there is one: `2026-11-20 09:00:00 – 09:00:01 UTC`.
    pub fn human(self, from: Option<Time>, zone: &TimeZone) -> String {
        let zoned = |time: Time| Timestamp::from_millisecond(time.0).ok().map(|t| t.to_zoned(zone.clone()));
        let Some(end) = zoned(self) else { return format!("{} ms", self.0) };
        let fraction = self.0.rem_euclid(1000) != 0 || from.is_some_and(|t| t.0.rem_euclid(1000) != 0);
        let clock = if fraction { "%H:%M:%S.%3f" } else { "%H:%M:%S" };
        let offset = if *zone == TimeZone::UTC { "UTC" } else { "%:z" };
        let full = format!("%Y-%m-%d {clock}");
        match from.and_then(zoned) {
            Some(start) => {
                let second = if start.date() == end.date() { clock } else { full.as_str() };
                format!("{} – {}", start.strftime(&full), end.strftime(&format!("{second} {offset}")))
            }
            None => end.strftime(&format!("{full} {offset}")).to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").expect("a bundled zone")
    }

    #[test]
    fn rfc_3339_is_written_in_the_zone_and_read_back() {
        let time = Time(1_795_164_001_007);
        assert_eq!(time.rfc3339(&TimeZone::UTC), "2026-11-20T08:40:01.007Z");
        assert_eq!(time.rfc3339(&berlin()), "2026-11-20T09:40:01.007+01:00");
        assert_eq!(time.compact(&berlin()), "20261120T094001.007+0100");
        for text in [time.rfc3339(&TimeZone::UTC), time.rfc3339(&berlin())] {
            assert_eq!(Time::parse(&text).ok(), Some(time), "{text}");
        }
    }

    #[test]
    fn finer_times_are_cut_towards_the_past() {
        assert_eq!(Time::parse("1970-01-01T00:00:00.0019Z").ok(), Some(Time(1)));
        assert_eq!(Time::parse("1969-12-31T23:59:59.9999Z").ok(), Some(Time(-1)));
    }

    #[test]
    fn a_time_without_offset_is_refused_with_an_example() {
        for text in ["2026-11-20T09:00:01", "2026-11-20", "now", ""] {
            let error = Time::parse(text).expect_err("no time");
            assert!(error.contains("2026-11-20T00:00:00Z"), "{error}");
        }
    }

    #[test]
    fn people_read_the_date_once_and_no_empty_fraction() {
        let from = Some(Time(1000));
        assert_eq!(Time(2000).human(from, &TimeZone::UTC), "1970-01-01 00:00:01 – 00:00:02 UTC");
        assert_eq!(Time(2500).human(from, &berlin()), "1970-01-01 01:00:01.000 – 01:00:02.500 +01:00");
        assert_eq!(Time(2000).human(None, &TimeZone::UTC), "1970-01-01 00:00:02 UTC");
        let day = Time(86_400_000);
        assert_eq!(day.human(Some(Time(0)), &TimeZone::UTC), "1970-01-01 00:00:00 – 1970-01-02 00:00:00 UTC");
    }
}
