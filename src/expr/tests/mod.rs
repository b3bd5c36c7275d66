//! Tests of expressions from text to values: what is read, what is refused and how, and what comes out.

mod deep;
mod examples;
mod faults;
mod manual;
mod reading;
mod values;

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::data::block::Block;
use crate::data::buffer::Buffer;
use crate::data::column::{Column, Lists, Span, Text};
use crate::data::schema::{Field, Kind, Schema};
use crate::data::write;

use super::node::TextBuilder;
use super::{Context, Expr};

/// A column of text; `None` is null.
fn text(values: &[Option<&str>]) -> Column {
    let mut made = TextBuilder::default();
    values.iter().for_each(|value| made.push(value.map(str::as_bytes)));
    made.finish()
}

/// Rows of some columns of the input.
struct Table {
    schema: Schema,
    block: Block,
}

impl Table {
    fn new(rows: usize) -> Self {
        Table { schema: Schema::default(), block: Block { rows, ..Block::default() } }
    }

    fn input(self, name: &str, values: &[Option<&str>]) -> Self {
        self.column(name, Kind::Input, text(values))
    }

    fn column(mut self, name: &str, kind: Kind, column: Column) -> Self {
        assert_eq!(column.len(), self.block.rows);
        self.schema.fields.push(Field::shown(name).of(kind));
        self.block.columns.push(column);
        self
    }

    /// The values of an expression as they are printed, `NULL` for null; the message if it is wrong.
    fn values(&self, expression: &str) -> Vec<String> {
        match Expr::parse(expression).and_then(|expr| expr.bind(&self.schema, &Context::default())) {
            Ok(node) => printed(&node.eval(&self.block)),
            Err(error) => vec![error.to_string()],
        }
    }
}

fn printed(column: &Column) -> Vec<String> {
    let print = |row| {
        let mut out = Vec::new();
        match column.cell(row) {
            crate::data::column::Cell::Null => return "NULL".to_string(),
            cell => write::cell(cell, &TimeZone::UTC, &mut out),
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    (0..column.len()).map(print).collect()
}

/// The value of an expression without columns, for a block of two rows: constants and computed alike.
fn value(expression: &str) -> String {
    let table = Table::new(2);
    let values = table.values(expression);
    assert!(values.iter().all(|value| *value == values[0]), "{expression}: {values:?}");
    values[0].clone()
}

/// One row whose only column is `a`.
fn one(a: &str, expression: &str) -> String {
    Table::new(1).input("a", &[Some(a)]).values(expression).remove(0)
}

/// A column of lists of text.
fn lists(values: &[&[&str]]) -> Column {
    let items: Vec<Option<&str>> = values.iter().flat_map(|list| list.iter().map(|item| Some(*item))).collect();
    let mut start = 0;
    let span = |list: &&[&str]| {
        start += list.len();
        Span::range(start - list.len(), start)
    };
    Column::List(Lists { items: Arc::new(text(&items)), spans: values.iter().map(span).collect() })
}

/// A column of the buffer's pieces.
fn pieces(data: &[u8], spans: Vec<Span>) -> Column {
    Column::Text(Text { data: Arc::new(Buffer::from_vec(data.to_vec())), spans })
}
