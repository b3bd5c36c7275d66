//! The operators of expressions, on whole columns: one virtual call for each operator and block, none for a row. Which kernel
//! computes a node is settled when it is bound.

pub mod arithmetic;
pub mod case;
pub mod cast;
pub mod compare;
pub mod item;
pub mod like;
pub mod logic;
pub mod members;
pub mod quick;
pub mod shared;

use std::borrow::Cow;

use crate::data::block::Block;
use crate::data::column::{Cell, Column, Number};

use super::Node;

/// What an operator is given: a column, or the one value of a constant.
pub enum Operand<'a> {
    /// A value for each row.
    Column(Cow<'a, Column>),
    /// The same for all rows: a column of one.
    One(&'a Column),
}

impl<'a> Operand<'a> {
    /// The values of a node.
    pub fn of(node: &'a Node, block: &'a Block) -> Self {
        match &node.constant {
            Some(value) => Operand::One(value),
            None => Operand::Column(node.eval(block)),
        }
    }

    /// The column that holds the values.
    pub fn column(&self) -> &Column {
        match self {
            Operand::Column(column) => column,
            Operand::One(value) => value,
        }
    }

    /// The value of a row.
    pub fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Operand::Column(column) => column.cell(row),
            Operand::One(value) => value.cell(0),
        }
    }

    /// The number of all rows, if that is what it is.
    pub fn number(&self) -> Option<Number> {
        match self {
            Operand::One(Column::Number(numbers)) => Some(numbers.get(0)),
            _ => None,
        }
    }
}
