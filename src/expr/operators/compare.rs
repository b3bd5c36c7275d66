//! `= <> < <= > >= <=>` (SPEC 3, "Numbers"): text of the input beside a number is a number, null if it is none; two columns of
//! the input are compared as numbers if both are; all other text by its bytes. NaN equals itself and is greater than all.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::data::block::Block;
use crate::data::buffer::Buffer;
use crate::data::column::{Cell, Column, FALSE, NO_TIME, Number, Numbers, Span, TRUE, Text, UNKNOWN};
use crate::data::number;
use crate::data::order::{compare_cells, compare_floats};
use crate::data::schema::Kind;
use crate::expr::ast::{Is, Operator};
use crate::expr::{Context, Eval, Node};

use super::{Operand, logic, quick};

/// What an operator makes of an order, and of nulls.
#[derive(Clone, Copy)]
pub struct Truths {
    /// Less, equal, greater.
    by_order: [u8; 3],
    one_null: u8,
    both_null: u8,
}

impl Truths {
    /// Those of a comparison.
    pub fn of(operator: Operator) -> Option<Self> {
        let by_order = match operator {
            Operator::Equal | Operator::Same => [FALSE, TRUE, FALSE],
            Operator::NotEqual => [TRUE, FALSE, TRUE],
            Operator::Less => [TRUE, FALSE, FALSE],
            Operator::LessOrEqual => [TRUE, TRUE, FALSE],
            Operator::Greater => [FALSE, FALSE, TRUE],
            Operator::GreaterOrEqual => [FALSE, TRUE, TRUE],
            _ => return None,
        };
        let (one_null, both_null) = if operator == Operator::Same { (FALSE, TRUE) } else { (UNKNOWN, UNKNOWN) };
        Some(Truths { by_order, one_null, both_null })
    }

    #[inline(always)]
    fn order(&self, order: Ordering) -> u8 {
        self.by_order[(order as i8 + 1) as usize]
    }

    /// Of two values, either of which may be missing.
    #[inline(always)]
    fn values<T>(&self, a: Option<T>, b: Option<T>, order: impl FnOnce(T, T) -> Ordering) -> u8 {
        match (a, b) {
            (Some(a), Some(b)) => self.order(order(a, b)),
            (None, None) => self.both_null,
            _ => self.one_null,
        }
    }

    /// Whether only equality matters.
    fn is_equality(&self) -> bool {
        self.by_order[0] == self.by_order[2]
    }
}

/// The order of two numbers by value, exact also between whole numbers and floats. Neither is null.
#[inline]
pub fn order_of_numbers(a: Number, b: Number) -> Ordering {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => a.cmp(&b),
        (Number::Float(a), Number::Float(b)) => compare_floats(a, b),
        (Number::Int(a), Number::Float(b)) => whole_and_float(a, b),
        (Number::Float(a), Number::Int(b)) => whole_and_float(b, a).reverse(),
        (Number::Null, _) | (_, Number::Null) => Ordering::Equal,
    }
}

fn whole_and_float(a: i64, b: f64) -> Ordering {
    // 2^63: beyond it no whole number is.
    if b.is_nan() || b >= 9_223_372_036_854_775_808.0 {
        Ordering::Less
    } else if b < -9_223_372_036_854_775_808.0 {
        Ordering::Greater
    } else {
        a.cmp(&(b.trunc() as i64)).then_with(|| compare_floats(0.0, b.fract()))
    }
}

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As numbers, also what text spells one.
    Numbers,
    /// Text by its bytes.
    Bytes,
    /// Text as numbers where both are, else by bytes.
    Inputs,
    /// Truth values and times.
    Whole,
    /// Lists, in the order of sorting.
    Cells,
}

/// How values of these kinds are compared, if they can be as they are.
pub fn way(left: &Kind, right: &Kind) -> Option<Way> {
    match (left, right) {
        (Kind::Number, Kind::Number | Kind::Input | Kind::Text) | (Kind::Input | Kind::Text, Kind::Number) => {
            Some(Way::Numbers)
        }
        (Kind::Input, Kind::Input) => Some(Way::Inputs),
        (Kind::Input | Kind::Text, Kind::Input | Kind::Text) => Some(Way::Bytes),
        (Kind::Bool, Kind::Bool) | (Kind::Time, Kind::Time) => Some(Way::Whole),
        (Kind::List(_), Kind::List(_)) => Some(Way::Cells),
        _ => None,
    }
}

/// A comparison of two nodes.
pub struct Compare {
    left: Node,
    right: Node,
    way: Way,
    truths: Truths,
}

impl Compare {
    /// The truth values, with the left node computed from one block and the right one from another of as many rows.
    pub fn truths(&self, left: &Block, right: &Block) -> Vec<u8> {
        let (a, b) = (Operand::of(&self.left, left), Operand::of(&self.right, right));
        compared(self.way, self.truths, &a, &b, right.rows)
    }

