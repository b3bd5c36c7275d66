//! Functions on dates: their parts, and counting with days and months.

use super::*;

/// A number from each date.
fn part<F>(args: Vec<Node>, context: &Context, f: F) -> Bound
where
    F: Fn(i64) -> i64 + Send + Sync + 'static,
{
    let [time] = exactly(args)?;
    let time = dated(time)?;
    let zone = context.zone.clone();
    Ok(computed(Kind::Number, vec![time], move |columns, _| {
        numbers_of(&times::dates(&columns[0], &mut Clocks::new(&zone)), &f)
    }))
}

/// What has a date: times, and text, which is left as it is.
fn dated(node: Node) -> Result<Node, String> {
    match node.kind {
        Kind::Input | Kind::Text | Kind::Time => Ok(node),
        Kind::Number => Err("a number is no time: write timestamp_seconds(…) or timestamp_millis(…)".to_string()),
        _ => Err(format!("{} is no time", node.kind.name())),
    }
}

/// The midnight of another date, from each date and a number.
fn moved<F>(args: Vec<Node>, context: &Context, f: F) -> Bound
where
    F: Fn(i64, i64) -> Option<i64> + Send + Sync + 'static,
{
    let [time, by] = exactly(args)?;
    let (time, by) = (dated(time)?, by.into_number()?);
    let zone = context.zone.clone();
    Ok(computed(Kind::Time, vec![time, by], move |columns, _| {
        let mut clocks = Clocks::new(&zone);
        let days = times::dates(&columns[0], &mut clocks);
        let midnight = |(row, &days): (usize, &i64)| {
            let by = whole(super::super::args::number_at(&columns[1], row))?;
            if days == NO_TIME { None } else { clocks.day_start(f(days, by)?) }
        };
        Column::Time(days.iter().enumerate().map(midnight).map(|time| time.unwrap_or(NO_TIME)).collect())
    }))
}

/// The midnight of another date, from each date.
fn midnights(time: Node, context: &Context, f: fn(i64) -> i64) -> Node {
    let zone = context.zone.clone();
    computed(Kind::Time, vec![time], move |columns, _| {
        let mut clocks = Clocks::new(&zone);
        let days = times::dates(&columns[0], &mut clocks);
        let midnight = |&days: &i64| if days == NO_TIME { None } else { clocks.day_start(f(days)) };
        Column::Time(days.iter().map(midnight).map(|time| time.unwrap_or(NO_TIME)).collect())
    })
}

pub(super) const YEAR: Function = Function {
    name: "year",
    aliases: &[],
    form: "year(time)",
    about: "The year of a time.",
    examples: &[("year('2026-11-20')", "2026")],
    bind: |args, context| part(args, context, |days| civil::date_of(days).year),
};

pub(super) const QUARTER: Function = Function {
    name: "quarter",
    aliases: &[],
    form: "quarter(time)",
    about: "The quarter of a time, 1 to 4.",
    examples: &[("quarter('2026-11-20')", "4")],
    bind: |args, context| part(args, context, |days| (civil::date_of(days).month + 2) / 3),
};

pub(super) const MONTH: Function = Function {
    name: "month",
    aliases: &[],
    form: "month(time)",
    about: "The month of a time, 1 to 12.",
    examples: &[("month('2026-11-20')", "11")],
    bind: |args, context| part(args, context, |days| civil::date_of(days).month),
};

pub(super) const DAY_OF_MONTH: Function = Function {
    name: "day",
    aliases: &["dayofmonth"],
    form: "day(time)",
    about: "The day of the month of a time, 1 to 31.",
    examples: &[("day('2026-11-20')", "20")],
    bind: |args, context| part(args, context, |days| civil::date_of(days).day),
};

pub(super) const DAY_OF_WEEK: Function = Function {
    name: "dayofweek",
    aliases: &[],
    form: "dayofweek(time)",
    about: "The day of the week of a time, from 1 for Sunday to 7 for Saturday.",
    examples: &[("dayofweek('2026-11-20')", "6")],
    bind: |args, context| part(args, context, |days| (civil::weekday(days) + 1) % 7 + 1),
};

pub(super) const WEEKDAY: Function = Function {
    name: "weekday",
    aliases: &[],
    form: "weekday(time)",
    about: "The day of the week of a time, from 0 for Monday to 6 for Sunday.",
    examples: &[("weekday('2026-11-20')", "4")],
    bind: |args, context| part(args, context, civil::weekday),
};

