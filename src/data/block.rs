//! Rows as columns, and where they stood in the input.

pub use super::column::{Cell, Column, Lists, Number, Numbers, Span, Text};

/// The place of a row in the input: its block, then its row in the block. Blocks are ordered by source, then position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    /// See [`Block::order`].
    pub block: u64,
    /// Which row of the block.
    pub row: u32,
}

/// Some rows, as columns.
#[derive(Clone, Default)]
pub struct Block {
    /// How many rows; columns have as many values, but there may be no column at all (`count` needs none).
    pub rows: usize,
    /// As in the [`Schema`](super::schema::Schema) of the stage.
    pub columns: Vec<Column>,
    /// Where the block stands among those of its batch: greater is later.
    pub order: u64,
    /// Which input of the plan it came from.
    pub input: u16,
    /// The number of the record (from 0, in its source) that each row came from; only where an operator asks for it.
    pub numbers: Option<Vec<u64>>,
}

impl Block {
    /// The order of one of its rows.
    pub fn order_of(&self, row: usize) -> Order {
        Order { block: self.order, row: row as u32 }
    }

    /// Keeps these rows, in this order.
    pub fn keep(&mut self, rows: &[u32]) {
        if rows.len() == self.rows {
            return;
        }
        for column in &mut self.columns {
            column.keep(rows);
        }
        if let Some(numbers) = &mut self.numbers {
            *numbers = rows.iter().map(|&r| numbers[r as usize]).collect();
        }
        self.rows = rows.len();
    }
}
