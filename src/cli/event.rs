//! The options of event time: batches by the records' own time.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ValueHint};

use super::globals::{Cut, Given, Globals, value};
use crate::data::human::parse_duration;
use crate::error::{Error, Result};
use crate::expr::Expr;

/// `--event-time` and what belongs to it.
#[derive(Debug, Clone)]
pub struct EventTime {
    /// What tells the time of a record.
    pub expr: Expr,
    /// How much older than those before it a record may be.
    pub late: Duration,
    /// A live source that is silent for so long does not hold the others back.
    pub idle: Duration,
    /// Where late records are kept.
    pub late_to: Option<PathBuf>,
}

const LATE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(30);

/// The definitions, in the order of the help.
pub fn options() -> [Arg; 4] {
    [
        value("event-time", "EXPR", "Cut batches by the records' own time, which EXPR gives: a column, or an expression")
            .long_help(
                "Cut batches by the time that the records themselves tell: a column, or an expression such as \
                 timestamp_millis(ts). Text is read as to_timestamp and access logs write times; a number is seconds since \
                 the epoch. A record without a time is a bad record. Intervals are those of --batch, or 1s. A batch ends \
                 when all sources are past its end by --late; every file is a source of its own, and files are read side by \
                 side. Batches without records are skipped, unless an aggregate has --fill. The result is the same whether \
                 the records come live or all at once",
            ),
        value("late", "DURATION", "How late a record may come, with --event-time [default: 10s]")
            .long_help(
                "With --event-time: how much older than the newest record before it (in the same source) a record may be. \
                 One whose batch ended longer ago than that is late: it is left out and counted. The default is 10s",
            ),
        value("idle", "DURATION", "Do not wait for a source that is silent for so long, with --event-time [default: 30s]")
            .long_help(
                "With --event-time: a source that has not given a record for so long does not hold the others back; what it \
                 gives later may be late. Files are always waited for. The default is 30s",
            ),
        value("late-to", "FILE", "Keep late records: append them to this file, as they came")
            .value_hint(ValueHint::FilePath),
    ]
}

impl Given {
    /// What `--event-time` comes to, if it is given.
    pub(super) fn event_time(&self) -> Result<Option<EventTime>> {
        let late = self.parsed("late", |text| if is_zero(text) { Ok(Duration::ZERO) } else { duration(text) })?;
        let idle = self.parsed("idle", duration)?;
        let Some(text) = self.one("event-time") else { return Ok(None) };
        let in_option = |error| match error {
            Error::Usage(text) => Error::Usage(format!("--event-time: {text}")),
            other => other,
        };
        let expr = Expr::parse(text).map_err(in_option)?;
        if expr.has_aggregate() {
            return Err(in_option(expr.wrong("the time of a record is its own, not that of an aggregate of many")));
        }
        if let Some(name) = expr.columns().iter().find(|name| ["window_start", "window_end"].contains(&name.as_str())) {
            return Err(Error::usage(format!(
                "--event-time: `{name}` is a time of the batch, which only the time of the record tells: name a column of \
                 the record"
            )));
        }
        let late_to = self.one("late-to").map(PathBuf::from);
        Ok(Some(EventTime { expr, late: late.unwrap_or(LATE), idle: idle.unwrap_or(IDLE), late_to }))
    }

    /// What contradicts event time.
    pub(super) fn against_event_time(&self, globals: &Globals) -> Option<String> {
        if globals.event_time.is_none() {
            let name = ["late", "idle", "late-to"].into_iter().find(|name| self.one(name).is_some())?;
            return Some(format!(
                "`--{name}` belongs to `--event-time EXPR`, which is not given: add it, or leave --{name} out"
            ));
        }
        if globals.tick.is_some() {
            return Some("`--event-time` and `--tick` are two clocks: leave one of them out".to_string());
        }
        if globals.start.is_some() {
            return Some(
                "`--start` sets the clock of `--tick REGEX`; with `--event-time` the first record tells the time: leave \
                 --start out"
                    .to_string(),
            );
        }
        let batch = self.one("batch").unwrap_or_default();
        match globals.batch {
            None | Some(Cut::Interval(_)) => None,
            _ => Some(format!(
                "`--event-time` cuts batches by time: `--batch {batch}` can only say how long they are, such as --batch 1m"
            )),
        }
    }
}

fn is_zero(text: &str) -> bool {
    let unit = text.trim_start_matches('0');
    unit.len() < text.len() && ["ms", "s", "m", "h", "d"].contains(&unit)
}

fn duration(text: &str) -> std::result::Result<Duration, String> {
    if let Some(positive) = text.strip_prefix('-') {
        return Err(format!("a duration is not negative, write for example {positive}"));
    }
    parse_duration(text)
}
