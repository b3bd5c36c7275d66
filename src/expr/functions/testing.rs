//! What tests of functions are written with: constants, calls, and results as they are printed.

use jiff::tz::TimeZone;

use super::Node;
use super::args::Bound;
use crate::data::block::Block;
use crate::data::column::{Cell, NO_TIME, UNKNOWN};
use crate::data::column::{Column, Number};
use crate::data::rows::block_of;
use crate::data::schema::Kind;
use crate::data::write;
use crate::expr::Context;
use crate::expr::functions::find;

/// The context of a zone.
pub fn in_zone(name: &str) -> Context {
    Context { zone: TimeZone::get(name).expect("a bundled zone"), ..Context::default() }
}

/// A constant list of texts as they stand in the input.
pub fn list(items: &[Option<&str>]) -> Node {
    let args = items.iter().map(|item| item.map_or_else(Node::null, |item| Node::text(item.as_bytes()))).collect();
    call("array", args, &Context::default()).expect("a list")
}

/// A constant whole number.
pub fn int(value: i64) -> Node {
    Node::number(Number::Int(value))
}

/// A constant float.
pub fn float(value: f64) -> Node {
    Node::number(Number::Float(value))
}

/// A constant text.
pub fn text(value: &str) -> Node {
    Node::text(value.as_bytes())
}

/// A constant time.
pub fn time(micros: i64) -> Node {
    Node::constant(Kind::Time, Column::Time(vec![micros]))
}

/// A constant condition, or an unknown one.
pub fn truth(value: Option<bool>) -> Node {
    Node::constant(Kind::Bool, Column::Bool(vec![value.map_or(UNKNOWN, u8::from)]))
}

/// Null of a kind.
pub fn null_of(kind: Kind) -> Node {
    let value = Column::nulls(&kind, 1);
    assert!(!matches!(&value, Column::Time(times) if times[0] != NO_TIME));
    Node::constant(kind, value)
}

/// A function, bound.
pub fn call(name: &str, args: Vec<Node>, context: &Context) -> Bound {
    (find(name).unwrap_or_else(|| panic!("no function {name}")).bind)(args, context)
}

/// What a bound node gives for one row, as it is printed.
pub fn shown(node: &Node, context: &Context) -> String {
    let block = Block { rows: 1, ..Block::default() };
    printed(node.eval(&block).cell(0), context)
}

/// A value as it is printed.
pub fn printed(cell: Cell<'_>, context: &Context) -> String {
    let mut out = Vec::new();
    match cell {
        Cell::Null => return "NULL".to_string(),
        cell => write::cell(cell, &context.zone, &mut out),
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What a function gives for constants, in UTC, or the error.
pub fn gives(name: &str, args: Vec<Node>) -> String {
    let context = Context::default();
    match call(name, args, &context) {
        Ok(node) => shown(&node, &context),
        Err(error) => format!("error: {error}"),
    }
}

/// A block with one column of input, and the node of that column.
pub fn input(values: &[Option<&str>]) -> (Block, Node) {
    let values: Vec<Option<&[u8]>> = values.iter().map(|value| value.map(str::as_bytes)).collect();
    (block_of(&[values]), Node::column(0, Kind::Input))
}

/// What a node gives for all rows of a block, as it is printed.
pub fn rows(node: &Node, block: &Block) -> Vec<String> {
    let column = node.eval(block);
    (0..column.len()).map(|row| printed(column.cell(row), &Context::default())).collect()
}