    /// A comparison of nodes neither of which is the word `NULL`.
    pub fn new(operator: Operator, left: Node, right: Node, context: &Context) -> Result<Self, String> {
        let Some(truths) = Truths::of(operator) else { return Err(format!("{} compares nothing", operator.text())) };
        let (left, right) = alike(left, right, context)?;
        match way(&left.kind, &right.kind) {
            Some(way) => Ok(Compare { left, right, way, truths }),
            None => Err(format!("{} and {} cannot be compared", left.kind.name(), right.kind.name())),
        }
    }
}

impl Eval for Compare {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        Cow::Owned(Column::Bool(self.truths(block, block)))
    }
}

/// The node of a comparison.
pub fn bind(operator: Operator, left: Node, right: Node, context: &Context) -> Result<Node, String> {
    match (left.is_null(), right.is_null()) {
        (true, _) if operator == Operator::Same => return logic::is(right, Is::Null, false),
        (_, true) if operator == Operator::Same => return logic::is(left, Is::Null, false),
        (true, _) | (_, true) => return Ok(Node::constant(Kind::Bool, Column::Bool(vec![UNKNOWN]))),
        _ => {}
    }
    let constant = left.constant.is_some() && right.constant.is_some();
    Ok(Node::new(Kind::Bool, Compare::new(operator, left, right, context)?).folded(constant))
}

/// Text beside a time is read as a time, beside a condition as a condition.
fn alike(left: Node, right: Node, context: &Context) -> Result<(Node, Node), String> {
    match (&left.kind, &right.kind) {
        (Kind::Time, Kind::Input | Kind::Text) => Ok((left, time(right, context)?)),
        (Kind::Input | Kind::Text, Kind::Time) => Ok((time(left, context)?, right)),
        (Kind::Bool, Kind::Input | Kind::Text) => Ok((left, right.into_condition()?)),
        (Kind::Input | Kind::Text, Kind::Bool) => Ok((left.into_condition()?, right)),
        (Kind::Time, Kind::Number) | (Kind::Number, Kind::Time) => {
            Err("a time and a number cannot be compared: make the number a time with timestamp_seconds(…) or \
                 timestamp_millis(…)"
                .into())
        }
        _ => Ok((left, right)),
    }
}

/// Text as a time; a constant has to be one.
fn time(node: Node, context: &Context) -> Result<Node, String> {
    let written = match node.value() {
        Some(Cell::Text(text)) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    };
    let time = super::cast::time(node, context)?;
    match written {
        Some(text) if time.is_null() => Err(format!("`{text}` is no time: write '2026-11-20 09:00:00'")),
        _ => Ok(time),
    }
}

/// The truth values of a comparison.
pub fn compared(way: Way, truths: Truths, left: &Operand<'_>, right: &Operand<'_>, rows: usize) -> Vec<u8> {
    match way {
        Way::Numbers => match (left, right.number(), left.number(), right) {
            (Operand::Column(column), Some(number), ..) => with_number(column, number, truths, false),
            (_, _, Some(number), Operand::Column(column)) => with_number(column, number, truths, true),
            _ => numbers(left, right, truths, rows),
        },
        Way::Bytes => match (left, right) {
            (Operand::Column(column), Operand::One(value)) => with_text(column, value, truths, false),
            (Operand::One(value), Operand::Column(column)) => with_text(column, value, truths, true),
            _ => texts(left, right, truths, rows, |a, b| a.cmp(b)),
        },
        Way::Inputs => {
            texts(left, right, truths, rows, if truths.is_equality() { same_inputs } else { order_of_inputs })
        }
        Way::Whole => {
            let whole = |cell: Cell<'_>| match cell {
                Cell::Bool(value) => Some(i64::from(value)),
                Cell::Time(value) => Some(value),
                _ => None,
            };
            if let (Operand::Column(column), Operand::One(value)) = (left, right)
                && let Column::Time(times) = &**column
            {
                let with = whole(value.cell(0));
                let truth = |&time: &i64| truths.values((time != NO_TIME).then_some(time), with, |a, b| a.cmp(&b));
                return times.iter().map(truth).collect();
            }
            (0..rows)
                .map(|row| truths.values(whole(left.cell(row)), whole(right.cell(row)), |a, b| a.cmp(&b)))
                .collect()
        }
        Way::Cells => {
            let some = |cell| if cell == Cell::Null { None } else { Some(cell) };
            let order = |a, b| compare_cells(a, b, false);
            (0..rows).map(|row| truths.values(some(left.cell(row)), some(right.cell(row)), order)).collect()
        }
    }
}

