//! What the functions of all families are made of: arguments that are counted and taken, and nodes that compute a whole column
//! from whole columns.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::data::block::Block;
use crate::data::column::{Column, Number, Numbers};
use crate::data::schema::Kind;

use super::super::node::{Eval, Node};

/// What binding a function gives: the node, or what is wrong with the arguments.
pub type Bound = Result<Node, String>;

struct Computed<F> {
    args: Vec<Node>,
    compute: F,
}

impl<F: Fn(&[Cow<'_, Column>], usize) -> Column + Send + Sync> Eval for Computed<F> {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let columns: Vec<Cow<'_, Column>> = self.args.iter().map(|arg| arg.eval(block)).collect();
        Cow::Owned((self.compute)(&columns, block.rows))
    }
}

/// Values of `kind` that `compute` makes from the columns of `args` and their number of rows; a constant, if all of them are.
pub fn computed<F>(kind: Kind, args: Vec<Node>, compute: F) -> Node
where
    F: Fn(&[Cow<'_, Column>], usize) -> Column + Send + Sync + 'static,
{
    let constant = args.iter().all(|arg| arg.constant.is_some());
    Node::new(kind, Computed { args, compute }).folded(constant)
}

/// Refuses another number of arguments.
pub fn counted(args: &[Node], wanted: RangeInclusive<usize>) -> Result<(), String> {
    if wanted.contains(&args.len()) {
        return Ok(());
    }
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let takes = match (*wanted.start(), *wanted.end()) {
        (0, 0) => "no arguments".to_string(),
        (least, usize::MAX) => format!("at least {least} argument{}", plural(least)),
        (least, most) if least == most => format!("{least} argument{}", plural(least)),
        (least, most) if least + 1 == most => format!("{least} or {most} arguments"),
        (least, most) => format!("{least} to {most} arguments"),
    };
    Err(format!("it takes {takes}, not {}", args.len()))
}

/// So many arguments, no more and no less.
pub fn exactly<const COUNT: usize>(args: Vec<Node>) -> Result<[Node; COUNT], String> {
    counted(&args, COUNT..=COUNT)?;
    args.try_into().map_err(|_| "it was given another number of arguments".to_string())
}

/// One argument or two.
pub fn one_or_two(args: Vec<Node>) -> Result<(Node, Option<Node>), String> {
    counted(&args, 1..=2)?;
    let mut args = args.into_iter();
    let first = args.next().ok_or("it takes 1 or 2 arguments")?;
    Ok((first, args.next()))
}

/// The numbers of a column; one that has none is all null.
pub fn number_at(column: &Column, row: usize) -> Number {
    match column {
        Column::Number(numbers) => numbers.get(row),
        _ => Number::Null,
    }
}

/// A whole number as Spark casts to one: towards zero, and to the nearest that fits; `None` for null and what is no number.
pub fn whole(number: Number) -> Option<i64> {
    match number {
        Number::Null => None,
        Number::Int(value) => Some(value),
        Number::Float(value) if value.is_nan() => None,
        Number::Float(value) => Some(value as i64),
    }
}

/// Each number through `f`. Nulls are given to it as well.
pub fn map_numbers(column: &Column, f: impl Fn(Number) -> Number) -> Column {
    let mut made = Numbers::Ints(Vec::new());
    match column {
        Column::Number(Numbers::Ints(values)) => {
            made = Numbers::Ints(Vec::with_capacity(values.len()));
            values.iter().for_each(|&value| made.push(f(Number::Int(value))));
        }
        Column::Number(Numbers::Floats(values)) => values.iter().for_each(|&value| made.push(f(Number::Float(value)))),
        Column::Number(Numbers::Mixed(values)) => values.iter().for_each(|&value| made.push(f(value))),
        other => (0..other.len()).for_each(|_| made.push(f(Number::Null))),
    }
    Column::Number(made)
}

/// Pairs of numbers through `f`; null if one of them is.
pub fn zip_numbers(a: &Column, b: &Column, f: impl Fn(Number, Number) -> Number) -> Column {
    let pair = |row| match (number_at(a, row), number_at(b, row)) {
        (Number::Null, _) | (_, Number::Null) => Number::Null,
        (a, b) => f(a, b),
    };
    Column::Number((0..a.len()).map(pair).collect())
}

/// Whether each value is null.
pub fn nulls(column: &Column) -> Vec<bool> {
    match column {
        Column::Text(text) => text.spans.iter().map(|span| span.is_null()).collect(),
        Column::Number(Numbers::Mixed(values)) => values.iter().map(|value| *value == Number::Null).collect(),
        Column::Number(values) => vec![false; values.len()],
        Column::Bool(values) => values.iter().map(|&value| value == crate::data::column::UNKNOWN).collect(),
        Column::Time(values) => values.iter().map(|&value| value == crate::data::column::NO_TIME).collect(),
        Column::List(lists) => lists.spans.iter().map(|span| span.is_null()).collect(),
    }
}
