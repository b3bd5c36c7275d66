//! Functions on times against Spark's results and against jiff.

use jiff::{Timestamp, ToSpan, Unit as Part, Zoned, ZonedRound};
use proptest::prelude::*;

use super::super::testing::{call, float, gives, in_zone, input, int, null_of, rows, shown, text, time};
use super::*;

const STAMP: &str = "2024-02-29 12:34:56.789123";

fn trunc(unit: &str, at: &str) -> String {
    gives("date_trunc", vec![text(unit), text(at)])
}

/// What PySpark 4 gives.
#[test]
fn times_are_cut_to_units() {
    for (unit, cut) in [
        ("YEAR", "2024-01-01T00:00:00.000Z"),
        ("yy", "2024-01-01T00:00:00.000Z"),
        ("QUARTER", "2024-01-01T00:00:00.000Z"),
        ("Mon", "2024-02-01T00:00:00.000Z"),
        ("WEEK", "2024-02-26T00:00:00.000Z"),
        ("DD", "2024-02-29T00:00:00.000Z"),
        ("HOUR", "2024-02-29T12:00:00.000Z"),
        ("MINUTE", "2024-02-29T12:34:00.000Z"),
        ("SECOND", "2024-02-29T12:34:56.000Z"),
        ("MILLISECOND", "2024-02-29T12:34:56.789Z"),
        ("MICROSECOND", "2024-02-29T12:34:56.789123Z"),
    ] {
        assert_eq!(trunc(unit, STAMP), cut, "{unit}");
    }
    assert_eq!(trunc("WEEK", "2021-01-03 01:02:03"), "2020-12-28T00:00:00.000Z");
    assert_eq!(trunc("HOUR", "1969-12-31 23:59:59.999"), "1969-12-31T23:00:00.000Z");
    assert_eq!(trunc("WEEK", "0001-01-01 00:00:00"), "0001-01-01T00:00:00.000Z");
    assert_eq!(trunc("DAY", "no time"), "NULL");
    assert!(trunc("DECADE", STAMP).contains("the units are: YEAR,"));
    assert!(gives("date_trunc", vec![text("DAY"), int(7)]).contains("timestamp_millis"));
    assert_eq!(gives("date_trunc", vec![Node::null(), text(STAMP)]), "NULL");
    let (block, column) = input(&[Some("DAY"), Some("x"), None]);
    let node = call("date_trunc", vec![column, text(STAMP)], &Context::default()).unwrap();
    assert_eq!(rows(&node, &block), ["2024-02-29T00:00:00.000Z", "NULL", "NULL"]);
}

#[test]
fn days_begin_as_the_clocks_of_the_zone_say() {
    let berlin = in_zone("Europe/Berlin");
    let cut = |unit: &str, at: &str| {
        shown(&call("date_trunc", vec![text(unit), text(at)], &berlin).expect("a time"), &berlin)
    };
    assert_eq!(cut("DAY", "2026-03-29T12:00:00Z"), "2026-03-29T00:00:00.000+01:00");
    assert_eq!(cut("MONTH", "2026-06-30T22:30:00Z"), "2026-07-01T00:00:00.000+02:00");
    // The hour that comes twice: each keeps its offset.
    assert_eq!(cut("HOUR", "2026-10-25T00:30:00Z"), "2026-10-25T02:00:00.000+02:00");
    assert_eq!(cut("HOUR", "2026-10-25T01:30:00Z"), "2026-10-25T02:00:00.000+01:00");
    let paulo = in_zone("America/Sao_Paulo");
    let day = call("to_date", vec![text("2018-11-04")], &paulo).expect("a time");
    assert_eq!(shown(&day, &paulo), "2018-11-04T01:00:00.000-02:00");
}

#[test]
fn seconds_since_1970_are_counted_as_spark_does() {
    assert_eq!(gives("unix_timestamp", vec![text("2024-02-29 12:34:56")]), "1709210096");
    assert_eq!(gives("unix_timestamp", vec![text("2024-02-29T12:34:56Z")]), "NULL");
    assert_eq!(gives("unix_timestamp", vec![time(-500_000)]), "0");
    assert_eq!(gives("unix_seconds", vec![time(-500_000)]), "-1");
    assert_eq!(gives("unix_millis", vec![time(-1)]), "-1");
    assert_eq!(gives("unix_micros", vec![time(-1)]), "-1");
    assert!(gives("unix_timestamp", vec![]).contains("now"));
    assert_eq!(gives("unix_timestamp", vec![text("2024-02-29"), text("yyyy-MM-dd")]), "1709164800");
    assert_eq!(gives("unix_timestamp", vec![null_of(Kind::Time)]), "NULL");
}

