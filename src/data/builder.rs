//! Collects rows that are kept, whole columns of them or one at a time, into blocks that own their bytes.

use std::sync::Arc;

use super::block::Block;
use super::buffer::Buffer;
use super::column::{Cell, Column, Lists, NO_TIME, Number, Numbers, Span, Text, UNKNOWN};
use super::rows::{BLOCK_BYTES, BLOCK_ROWS};

/// Collects rows, whole columns of them or one at a time, into blocks that own their bytes.
#[derive(Clone, Default)]
pub struct Builder {
    columns: Vec<Building>,
    rows: usize,
    bytes: usize,
}

/// A column that is being collected.
#[derive(Clone)]
pub(super) enum Building {
    Text { data: Vec<u8>, spans: Vec<Span> },
    Number(Numbers),
    Bool(Vec<u8>),
    Time(Vec<i64>),
    List { items: Box<Building>, spans: Vec<Span> },
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

    /// Copies rows of `block`, a column at a time: in bulk this is quicker than [`Builder::push`] of each.
    pub fn extend(&mut self, block: &Block, rows: impl ExactSizeIterator<Item = usize> + Clone) {
        if self.columns.len() != block.columns.len() {
            self.columns = block.columns.iter().map(Building::like).collect();
        }
        for (to, from) in self.columns.iter_mut().zip(&block.columns) {
            self.bytes += to.extend(from, rows.clone());
        }
        self.rows += rows.len();
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
    pub(super) fn like(column: &Column) -> Self {
        match column {
            Column::Text(_) => Building::Text { data: Vec::new(), spans: Vec::new() },
            Column::Number(_) => Building::Number(Numbers::default()),
            Column::Bool(_) => Building::Bool(Vec::new()),
            Column::Time(_) => Building::Time(Vec::new()),
            Column::List(lists) => Building::List { items: Box::new(Building::like(&lists.items)), spans: Vec::new() },
        }
    }

    fn len(&self) -> usize {
        match self {
            Building::Text { spans, .. } | Building::List { spans, .. } => spans.len(),
            Building::Number(values) => values.len(),
            Building::Bool(values) => values.len(),
            Building::Time(values) => values.len(),
        }
    }

    pub(super) fn push(&mut self, cell: Cell<'_>) -> usize {
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
            (Building::Number(values), cell) => {
                values.push(match cell {
                    Cell::Int(value) => Number::Int(value),
                    Cell::Float(value) => Number::Float(value),
                    _ => Number::Null,
                });
                8
            }
            (Building::Bool(values), cell) => {
                values.push(if let Cell::Bool(value) = cell { u8::from(value) } else { UNKNOWN });
                1
            }
            (Building::Time(values), cell) => {
                values.push(if let Cell::Time(micros) = cell { micros } else { NO_TIME });
                8
            }
            (Building::List { items, spans }, Cell::List(list)) => {
                spans.push(Span { start: items.len() as u32, len: list.len() as u32 });
                list.cells().map(|cell| items.push(cell)).sum::<usize>() + 8
            }
            (Building::List { spans, .. }, _) => {
                spans.push(Span::NULL);
                8
            }
        }
    }

    /// Appends the values of these rows; tells how many bytes that were.
    fn extend(&mut self, from: &Column, rows: impl ExactSizeIterator<Item = usize>) -> usize {
        match (self, from) {
            (Building::Text { data, spans }, Column::Text(text)) => {
                let before = data.len();
                spans.reserve(rows.len());
                for row in rows {
                    let bytes = text.spans[row].of(text.data.bytes());
                    spans.push(bytes.map_or(Span::NULL, |bytes| Span::range(data.len(), data.len() + bytes.len())));
                    data.extend_from_slice(bytes.unwrap_or_default());
                }
                data.len() - before
            }
            (Building::Number(Numbers::Ints(values)), Column::Number(Numbers::Ints(from))) => {
                let bytes = 8 * rows.len();
                values.extend(rows.map(|row| from[row]));
                bytes
            }
            (building, _) => rows.map(|row| building.push(from.cell(row))).sum(),
        }
    }

    pub(super) fn finish(self) -> Column {
        match self {
            Building::Text { data, spans } => Column::Text(Text { data: Arc::new(Buffer::from_vec(data)), spans }),
            Building::Number(values) => Column::Number(values),
            Building::Bool(values) => Column::Bool(values),
            Building::Time(values) => Column::Time(values),
            Building::List { items, spans } => Column::List(Lists { items: Arc::new(items.finish()), spans }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::rows::sample_rows;

    fn cells(block: &Block, row: usize) -> Vec<Cell<'_>> {
        block.columns.iter().map(|column| column.cell(row)).collect()
    }

    fn values() -> impl Strategy<Value = Option<Vec<u8>>> {
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..5))
    }

    proptest! {
        #[test]
        fn rows_in_bulk_are_rows_one_by_one(rows in sample_rows(values(), 4)) {
            let (mut bulk, mut single) = (Builder::default(), Builder::default());
            for block in &rows.blocks {
                let chosen: Vec<usize> = (0..block.rows).filter(|row| row % 3 != 1).collect();
                bulk.extend(block, chosen.iter().copied());
                chosen.iter().for_each(|&row| single.push(block, row));
            }
            prop_assert_eq!(bulk.len(), single.len());
            let (bulk, single) = (bulk.finish(), single.finish());
            for row in 0..single.rows {
                prop_assert_eq!(cells(&bulk, row), cells(&single, row));
            }
        }
    }
}
