//! Times cut to the beginning of a unit.

use super::*;

pub(super) const DATE_TRUNC: Function = Function {
    name: "date_trunc",
    aliases: &[],
    form: "date_trunc(unit, time)",
    about: "The beginning of the year, quarter, month, week (Monday), day, hour, minute, second, millisecond or microsecond \
            of a time.",
    examples: &[
        ("date_trunc('HOUR', '2026-11-20 09:41:59')", "2026-11-20T09:00:00.000Z"),
        ("date_trunc('week', '2026-11-20')", "2026-11-16T00:00:00.000Z"),
    ],
    bind: date_trunc,
};

/// What a time is cut to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    /// So many microseconds of the clock, at most an hour.
    Clock(i64),
    Day,
    Week,
    /// So many months.
    Months(i64),
}

/// As Spark names them.
const UNITS: &[(&str, Unit)] = &[
    ("YEAR", Unit::Months(12)),
    ("YYYY", Unit::Months(12)),
    ("YY", Unit::Months(12)),
    ("QUARTER", Unit::Months(3)),
    ("MONTH", Unit::Months(1)),
    ("MM", Unit::Months(1)),
    ("MON", Unit::Months(1)),
    ("WEEK", Unit::Week),
    ("DAY", Unit::Day),
    ("DD", Unit::Day),
    ("HOUR", Unit::Clock(HOUR)),
    ("MINUTE", Unit::Clock(MINUTE)),
    ("SECOND", Unit::Clock(SECOND)),
    ("MILLISECOND", Unit::Clock(1000)),
    ("MICROSECOND", Unit::Clock(1)),
];

fn unit_of(name: &[u8]) -> Option<Unit> {
    UNITS.iter().find(|(unit, _)| unit.as_bytes().eq_ignore_ascii_case(name)).map(|(_, unit)| *unit)
}

fn date_trunc(args: Vec<Node>, context: &Context) -> Bound {
    let [unit, time] = exactly(args)?;
    let zone = context.zone.clone();
    let (unit, time) = (unit.into_text(&zone), time.into_time(&zone)?);
    if let Some(crate::data::column::Cell::Text(name)) = unit.value() {
        let names: Vec<&str> = UNITS.iter().map(|(name, _)| *name).collect();
        let unit = unit_of(name).ok_or_else(|| {
            format!("there is no unit '{}', the units are: {}", String::from_utf8_lossy(name), names.join(", "))
        })?;
        return Ok(computed(Kind::Time, vec![time], move |columns, _| truncated(&columns[0], &zone, |_| Some(unit))));
    }
    Ok(computed(Kind::Time, vec![time, unit], move |columns, _| {
        truncated(&columns[0], &zone, |row| text_at(&columns[1], row).and_then(unit_of))
    }))
}

fn truncated(column: &Column, zone: &TimeZone, unit: impl Fn(usize) -> Option<Unit>) -> Column {
    let mut clocks = Clocks::new(zone);
    let mut cut = |row: usize| begin(time_at(column, row)?, unit(row)?, &mut clocks);
    Column::Time((0..column.len()).map(|row| cut(row).unwrap_or(NO_TIME)).collect())
}

#[inline]
fn begin(micros: i64, unit: Unit, clocks: &mut Clocks<'_>) -> Option<i64> {
    let day = match unit {
        Unit::Clock(unit) => {
            let offset = clocks.offset(micros);
            let since = micros.checked_add(offset)?.rem_euclid(unit);
            let start = micros.checked_sub(since)?;
            // Where the clocks were set since then, what they showed is looked for among all times.
            let same = clocks.offset(start) == offset;
            return Some(if same { start } else { clocks.instant(start + offset) });
        }
        Unit::Day => clocks.days(micros),
        Unit::Week => {
            let days = clocks.days(micros);
            days - civil::weekday(days)
        }
        Unit::Months(months) => {
            let date = civil::date_of(clocks.days(micros));
            civil::days_of(Date { month: (date.month - 1) / months * months + 1, day: 1, ..date })
        }
    };
    clocks.day_start(day)
}
