//! Rows as columns, and where they stood in the input.

pub use super::column::{Cell, Column, Lists, Number, Numbers, Span, Text};

/// The place of a row in the input: its batch, its block, then its row in the block. Blocks are ordered by source, then
/// position.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    /// See [`Block::batch`].
    pub batch: u32,
    /// See [`Block::order`].
    pub block: u64,
    /// Which row of the block.
    pub row: u32,
}

impl Order {
    /// As two numbers, for where orders are kept in columns.
    pub fn pair(self) -> (i64, i64) {
        (self.block as i64, (u64::from(self.batch) << 32 | u64::from(self.row)) as i64)
    }

    /// What [`Order::pair`] gave.
    pub fn of_pair(block: i64, rest: i64) -> Self {
        Order { batch: (rest as u64 >> 32) as u32, block: block as u64, row: rest as u32 }
    }
}

/// Where the rows of a block come from, as far as an operator asks for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origins {
    /// The number of the record (from 0, in its source) of each row.
    pub numbers: Option<Vec<u64>>,
    /// The event time of each row, in microseconds since the epoch; of what was made of a batch the end of that.
    pub times: Option<Vec<i64>>,
}

impl Origins {
    /// Those of these rows, in this order.
    #[must_use]
    pub fn pick(&self, rows: &[u32]) -> Self {
        fn picked<T: Copy>(all: &Option<Vec<T>>, rows: &[u32]) -> Option<Vec<T>> {
            all.as_ref().map(|all| rows.iter().map(|&row| all[row as usize]).collect())
        }
        Origins { numbers: picked(&self.numbers, rows), times: picked(&self.times, rows) }
    }

    /// Of rows of which only these numbers are known.
    pub fn numbered(numbers: Vec<u64>) -> Self {
        Origins { numbers: Some(numbers), times: None }
    }

    /// Whether nothing is known of the rows, because nobody asks.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_none() && self.times.is_none()
    }
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
    /// Which batch it came in with, counted from 1, where rows of several batches come together; else 0.
    pub batch: u32,
    /// Where its rows come from.
    pub origins: Origins,
}

impl Block {
    /// The order of one of its rows.
    pub fn order_of(&self, row: usize) -> Order {
        Order { batch: self.batch, block: self.order, row: row as u32 }
    }

    /// Keeps these rows, in this order.
    pub fn keep(&mut self, rows: &[u32]) {
        if rows.len() == self.rows {
            return;
        }
        for column in &mut self.columns {
            column.keep(rows);
        }
        if !self.origins.is_empty() {
            self.origins = self.origins.pick(rows);
        }
        self.rows = rows.len();
    }
}