/// A column beside one number; `turned` if the number is on the left.
fn with_number(column: &Column, with: Number, truths: Truths, turned: bool) -> Vec<u8> {
    let mut truths = truths;
    if turned {
        truths.by_order.reverse();
    }
    if with == Number::Null {
        let truth = |row| truths.values(some(number_at(column, row)), None, order_of_numbers);
        return (0..column.len()).map(truth).collect();
    }
    let truth = |number: Number| match number {
        Number::Null => truths.one_null,
        number => truths.order(order_of_numbers(number, with)),
    };
    match (column, with) {
        (Column::Text(text), Number::Int(with)) => spelled(text, |number| match number {
            Number::Int(value) => truths.order(value.cmp(&with)),
            number => truth(number),
        }),
        (Column::Text(text), Number::Float(with)) => spelled(text, |number| match number {
            // A short whole number is a float without loss.
            Number::Int(value @ -0x1f_ffff_ffff_ffff..0x1f_ffff_ffff_ffff) => {
                truths.order(compare_floats(value as f64, with))
            }
            number => truth(number),
        }),
        (Column::Number(Numbers::Ints(values)), Number::Int(with)) => {
            values.iter().map(|value| truths.order(value.cmp(&with))).collect()
        }
        (Column::Number(Numbers::Floats(values)), Number::Float(with)) => {
            values.iter().map(|&value| truths.order(compare_floats(value, with))).collect()
        }
        (Column::Number(values), _) => (0..values.len()).map(|row| truth(values.get(row))).collect(),
        _ => vec![truths.one_null; column.len()],
    }
}

/// What `truth` makes of the number that each text spells, [`Number::Null`] if it is none.
#[inline]
pub fn spelled(text: &Text, truth: impl Fn(Number) -> u8) -> Vec<u8> {
    let data: &Buffer = &text.data;
    let number = |span: Span| if span.is_null() { Number::Null } else { quick::number(data, span) };
    text.spans.iter().map(|&span| truth(number(span))).collect()
}

#[inline]
fn number_at(column: &Column, row: usize) -> Number {
    match column {
        Column::Number(numbers) => numbers.get(row),
        Column::Text(text) if !text.spans[row].is_null() => quick::number(&text.data, text.spans[row]),
        _ => Number::Null,
    }
}

#[inline]
fn some(number: Number) -> Option<Number> {
    if number == Number::Null { None } else { Some(number) }
}

fn numbers(left: &Operand<'_>, right: &Operand<'_>, truths: Truths, rows: usize) -> Vec<u8> {
    if let (Column::Number(Numbers::Ints(a)), Column::Number(Numbers::Ints(b))) = (left.column(), right.column())
        && a.len() == b.len()
    {
        return a.iter().zip(b).map(|(a, b)| truths.order(a.cmp(b))).collect();
    }
    let at = |operand: &Operand<'_>, row| match operand {
        Operand::Column(column) => some(number_at(column, row)),
        Operand::One(column) => some(number_at(column, 0)),
    };
    (0..rows).map(|row| truths.values(at(left, row), at(right, row), order_of_numbers)).collect()
}

/// A column of text beside one text; `turned` if that is on the left.
fn with_text(column: &Column, with: &Column, truths: Truths, turned: bool) -> Vec<u8> {
    let mut truths = truths;
    if turned {
        truths.by_order.reverse();
    }
    let Column::Text(text) = column else { return vec![truths.one_null; column.len()] };
    let bytes = text.data.bytes();
    let Cell::Text(with) = with.cell(0) else {
        return text.spans.iter().map(|span| truths.values(span.of(bytes), None, |a, b| a.cmp(b))).collect();
    };
    if truths.is_equality() {
        let (equal, other) = (truths.by_order[1], truths.by_order[0]);
        let truth = |span: &Span| {
            if span.len as usize == with.len() {
                if bytes[span.start as usize..][..with.len()] == *with { equal } else { other }
            } else if span.is_null() {
                truths.one_null
            } else {
                other
            }
        };
        return text.spans.iter().map(truth).collect();
    }
    text.spans.iter().map(|span| truths.values(span.of(bytes), Some(with), |a, b| a.cmp(b))).collect()
}

fn texts(
    left: &Operand<'_>,
    right: &Operand<'_>,
    truths: Truths,
    rows: usize,
    order: fn(&[u8], &[u8]) -> Ordering,
) -> Vec<u8> {
    let (Column::Text(a), Column::Text(b)) = (left.column(), right.column()) else {
        return vec![truths.one_null; rows];
    };
    let step = |operand: &Operand<'_>| usize::from(matches!(operand, Operand::Column(_)));
    let (a_step, b_step) = (step(left), step(right));
    let (a_bytes, b_bytes) = (a.data.bytes(), b.data.bytes());
    let truth = |row: usize| truths.values(a.spans[row * a_step].of(a_bytes), b.spans[row * b_step].of(b_bytes), order);
    (0..rows).map(truth).collect()
}

/// As numbers where both are, else by bytes.
pub fn order_of_inputs(a: &[u8], b: &[u8]) -> Ordering {
    match (number::parse(a), number::parse(b)) {
        (Some(a), Some(b)) => number::compare(&a, &b),
        _ => a.cmp(b),
    }
}

/// The same, if it only matters whether they are equal: mostly the bytes tell.
fn same_inputs(a: &[u8], b: &[u8]) -> Ordering {
    if a == b { Ordering::Equal } else { order_of_inputs(a, b) }
}
