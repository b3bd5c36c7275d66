//! Rows as columns. A text column is a shared buffer and spans into it, so cutting fields copies nothing.

use std::sync::Arc;

use super::buffer::Buffer;

/// A piece of a buffer. Null is a length of [`Span::NULL_LEN`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

impl Span {
    /// The length that says that there is no value.
    pub const NULL_LEN: u32 = u32::MAX;
    /// No value.
    pub const NULL: Span = Span { start: 0, len: Self::NULL_LEN };

    /// From `start` up to `end`.
    pub fn range(start: usize, end: usize) -> Self {
        Span { start: start as u32, len: (end - start) as u32 }
    }

    /// Whether there is no value.
    pub fn is_null(self) -> bool {
        self.len == Self::NULL_LEN
    }

    /// The bytes, `None` for null.
    pub fn of(self, bytes: &[u8]) -> Option<&[u8]> {
        if self.is_null() { None } else { Some(&bytes[self.start as usize..self.start as usize + self.len as usize]) }
    }
}

/// A column of text: spans into one buffer.
#[derive(Clone)]
pub struct Text {
    /// What the spans point into.
    pub data: Arc<Buffer>,
    /// One for each row.
    pub spans: Vec<Span>,
}

/// The values of one column.
#[derive(Clone)]
pub enum Column {
    /// Bytes, each value possibly null.
    Text(Text),
    /// Whole numbers, none of them null.
    Int(Vec<i64>),
}

/// One value, borrowed from a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// Bytes.
    Text(&'a [u8]),
    /// A whole number.
    Int(i64),
}

impl Column {
    /// How many values.
    pub fn len(&self) -> usize {
        match self {
            Column::Text(text) => text.spans.len(),
            Column::Int(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of one row.
    pub fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Column::Text(text) => match text.spans[row].of(text.data.bytes()) {
                Some(bytes) => Cell::Text(bytes),
                None => Cell::Null,
            },
            Column::Int(values) => Cell::Int(values[row]),
        }
    }

    /// Keeps the values of these rows, in this order.
    pub fn keep(&mut self, rows: &[u32]) {
        match self {
            Column::Text(text) => text.spans = rows.iter().map(|&r| text.spans[r as usize]).collect(),
            Column::Int(values) => *values = rows.iter().map(|&r| values[r as usize]).collect(),
        }
    }
}

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
