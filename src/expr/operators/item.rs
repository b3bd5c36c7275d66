//! `a[i]`: an item of a list, counted from 0 as in Spark; null where there is none.

use std::borrow::Cow;

use crate::data::block::Block;
use crate::data::column::{Cell, Column};
use crate::data::schema::Kind;
use crate::expr::unify::gather;
use crate::expr::{Eval, Node};

use super::Operand;

struct Item {
    of: Node,
    at: Node,
    kind: Kind,
}

impl Eval for Item {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let (of, at) = (self.of.eval(block), Operand::of(&self.at, block));
        let Column::List(lists) = &*of else { return Cow::Owned(Column::nulls(&self.kind, block.rows)) };
        let place = |row: usize| {
            let span = lists.spans[row];
            let index = match at.cell(row) {
                Cell::Int(index) => u32::try_from(index).ok(),
                Cell::Float(index) if index >= 0.0 => Some(index as u32),
                _ => None,
            };
            match index {
                Some(index) if !span.is_null() && index < span.len => (0, span.start + index),
                // There is no such column: null.
                _ => (1, 0),
            }
        };
        Cow::Owned(gather((0..block.rows).map(place), &[&*lists.items], &self.kind))
    }
}

/// The node of an item.
pub fn bind(of: Node, at: Node) -> Result<Node, String> {
    let Kind::List(kind) = of.kind.clone() else {
        return Err(format!("items are taken of lists, and this is {}", of.kind.name()));
    };
    let at = at.into_number().map_err(|found| format!("items are counted from 0: {found}"))?;
    let constant = of.constant.is_some() && at.constant.is_some();
    Ok(Node::new((*kind).clone(), Item { of, at, kind: *kind }).folded(constant))
}
