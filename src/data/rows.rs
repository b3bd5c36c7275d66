//! Rows that are kept beyond their buffer: the live columns are copied out, block by block.

use std::sync::Arc;

use super::block::{Block, Cell, Column, Order, Span, Text};
use super::buffer::Buffer;

/// A store is cut into blocks of at most so many bytes of text, far below the reach of a `u32`.
pub const BLOCK_BYTES: usize = 4 << 20;
/// ... and of at most so many rows.
pub const BLOCK_ROWS: usize = 64 * 1024;

/// Collects rows, whole columns of them or one at a time, into blocks that own their bytes.
#[derive(Clone, Default)]
pub struct Builder {
    columns: Vec<Building>,
    rows: usize,
    bytes: usize,
}

#[derive(Clone)]
enum Building {
    Text { data: Vec<u8>, spans: Vec<Span> },
    Int(Vec<i64>),
}

impl Builder {
    /// How many rows are in it.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Whether it is time to [`Builder::finish`] and go on with the next.
    pub fn is_full(&self) -> bool {
        self.rows >= BLOCK_ROWS || self.bytes >= BLOCK_BYTES
    }

    /// Copies one row of `block`.
    pub fn push(&mut self, block: &Block, row: usize) {
        if self.columns.len() != block.columns.len() {
            self.columns = block.columns.iter().map(Building::like).collect();
        }
        for (to, from) in self.columns.iter_mut().zip(&block.columns) {
            self.bytes += to.push(from.cell(row));
        }
        self.rows += 1;
    }

    /// The rows as a block; the builder is empty again.
    pub fn finish(&mut self) -> Block {
        let columns = std::mem::take(&mut self.columns).into_iter().map(Building::finish).collect();
        let block = Block { rows: self.rows, columns, ..Block::default() };
        self.rows = 0;
        self.bytes = 0;
        block
    }
}

impl Building {
    fn like(column: &Column) -> Self {
        match column {
            Column::Text(_) => Building::Text { data: Vec::new(), spans: Vec::new() },
            Column::Int(_) => Building::Int(Vec::new()),
        }
    }

    fn push(&mut self, cell: Cell<'_>) -> usize {
        match (self, cell) {
            (Building::Text { data, spans }, Cell::Text(bytes)) => {
                spans.push(Span { start: data.len() as u32, len: bytes.len() as u32 });
                data.extend_from_slice(bytes);
                bytes.len()
            }
            (Building::Text { spans, .. }, _) => {
                spans.push(Span::NULL);
                0
            }
            (Building::Int(values), Cell::Int(value)) => {
                values.push(value);
                8
            }
            (Building::Int(_), _) => unreachable!("a column of whole numbers has no other cells"),
        }
    }

    fn finish(self) -> Column {
        match self {
            Building::Text { data, spans } => Column::Text(Text { data: Arc::new(Buffer::from_vec(data)), spans }),
            Building::Int(values) => Column::Int(values),
        }
    }
}

/// Rows with the place in the input that each came from. This is also how an accumulator's content travels: from shard
/// to shard and into a checkpoint.
#[derive(Clone, Default)]
pub struct Rows {
    /// The rows.
    pub blocks: Vec<Block>,
    /// For each block the order of each of its rows; empty where the order is that of the keys.
    pub orders: Vec<Vec<Order>>,
}

impl Rows {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.blocks.iter().map(|b| b.rows).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
