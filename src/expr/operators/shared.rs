//! One value held against several: `BETWEEN`, `CASE x WHEN …`, `IN` with what is no constant. It is computed once for all.

use std::borrow::Cow;

use crate::data::block::Block;
use crate::data::column::{Cell, Column, Number, Numbers, UNKNOWN};
use crate::data::schema::Kind;
use crate::expr::ast::Operator;
use crate::expr::{Context, Eval, Node};

use super::compare::{Compare, order_of_numbers, spelled};
use super::logic;

/// A value and what it is compared with; `None` is `NULL`.
pub struct Tests {
    of: Node,
    tests: Vec<Option<Compare>>,
}

impl Tests {
    /// The comparisons of `of` with each of the others. The error says which of them was wrong.
    pub fn new(of: Node, others: Vec<(Operator, Node)>, context: &Context) -> Result<Self, (usize, String)> {
        let test = |(at, (operator, other)): (usize, (Operator, Node))| {
            if of.is_null() || other.is_null() {
                return Ok(None);
            }
            // It will stand in a block of its own.
            let left = match &of.constant {
                Some(value) => Node::constant(of.kind.clone(), value.clone()),
                None => Node::column(0, of.kind.clone()),
            };
            Compare::new(operator, left, other, context).map(Some).map_err(|message| (at, message))
        };
        let tests = others.into_iter().enumerate().map(test).collect::<Result<_, _>>()?;
        Ok(Tests { of, tests })
    }

    /// Gives the truth values of each comparison in turn, as long as they are wanted.
    pub fn each(&self, block: &Block, mut see: impl FnMut(usize, &[u8]) -> bool) {
        let columns = if self.of.constant.is_some() { Vec::new() } else { vec![self.of.eval(block).into_owned()] };
        let own = Block { rows: block.rows, columns, ..Block::default() };
        for (at, test) in self.tests.iter().enumerate() {
            let truths = match test {
                Some(test) => test.truths(&own, block),
                None => vec![UNKNOWN; block.rows],
            };
            if !see(at, &truths) {
                return;
            }
        }
    }
}

struct Joined {
    tests: Tests,
    join: fn(u8, u8) -> u8,
}

impl Eval for Joined {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let mut joined: Option<Vec<u8>> = None;
        self.tests.each(block, |_, truths| {
            match &mut joined {
                None => joined = Some(truths.to_vec()),
                Some(joined) => joined.iter_mut().zip(truths).for_each(|(a, b)| *a = (self.join)(*a, *b)),
            }
            true
        });
        Cow::Owned(Column::Bool(joined.unwrap_or_else(|| vec![UNKNOWN; block.rows])))
    }
}

/// Whether it is equal to one of the others.
pub fn any(of: Node, others: Vec<Node>, context: &Context) -> Result<Node, (usize, String)> {
    let constant = std::iter::once(&of).chain(&others).all(|node| node.constant.is_some());
    let others = others.into_iter().map(|other| (Operator::Equal, other)).collect();
    let joined = Joined { tests: Tests::new(of, others, context)?, join: logic::or };
    Ok(Node::new(Kind::Bool, joined).folded(constant))
}

struct Range {
    of: Node,
    low: Number,
    high: Number,
}

impl Eval for Range {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let truth = |number: Number| match number {
            Number::Null => UNKNOWN,
            number => {
                u8::from(order_of_numbers(number, self.low).is_ge() & order_of_numbers(number, self.high).is_le())
            }
        };
        Cow::Owned(Column::Bool(match (&*self.of.eval(block), self.low, self.high) {
            (Column::Text(text), ..) => spelled(text, truth),
            (Column::Number(Numbers::Ints(values)), Number::Int(low), Number::Int(high)) => {
                values.iter().map(|value| u8::from(*value >= low && *value <= high)).collect()
            }
            (Column::Number(values), ..) => (0..values.len()).map(|row| truth(values.get(row))).collect(),
            _ => vec![UNKNOWN; block.rows],
        }))
    }
}

/// `a BETWEEN b AND c`.
pub fn between(of: Node, low: Node, high: Node, context: &Context) -> Result<Node, (usize, String)> {
    let number = |node: &Node| match node.value() {
        Some(Cell::Int(value)) => Some(Number::Int(value)),
        Some(Cell::Float(value)) => Some(Number::Float(value)),
        _ => None,
    };
    let constant = [&of, &low, &high].iter().all(|node| node.constant.is_some());
    if let (Kind::Input | Kind::Text | Kind::Number, Some(low), Some(high)) = (&of.kind, number(&low), number(&high)) {
        return Ok(Node::new(Kind::Bool, Range { of, low, high }).folded(constant));
    }
    let others = vec![(Operator::GreaterOrEqual, low), (Operator::LessOrEqual, high)];
    let joined = Joined { tests: Tests::new(of, others, context)?, join: logic::and };
    Ok(Node::new(Kind::Bool, joined).folded(constant))
}