#[test]
fn numbers_become_times() {
    assert_eq!(gives("timestamp_seconds", vec![float(-1.5)]), "1969-12-31T23:59:58.500Z");
    assert_eq!(gives("timestamp_millis", vec![int(-1)]), "1969-12-31T23:59:59.999Z");
    assert_eq!(gives("timestamp_seconds", vec![int(i64::MAX)]), "NULL");
    assert_eq!(gives("timestamp_seconds", vec![float(f64::NAN)]), "NULL");
    assert_eq!(gives("timestamp_seconds", vec![float(f64::INFINITY)]), "NULL");
    assert_eq!(gives("timestamp_millis", vec![text("1500")]), "1970-01-01T00:00:01.500Z");
    assert_eq!(gives("to_timestamp", vec![int(1)]), "1970-01-01T00:00:01.000Z");
    assert_eq!(gives("from_unixtime", vec![int(-1)]), "1969-12-31 23:59:59");
    assert_eq!(gives("from_unixtime", vec![Node::null()]), "NULL");
}

#[test]
fn dates_are_counted() {
    for (function, by, date) in [
        ("date_add", 1, "2024-03-01T00:00:00.000Z"),
        ("date_sub", -366, "2025-03-01T00:00:00.000Z"),
        ("add_months", 12, "2025-02-28T00:00:00.000Z"),
        ("add_months", -2, "2023-12-29T00:00:00.000Z"),
    ] {
        assert_eq!(gives(function, vec![text(STAMP), int(by)]), date, "{function}");
    }
    for by in [i64::MAX, i64::MIN] {
        for function in ["date_add", "date_sub", "add_months"] {
            assert_eq!(gives(function, vec![text(STAMP), int(by)]), "NULL", "{function}");
        }
    }
    assert_eq!(gives("datediff", vec![text("2024-03-01T00:00:00+09:00"), text("2024-02-28 23:59:59")]), "2");
    assert_eq!(gives("datediff", vec![text("x"), text("2024-02-28")]), "NULL");
    assert_eq!(gives("dayofweek", vec![text("2024-03-03")]), "1");
    assert_eq!(gives("weekofyear", vec![text("2021-01-03")]), "53");
    assert!(gives("year", vec![int(2024)]).contains("a number is no time"));
}

#[test]
fn patterns_may_come_from_a_column() {
    let (block, pattern) = input(&[Some("yyyy"), Some("MM/dd"), Some("T"), None]);
    let node = call("date_format", vec![text(STAMP), pattern], &Context::default()).unwrap();
    assert_eq!(rows(&node, &block), ["2024", "02/29", "NULL", "NULL"]);
    let (block, pattern) = input(&[Some("yyyy-MM-dd"), Some("Q"), None]);
    let node = call("to_timestamp", vec![text("2024-02-29"), pattern], &Context::default()).unwrap();
    assert_eq!(rows(&node, &block), ["2024-02-29T00:00:00.000Z", "NULL", "NULL"]);
    assert!(gives("to_timestamp", vec![text("x"), text("Q")]).contains("cannot be read"));
    assert!(gives("date_format", vec![text("x"), text("T")]).contains("quotes"));
}

fn zoned(micros: i64, zone: &Context) -> Zoned {
    Timestamp::from_microsecond(micros).expect("a time").to_zoned(zone.zone.clone())
}

proptest! {
    /// Against jiff, around the hours at which clocks are set too.
    #[test]
    fn parts_and_cuts_are_those_of_jiff(
        micros in -2_000_000_000_000_000i64..4_000_000_000_000_000,
        zone in prop::sample::select(&["Europe/Berlin", "Asia/Kolkata", "America/New_York", "UTC"]),
        months in -500i64..500,
    ) {
        let context = in_zone(zone);
        let at = zoned(micros, &context);
        let number = |name: &str| shown(&call(name, vec![time(micros)], &context).expect(name), &context);
        prop_assert_eq!(number("year"), at.year().to_string());
        prop_assert_eq!(number("month"), at.month().to_string());
        prop_assert_eq!(number("day"), at.day().to_string());
        prop_assert_eq!(number("hour"), at.hour().to_string());
        prop_assert_eq!(number("minute"), at.minute().to_string());
        prop_assert_eq!(number("second"), at.second().to_string());
        prop_assert_eq!(number("dayofyear"), at.day_of_year().to_string());
        let cut = |unit: &str| match call("date_trunc", vec![text(unit), time(micros)], &context).expect(unit).value() {
            Some(crate::data::column::Cell::Time(time)) => Some(time),
            _ => None,
        };
        let day = at.start_of_day().expect("a day");
        prop_assert_eq!(cut("DAY"), Some(day.timestamp().as_microsecond()));
        let minute = at.round(ZonedRound::new().smallest(Part::Minute).mode(jiff::RoundMode::Trunc)).expect("a minute");
        let minute = minute.timestamp().as_microsecond();
        prop_assert_eq!(cut("MINUTE"), Some(minute));
        let moved = at.date().checked_add(months.months()).expect("a date").to_zoned(context.zone.clone()).expect("a day");
        let added = call("add_months", vec![time(micros), int(months)], &context).expect("a date");
        let moved = moved.start_of_day().expect("a day").timestamp().as_microsecond();
        prop_assert_eq!(added.value(), Some(crate::data::column::Cell::Time(moved)));
    }
}
