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
}
