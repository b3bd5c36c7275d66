//! Functions on times: from text and numbers to times, and back. Dates, which Spark has beside times, are times at midnight.
//! What takes a date takes of text the date that is written there, whatever zone stands behind it, as Spark does.

mod dates;
mod trunc;

use jiff::tz::TimeZone;

use crate::data::column::{Column, NO_TIME, Number, Numbers};
use crate::data::schema::Kind;

use super::super::node::TextBuilder;
use super::super::times::civil::{self, Clocks, DAY, Date, HOUR, MINUTE, SECOND};
use super::super::times::pattern::Pattern;
use super::super::times::{self, of_number};
use super::args::{Bound, computed, exactly, one_or_two, whole};
use super::{Context, Family, Function, Node};

/// The family.
pub const FAMILY: Family = Family { name: "time", functions: FUNCTIONS };

const FUNCTIONS: &[Function] = &[
    Function {
        name: "to_timestamp",
        aliases: &[],
        form: "to_timestamp(text[, pattern])",
        about: "The time that text says, read by a pattern (yyyy-MM-dd HH:mm:ss) or as 2026-11-20T09:00:01Z; of a number, seconds \
                since 1970.",
        examples: &[
            ("to_timestamp('2026-11-20 09:00')", "2026-11-20T09:00:00.000Z"),
            ("to_timestamp('20/Nov/2026:09:00:01 +0100', 'dd/MMM/yyyy:HH:mm:ss Z')", "2026-11-20T08:00:01.000Z"),
            ("to_timestamp('yesterday')", "NULL"),
        ],
        bind: to_timestamp,
    },
    Function {
        name: "unix_timestamp",
        aliases: &["to_unix_timestamp"],
        form: "unix_timestamp(time[, pattern])",
        about: "Seconds since 1970 of a time, or of text that is read by a pattern (yyyy-MM-dd HH:mm:ss).",
        examples: &[
            ("unix_timestamp('2026-11-20 09:00:00')", "1795165200"),
            ("unix_timestamp('2026-11-20', 'yyyy-MM-dd')", "1795132800"),
        ],
        bind: unix_timestamp,
    },
    Function {
        name: "from_unixtime",
        aliases: &[],
        form: "from_unixtime(seconds[, pattern])",
        about: "Seconds since 1970 as text, written by a pattern (yyyy-MM-dd HH:mm:ss).",
        examples: &[("from_unixtime(0)", "1970-01-01 00:00:00"), ("from_unixtime(0, 'HH:mm')", "00:00")],
        bind: |args, context| {
            let (seconds, pattern) = one_or_two(args)?;
            let time = from_units(seconds, SECOND, true)?;
            written(time, pattern.unwrap_or_else(|| Node::text(DEFAULT)), context)
        },
    },
    trunc::DATE_TRUNC,
    Function {
        name: "date_format",
        aliases: &[],
        form: "date_format(time, pattern)",
        about: "A time as text, written by a pattern: y M d E year, month, day and weekday; H h m s S a; Q quarter; z VV X Z zone.",
        examples: &[
            ("date_format('2026-11-20 09:05:00', 'yyyy/MM/dd HH:mm')", "2026/11/20 09:05"),
            ("date_format('2026-11-20', 'EEE d MMMM')", "Fri 20 November"),
        ],
        bind: |args, context| {
            let [time, pattern] = exactly(args)?;
            let time = time.into_time(&context.zone)?;
            written(time, pattern, context)
        },
    },
    dates::YEAR,
    dates::QUARTER,
    dates::MONTH,
    dates::DAY_OF_MONTH,
    dates::DAY_OF_WEEK,
    dates::WEEKDAY,
    dates::DAY_OF_YEAR,
    dates::WEEK_OF_YEAR,
    Function {
        name: "hour",
        aliases: &[],
        form: "hour(time)",
        about: "The hour of a time, 0 to 23.",
        examples: &[("hour('2026-11-20 09:41:59')", "9")],
        bind: |args, context| clock(args, context, |shown| shown.rem_euclid(DAY) / HOUR),
    },
    Function {
        name: "minute",
        aliases: &[],
        form: "minute(time)",
        about: "The minute of a time, 0 to 59.",
        examples: &[("minute('2026-11-20 09:41:59')", "41")],
        bind: |args, context| clock(args, context, |shown| shown.rem_euclid(HOUR) / MINUTE),
    },
    Function {
        name: "second",
        aliases: &[],
        form: "second(time)",
        about: "The second of a time, 0 to 59.",
        examples: &[("second('2026-11-20 09:41:59.5')", "59")],
        bind: |args, context| clock(args, context, |shown| shown.rem_euclid(MINUTE) / SECOND),
    },
    dates::TO_DATE,
    dates::DATE_ADD,
    dates::DATE_SUB,
    dates::DATEDIFF,
    dates::ADD_MONTHS,
    dates::LAST_DAY,
    Function {
        name: "timestamp_seconds",
        aliases: &[],
        form: "timestamp_seconds(number)",
        about: "The time so many seconds after 1970 began.",
        examples: &[("timestamp_seconds(1.5)", "1970-01-01T00:00:01.500Z")],
        bind: |args, _| from_units(exactly::<1>(args)?.into_iter().next().ok_or("nothing")?, SECOND, false),
    },
    Function {
        name: "timestamp_millis",
        aliases: &[],
        form: "timestamp_millis(number)",
        about: "The time so many milliseconds after 1970 began.",
        examples: &[("timestamp_millis(1500)", "1970-01-01T00:00:01.500Z")],
        bind: |args, _| from_units(exactly::<1>(args)?.into_iter().next().ok_or("nothing")?, 1000, true),
    },
    Function {
        name: "timestamp_micros",
        aliases: &[],
        form: "timestamp_micros(number)",
        about: "The time so many microseconds after 1970 began.",
        examples: &[("timestamp_micros(1500000)", "1970-01-01T00:00:01.500Z")],
        bind: |args, _| from_units(exactly::<1>(args)?.into_iter().next().ok_or("nothing")?, 1, true),
    },
    Function {
        name: "unix_seconds",
        aliases: &[],
        form: "unix_seconds(time)",
        about: "Whole seconds since 1970 of a time.",
        examples: &[("unix_seconds('1970-01-01 00:01:00.9')", "60")],
        bind: |args, context| instant(args, context, |micros| micros.div_euclid(SECOND)),
    },
    Function {
        name: "unix_millis",
        aliases: &[],
        form: "unix_millis(time)",
        about: "Whole milliseconds since 1970 of a time.",
        examples: &[("unix_millis('1970-01-01 00:00:01.5')", "1500")],
        bind: |args, context| instant(args, context, |micros| micros.div_euclid(1000)),
    },
    Function {
        name: "unix_micros",
        aliases: &[],
        form: "unix_micros(time)",
        about: "Microseconds since 1970 of a time.",
        examples: &[("unix_micros('1970-01-01 00:00:01.5')", "1500000")],
        bind: |args, context| instant(args, context, |micros| micros),
    },
];