pub(super) const DAY_OF_YEAR: Function = Function {
    name: "dayofyear",
    aliases: &[],
    form: "dayofyear(time)",
    about: "The day of the year of a time, 1 to 366.",
    examples: &[("dayofyear('2026-11-20')", "324")],
    bind: |args, context| part(args, context, |days| days - civil::new_year(civil::date_of(days).year) + 1),
};

pub(super) const WEEK_OF_YEAR: Function = Function {
    name: "weekofyear",
    aliases: &[],
    form: "weekofyear(time)",
    about: "The week (ISO 8601) of a time: the first has the first Thursday of the year.",
    examples: &[("weekofyear('2026-11-20')", "47")],
    bind: |args, context| part(args, context, civil::iso_week),
};

pub(super) const TO_DATE: Function = Function {
    name: "to_date",
    aliases: &[],
    form: "to_date(time[, pattern])",
    about: "The midnight before a time, or at which the date that text says begins, read by a pattern or as 2026-11-20.",
    examples: &[
        ("to_date('2026-11-20 09:00:00')", "2026-11-20T00:00:00.000Z"),
        ("to_date('20.11.2026', 'dd.MM.yyyy')", "2026-11-20T00:00:00.000Z"),
    ],
    bind: |args, context| {
        let (time, pattern) = one_or_two(args)?;
        let time = match pattern {
            Some(pattern) => read(time, pattern, context)?,
            None => dated(time)?,
        };
        Ok(midnights(time, context, |days| days))
    },
};

pub(super) const DATE_ADD: Function = Function {
    name: "date_add",
    aliases: &["dateadd"],
    form: "date_add(time, days)",
    about: "The midnight at which the date so many days later begins.",
    examples: &[("date_add('2026-02-28', 1)", "2026-03-01T00:00:00.000Z")],
    bind: |args, context| moved(args, context, |days, by| days.checked_add(by)),
};

pub(super) const DATE_SUB: Function = Function {
    name: "date_sub",
    aliases: &[],
    form: "date_sub(time, days)",
    about: "The midnight at which the date so many days earlier begins.",
    examples: &[("date_sub('2026-03-01', 1)", "2026-02-28T00:00:00.000Z")],
    bind: |args, context| moved(args, context, |days, by| days.checked_sub(by)),
};

pub(super) const DATEDIFF: Function = Function {
    name: "datediff",
    aliases: &["date_diff"],
    form: "datediff(end, start)",
    about: "How many days later the date of the first time is than that of the second.",
    examples: &[("datediff('2026-03-01', '2026-02-27')", "2")],
    bind: |args, context| {
        let [end, start] = exactly(args)?;
        let zone = context.zone.clone();
        Ok(computed(Kind::Number, vec![dated(end)?, dated(start)?], move |columns, _| {
            let mut clocks = Clocks::new(&zone);
            let (end, start) = (times::dates(&columns[0], &mut clocks), times::dates(&columns[1], &mut clocks));
            let apart = |(&end, &start)| if end == NO_TIME || start == NO_TIME { NO_TIME } else { end - start };
            numbers_of(&end.iter().zip(&start).map(apart).collect::<Vec<_>>(), |days| days)
        }))
    },
};

pub(super) const ADD_MONTHS: Function = Function {
    name: "add_months",
    aliases: &[],
    form: "add_months(time, months)",
    about: "The midnight at which the date so many months later begins; the last day of the month, if it has no such day.",
    examples: &[("add_months('2026-01-31', 1)", "2026-02-28T00:00:00.000Z")],
    bind: |args, context| {
        moved(args, context, |days, by| {
            let date = civil::date_of(days);
            let months = date.year.checked_mul(12)?.checked_add(date.month - 1)?.checked_add(by)?;
            let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
            civil::existing(year, month, date.day.min(civil::month_length(year, month)))
        })
    },
};

pub(super) const LAST_DAY: Function = Function {
    name: "last_day",
    aliases: &[],
    form: "last_day(time)",
    about: "The midnight at which the last day of the month of a time begins.",
    examples: &[("last_day('2024-02-05')", "2024-02-29T00:00:00.000Z")],
    bind: |args, context| {
        let [time] = exactly(args)?;
        let last = |days| {
            let date = civil::date_of(days);
            civil::days_of(Date { day: civil::month_length(date.year, date.month), ..date })
        };
        Ok(midnights(dated(time)?, context, last))
    },
};
