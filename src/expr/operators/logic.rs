//! `AND OR NOT` and `IS`, with three truth values: unknown is what may be either.

use std::borrow::Cow;

use crate::data::block::Block;
use crate::data::column::{Column, FALSE, NO_TIME, Number, Numbers, TRUE, UNKNOWN};
use crate::data::schema::Kind;
use crate::expr::ast::Is;
use crate::expr::{Eval, Node};

/// `a AND b` of truth values.
#[inline]
pub fn and(a: u8, b: u8) -> u8 {
    if a == FALSE || b == FALSE { FALSE } else { (a | b).min(UNKNOWN) }
}

/// `a OR b` of truth values.
#[inline]
pub fn or(a: u8, b: u8) -> u8 {
    if a == TRUE || b == TRUE { TRUE } else { a | b }
}

/// `NOT a` of truth values.
#[inline]
pub fn not(a: u8) -> u8 {
    if a == UNKNOWN { UNKNOWN } else { a ^ 1 }
}

/// The truth values of a node that is a condition.
pub fn truths(column: Cow<'_, Column>, rows: usize) -> Vec<u8> {
    match column {
        Cow::Owned(Column::Bool(values)) => values,
        Cow::Borrowed(Column::Bool(values)) => values.clone(),
        _ => vec![UNKNOWN; rows],
    }
}

struct Join {
    left: Node,
    right: Node,
    join: fn(&mut [u8], &[u8]),
    /// With this on the left the right does not matter.
    decided: u8,
}

impl Eval for Join {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let mut left = truths(self.left.eval(block), block.rows);
        if left.iter().any(|&truth| truth != self.decided)
            && let Column::Bool(right) = &*self.right.eval(block)
        {
            (self.join)(&mut left, right);
        }
        Cow::Owned(Column::Bool(left))
    }
}

fn all_and(left: &mut [u8], right: &[u8]) {
    left.iter_mut().zip(right).for_each(|(left, right)| *left = and(*left, *right));
}

fn all_or(left: &mut [u8], right: &[u8]) {
    left.iter_mut().zip(right).for_each(|(left, right)| *left = or(*left, *right));
}

/// A node as a condition; a number is none.
pub fn condition(node: Node, of: &str) -> Result<Node, String> {
    let hint = match node.kind {
        Kind::Number => ": compare it, x <> 0",
        Kind::List(_) => ": look at size(x)",
        _ => "",
    };
    node.into_condition().map_err(|found| format!("{of} wants a condition, and {found}{hint}"))
}

/// `a AND b`.
pub fn both(left: Node, right: Node) -> Result<Node, String> {
    let (left, right) = (condition(left, "AND")?, condition(right, "AND")?);
    let constant = left.constant.is_some() && right.constant.is_some();
    Ok(Node::new(Kind::Bool, Join { left, right, join: all_and, decided: FALSE }).folded(constant))
}

/// `a OR b`.
pub fn either(left: Node, right: Node) -> Result<Node, String> {
    let (left, right) = (condition(left, "OR")?, condition(right, "OR")?);
    let constant = left.constant.is_some() && right.constant.is_some();
    Ok(Node::new(Kind::Bool, Join { left, right, join: all_or, decided: TRUE }).folded(constant))
}

struct Mapped {
    of: Node,
    /// What each truth value becomes.
    to: [u8; 3],
}

impl Eval for Mapped {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let mut truths = truths(self.of.eval(block), block.rows);
        truths.iter_mut().for_each(|truth| *truth = self.to[usize::from(*truth)]);
        Cow::Owned(Column::Bool(truths))
    }
}

fn mapped(of: Node, to: [u8; 3]) -> Node {
    let constant = of.constant.is_some();
    Node::new(Kind::Bool, Mapped { of, to }).folded(constant)
}

/// `NOT a`.
pub fn opposite(of: Node) -> Result<Node, String> {
    Ok(mapped(condition(of, "NOT")?, [TRUE, FALSE, UNKNOWN]))
}

/// The opposite, if that is what is asked for.
pub fn opposite_if(negated: bool, of: Node) -> Result<Node, String> {
    if negated { opposite(of) } else { Ok(of) }
}

/// `a IS NULL`, `a IS NOT TRUE`.
pub fn is(of: Node, what: Is, negated: bool) -> Result<Node, String> {
    let mut to = match what {
        Is::Null => {
            let constant = of.constant.is_some();
            return Ok(Node::new(Kind::Bool, IsNull { of, negated }).folded(constant));
        }
        Is::True => [FALSE, TRUE, FALSE],
        Is::False => [TRUE, FALSE, FALSE],
    };
    if negated {
        to = to.map(not);
    }
    Ok(mapped(condition(of, "IS TRUE")?, to))
}

struct IsNull {
    of: Node,
    negated: bool,
}

impl Eval for IsNull {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let truth = |null: bool| u8::from(null != self.negated);
        Cow::Owned(Column::Bool(match &*self.of.eval(block) {
            Column::Text(text) => text.spans.iter().map(|span| truth(span.is_null())).collect(),
            Column::List(lists) => lists.spans.iter().map(|span| truth(span.is_null())).collect(),
            Column::Number(Numbers::Mixed(numbers)) => numbers.iter().map(|n| truth(*n == Number::Null)).collect(),
            Column::Number(numbers) => vec![truth(false); numbers.len()],
            Column::Bool(values) => values.iter().map(|value| truth(*value == UNKNOWN)).collect(),
            Column::Time(values) => values.iter().map(|value| truth(*value == NO_TIME)).collect(),
        }))
    }
}