/// The pattern of functions that are given none.
const DEFAULT: &[u8] = b"yyyy-MM-dd HH:mm:ss";

/// What finds the pattern of each row: one for all, or the last that was compiled.
enum Patterns {
    Constant(Option<Pattern>),
    Each,
}

impl Patterns {
    /// Of an argument. A constant is compiled now, and what is wrong with it is an error; otherwise it is null.
    fn of(pattern: &Node, reading: bool) -> Result<Self, String> {
        if pattern.constant.is_none() {
            return Ok(Patterns::Each);
        }
        match pattern.value() {
            Some(crate::data::column::Cell::Text(text)) => {
                let pattern = Pattern::compile(text)?;
                if reading {
                    pattern.readable()?;
                }
                Ok(Patterns::Constant(Some(pattern)))
            }
            _ => Ok(Patterns::Constant(None)),
        }
    }

    /// Calls `each` with every row and its pattern, if it has one.
    fn rows(&self, rows: usize, column: &Column, reading: bool, mut each: impl FnMut(usize, Option<&Pattern>)) {
        if let Patterns::Constant(pattern) = self {
            return (0..rows).for_each(|row| each(row, pattern.as_ref()));
        }
        let mut last: Option<(&[u8], Option<Pattern>)> = None;
        for row in 0..rows {
            let Some(text) = text_at(column, row) else {
                each(row, None);
                continue;
            };
            if last.as_ref().is_none_or(|(compiled, _)| *compiled != text) {
                let pattern = Pattern::compile(text).ok().filter(|p| !reading || p.readable().is_ok());
                last = Some((text, pattern));
            }
            each(row, last.as_ref().and_then(|(_, pattern)| pattern.as_ref()));
        }
    }
}

fn text_at(column: &Column, row: usize) -> Option<&[u8]> {
    match column {
        Column::Text(text) => text.spans[row].of(text.data.bytes()),
        _ => None,
    }
}

