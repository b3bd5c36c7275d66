//! What the plan holds of event time: the expression that tells the time of a record.

use crate::data::block::Block;
use crate::data::column::{Cell, Column, NO_TIME};
use crate::data::schema::{Field, Schema};
use crate::engine::plan::{End, Stage, named};
use crate::error::Result;
use crate::expr::{Context, Expr, Node};

/// Times from the year 0 to the year 9999, in microseconds: what lies beyond cannot be written, and was meant otherwise.
const YEARS: std::ops::Range<i64> = -62_167_219_200_000_000..253_402_300_800_000_000;
/// So much of a value that is no time is shown, in bytes.
const SHOWN: usize = 60;

/// What tells the time of a record.
pub struct ByTime {
    /// On the columns that records are cut into.
    pub time: Node,
    /// Those of these columns that it looks at, and their names.
    pub columns: Vec<(usize, String)>,
    /// Records are cut for this stage, and for that of their batch once it is known.
    pub cut: Stage,
}

impl ByTime {
    /// Settles the names of an expression to the columns that records are cut into.
    pub fn bind(expr: &Expr, entry: &Schema, context: &Context) -> Result<Self> {
        let in_option = |error| named("--event-time", error);
        let node = expr.bind(entry, context).map_err(in_option)?;
        let wrong = |what: String| in_option(expr.wrong(&format!("here a time is wanted, but {what}")));
        let names = expr.columns();
        let named = |(at, field): (usize, &Field)| names.contains(&field.name).then(|| (at, field.name.clone()));
        Ok(ByTime {
            time: node.into_event_time(context).map_err(wrong)?,
            columns: entry.fields.iter().enumerate().filter_map(named).collect(),
            cut: Stage { schema: entry.clone(), level: 0, calendar: None, steps: Vec::new(), end: End::Hold },
        })
    }
}

impl ByTime {
    /// The time of each row in microseconds, and the rows that have none.
    pub fn times(&self, block: &Block) -> (Vec<i64>, Vec<u32>) {
        let times = match self.time.eval(block).into_owned() {
            Column::Time(times) => times,
            _ => vec![NO_TIME; block.rows],
        };
        let without = (0..).zip(&times).filter(|(_, time)| !YEARS.contains(*time)).map(|(row, _)| row).collect();
        (times, without)
    }

    /// What is wrong with a row that has no time.
    pub fn wrong(&self, block: &Block, row: u32, time: i64) -> String {
        if time != NO_TIME {
            return format!(
                "its time is far from the years 0 to 9999{}",
                if time > 0 { "; milliseconds since the epoch are written timestamp_millis(...)" } else { "" }
            );
        }
        let value = |(at, name): &(usize, String)| match block.columns[*at].cell(row as usize) {
            Cell::Null => format!("`{name}` is missing"),
            Cell::Text(text) => {
                let more = if text.len() > SHOWN { "..." } else { "" };
                format!("`{name}` is `{}{more}`", text[..text.len().min(SHOWN)].escape_ascii())
            }
            _ => format!("`{name}` gives none"),
        };
        let values: Vec<String> = self.columns.iter().map(value).collect();
        format!("it has no time: {}", values.join(", "))
    }
}
