//! What streamer answers: an expression bound to a block of input columns, its values taken apart.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use streamer::data::block::Block;
use streamer::data::buffer::Buffer;
use streamer::data::column::{Cell, Column, Span, Text};
use streamer::data::schema::{Field, Schema};
use streamer::data::write;
use streamer::expr::{Context, Expr};

use super::table::Table;
use crate::harness::run;

/// Our answer to an expression.
pub enum Answer {
    /// One value for each row.
    Values(Vec<Given>),
    /// An error, and its message.
    Refused(String),
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    Null,
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Time(i64),
    List(Vec<Given>),
}

/// The expression on each row of the table: all rows as a block, and each row as a block of its own, which is the same.
pub fn rows(table: &Table, expr: &str) -> Answer {
    let answer = catch_unwind(AssertUnwindSafe(|| computed(table, expr)));
    answer.unwrap_or_else(|_| panic!("a panic is no answer: {expr}"))
}

/// The aggregate of all rows of the table: what `agg` writes for them as JSON.
pub fn aggregate(table: &Table, expr: &str, kind: &str) -> Answer {
    let input: String = table.rows.iter().map(|row| format!("{}\n", record(table, row))).collect();
    let list = format!("{expr} AS r");
    let words = ["streamer", "--in", "json", "--batch", "all", "--out", "json", "agg", &list];
    let command = shlex::try_join(words).expect("no NUL");
    let (status, stdout, stderr) = run(&command, input.as_bytes());
    if status != 0 {
        return Answer::Refused(stderr);
    }
    let stdout = String::from_utf8(stdout).expect("JSON is UTF-8");
    let value = stdout.strip_prefix("{\"r\":").and_then(|rest| rest.strip_suffix("}\n"));
    Answer::Values(vec![read(value.unwrap_or_else(|| panic!("{expr}: one row r, not {stdout}")), kind)])
}

/// A row as a record of JSON.
fn record(table: &Table, row: &[Option<String>]) -> Value {
    table.columns.iter().zip(row).map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>().into()
}

/// A value that was written as JSON. Numbers are taken from their text, which is exact.
fn read(text: &str, kind: &str) -> Given {
    match serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")) {
        Value::Null => Given::Null,
        Value::Bool(value) => Given::Bool(value),
        Value::Number(_) => text.parse().map_or_else(|_| Given::Float(text.parse().expect("a number")), Given::Int),
        Value::String(time) if kind == "timestamp" => {
            Given::Time(time.parse::<Timestamp>().expect("a time").as_microsecond())
        }
        Value::String(text) => Given::Text(text),
        Value::Array(items) => Given::List(items.iter().map(|item| read(&item.to_string(), kind)).collect()),
        Value::Object(_) => panic!("no value is an object: {text}"),
    }
}

fn computed(table: &Table, expr: &str) -> Answer {
    let fields = table.columns.iter().map(|name| Field::shown(name.as_str())).collect();
    let schema = Schema { fields, ..Schema::default() };
    let node = match Expr::parse(expr).and_then(|parsed| parsed.bind(&schema, &Context::default())) {
        Ok(node) => node,
        Err(error) => return Answer::Refused(error.to_string()),
    };
    let values = |rows| {
        let block = block(table, rows);
        let column = node.eval(&block);
        (0..column.len()).map(|row| Given::from(column.cell(row))).collect::<Vec<_>>()
    };
    let all = values(0..table.rows.len());
    for (row, value) in all.iter().enumerate() {
        assert_eq!(values(row..row + 1)[0].to_string(), value.to_string(), "{expr} for row {} alone", row + 1);
    }
    Answer::Values(all)
}

/// These rows as columns of the input.
fn block(table: &Table, rows: std::ops::Range<usize>) -> Block {
    let column = |at: usize| {
        let mut data = Vec::new();
        let spans = table.rows[rows.clone()].iter().map(|row| match &row[at] {
            None => Span::NULL,
            Some(text) => {
                data.extend_from_slice(text.as_bytes());
                Span::range(data.len() - text.len(), data.len())
            }
        });
        let spans = spans.collect();
        Column::Text(Text { data: Arc::new(Buffer::from_vec(data)), spans })
    };
    let columns = (0..table.columns.len()).map(column).collect();
    Block { rows: rows.len(), columns, ..Block::default() }
}

impl From<Cell<'_>> for Given {
    fn from(cell: Cell<'_>) -> Self {
        match cell {
            Cell::Null => Given::Null,
            Cell::Text(bytes) => Given::Text(String::from_utf8_lossy(bytes).into_owned()),
            Cell::Int(value) => Given::Int(value),
            Cell::Float(value) => Given::Float(value),
            Cell::Bool(value) => Given::Bool(value),
            Cell::Time(micros) => Given::Time(micros),
            Cell::List(list) => Given::List(list.cells().map(Given::from).collect()),
        }
    }
}

impl Given {
    /// As the list of deviations has it: null, a string as it is printed, or a list.
    pub fn json(&self) -> Value {
        let mut out = Vec::new();
        let cell = match self {
            Given::Null => return Value::Null,
            Given::List(items) => return items.iter().map(Given::json).collect(),
            Given::Text(text) => return Value::String(text.clone()),
            Given::Int(value) => Cell::Int(*value),
            Given::Float(value) => Cell::Float(*value),
            Given::Bool(value) => Cell::Bool(*value),
            Given::Time(micros) => Cell::Time(*micros),
        };
        write::cell(cell, &TimeZone::UTC, &mut out);
        Value::String(String::from_utf8_lossy(&out).into_owned())
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.json().fmt(f)
    }
}