/// Text read by a pattern, as a time. What already is a time stays one.
fn read(text: Node, pattern: Node, context: &Context) -> Bound {
    if text.kind == Kind::Time {
        return Ok(text);
    }
    let zone = context.zone.clone();
    let (text, pattern) = (text.into_text(&zone), pattern.into_text(&zone));
    let patterns = Patterns::of(&pattern, true)?;
    Ok(computed(Kind::Time, vec![text, pattern], move |columns, rows| {
        let mut clocks = Clocks::new(&zone);
        let mut times = Vec::with_capacity(rows);
        patterns.rows(rows, &columns[1], true, |row, pattern| {
            let text = text_at(&columns[0], row);
            times.push(pattern.zip(text).and_then(|(p, text)| p.read(text, &mut clocks)).unwrap_or(NO_TIME));
        });
        Column::Time(times)
    }))
}

/// Times written by a pattern.
fn written(time: Node, pattern: Node, context: &Context) -> Bound {
    let zone = context.zone.clone();
    let pattern = pattern.into_text(&zone);
    let patterns = Patterns::of(&pattern, false)?;
    Ok(computed(Kind::Text, vec![time, pattern], move |columns, rows| {
        let mut clocks = Clocks::new(&zone);
        let mut made = TextBuilder::with_capacity(rows);
        patterns.rows(rows, &columns[1], false, |row, pattern| match (pattern, time_at(&columns[0], row)) {
            (Some(pattern), Some(time)) => made.write(|out| pattern.write(time, &mut clocks, out)),
            _ => made.push(None),
        });
        made.finish()
    }))
}

fn time_at(column: &Column, row: usize) -> Option<i64> {
    match column {
        Column::Time(times) if times[row] != NO_TIME => Some(times[row]),
        _ => None,
    }
}

fn to_timestamp(args: Vec<Node>, context: &Context) -> Bound {
    match one_or_two(args)? {
        (text, Some(pattern)) => read(text, pattern, context),
        (number, None) if number.kind == Kind::Number => from_units(number, SECOND, false),
        (text, None) => text.into_time(&context.zone),
    }
}

fn unix_timestamp(args: Vec<Node>, context: &Context) -> Bound {
    if args.is_empty() {
        return Err("without a time it would give the time of now, another one each time it is run: give it a column"
            .to_string());
    }
    let (text, pattern) = one_or_two(args)?;
    let time = read(text, pattern.unwrap_or_else(|| Node::text(DEFAULT)), context)?;
    // Spark cuts these towards 1970, where `unix_seconds` cuts towards the past.
    Ok(computed(Kind::Number, vec![time], |columns, _| numbers(&columns[0], |micros| micros / SECOND)))
}

/// Numbers of units as times; of whole units, if Spark takes only such.
fn from_units(number: Node, unit: i64, is_whole: bool) -> Bound {
    let number = number.into_number()?;
    Ok(computed(Kind::Time, vec![number], move |columns, rows| {
        let Column::Number(numbers) = &*columns[0] else { return Column::nulls(&Kind::Time, rows) };
        let number = |row| match numbers.get(row) {
            number @ Number::Float(_) if is_whole => whole(number).map_or(Number::Null, Number::Int),
            number => number,
        };
        Column::Time((0..rows).map(|row| of_number(number(row), unit).unwrap_or(NO_TIME)).collect())
    }))
}

/// A number from each time.
fn numbers(column: &Column, f: impl FnMut(i64) -> i64) -> Column {
    let Column::Time(times) = column else { return Column::nulls(&Kind::Number, column.len()) };
    numbers_of(times, f)
}

/// A number from each, null for [`NO_TIME`].
fn numbers_of(values: &[i64], mut f: impl FnMut(i64) -> i64) -> Column {
    if !values.contains(&NO_TIME) {
        return Column::ints(values.iter().map(|&value| f(value)).collect());
    }
    let number = |&value: &i64| if value == NO_TIME { Number::Null } else { Number::Int(f(value)) };
    Column::Number(Numbers::Mixed(values.iter().map(number).collect()))
}

/// A number that depends on the instant alone.
fn instant(args: Vec<Node>, context: &Context, f: fn(i64) -> i64) -> Bound {
    let [time] = exactly(args)?;
    let time = time.into_time(&context.zone)?;
    Ok(computed(Kind::Number, vec![time], move |columns, _| numbers(&columns[0], f)))
}

/// A number that depends on what the clocks show.
fn clock<F>(args: Vec<Node>, context: &Context, f: F) -> Bound
where
    F: Fn(i64) -> i64 + Send + Sync + 'static,
{
    let [time] = exactly(args)?;
    let time = time.into_time(&context.zone)?;
    let zone = context.zone.clone();
    Ok(computed(Kind::Number, vec![time], move |columns, _| {
        let mut clocks = Clocks::new(&zone);
        numbers(&columns[0], |time| f(clocks.shown(time)))
    }))
}

#[cfg(test)]
mod tests;
